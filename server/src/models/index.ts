export { builtinFiles, builtinModels } from './builtin.ts';
export { familyOf, isRelease, releasableAs } from './family.ts';
export { type JsonFileError, type JsonFileResult, parseJsonFile } from './json-file.ts';
export { createModels, type Models } from './registry.ts';
export type * from './schema.ts';
export { type ModelFileError, type ModelFileResult, parseModelFile } from './user-file.ts';
export type { Schema } from './validate.ts';
