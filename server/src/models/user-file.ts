import { builtinModels } from './builtin.ts';
import { type JsonFileError, parseJsonFile } from './json-file.ts';
import { missingFacts, unpairedEntries } from './requirements.ts';
import schema from './schema.json' with { type: 'json' };
import type { ModelFile } from './schema.ts';
import type { Violation } from './validate.ts';

/** A fault in a model file. */
export type ModelFileError = JsonFileError;

export type ModelFileResult =
  | { readonly ok: true; readonly models: ModelFile }
  | { readonly ok: false; readonly errors: readonly ModelFileError[] };

/** Reads a user's model file (JSON; comments are allowed). `path` is only for the errors. */
export function parseModelFile(text: string, path: string): ModelFileResult {
  const result = parseJsonFile<ModelFile>(text, path, schema, meaningFaults);
  return result.ok ? { ok: true, models: result.value } : result;
}

/** Faults that only the meaning of an entry shows. */
function meaningFaults(models: ModelFile): readonly Violation[] {
  const functions = models.functions ?? [];
  const unpaired = new Set(unpairedEntries([...builtinModels, models]));
  return functions.flatMap((model, index) => {
    const at = (property: string, message: string): Violation => ({
      path: ['functions', index, property],
      on: 'value',
      message: `${model.name}: ${message}`,
    });
    return [
      ...missingFacts(model).map((message) => at('action', message)),
      ...(unpaired.has(model) ? [at('family', `no entry is the other end of family "${model.family}"`)] : []),
    ];
  });
}
