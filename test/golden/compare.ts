/** Recorded against computed outputs of one operation. */
import { isJsonList, isJsonObject, type Json, type Operation, type Outputs } from './replay/replayer.ts';

export interface Difference {
  readonly field: string;
  readonly recorded: Json | undefined;
  readonly computed: Json | undefined;
}

/** Every field of the line that is not `op` and not an input, and every computed field, has to be equal on both sides. */
export function compare(operation: Operation, inputs: readonly string[], outputs: Outputs): readonly Difference[] {
  const differences: Difference[] = [];
  for (const field of Object.keys(operation)) {
    if (field === 'op' || inputs.includes(field)) continue;
    if (!equal(operation[field], outputs[field])) {
      differences.push({ field, recorded: operation[field], computed: outputs[field] });
    }
  }
  for (const field of Object.keys(outputs)) {
    if (outputs[field] !== undefined && !Object.hasOwn(operation, field)) {
      differences.push({ field, recorded: undefined, computed: outputs[field] });
    }
  }
  return differences;
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isJsonList(a) && isJsonList(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...fields].every((field) => equal(a[field], b[field]));
}
