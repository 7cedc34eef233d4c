/**
 * What a golden trace is replayed on. A trace file is JSON Lines: a header, then one operation per line with its inputs
 * and with what the real code answered. A replayer knows some systems: it builds one from a header and executes its
 * operations; the runner compares.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json | undefined;
}

/** The first line of a trace file. */
export interface Header {
  readonly system: string;
  readonly version: string;
  readonly scenario: string;
  readonly parameters: JsonObject;
}

/** One later line: `op`, inputs and recorded outputs. */
export interface Operation extends JsonObject {
  readonly op: string;
}

/** The output fields that the simulator computed; `undefined` = the field does not apply and must be absent. */
export type Outputs = JsonObject;

export interface Replayer {
  /** Values of the header's `system` that this replayer takes. */
  readonly systems: readonly string[];
  /**
   * For each `op`, the fields that are given. All other fields of a line are outputs and must be equal, deeply, to the
   * computed ones; a field that only one side has is a mismatch. An `op` that is not a key here is foreign.
   */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Builds the system that a header describes. The function returned executes one operation, in order. */
  start(header: Header): (operation: Operation) => Outputs;
}

/** A line or header that cannot be replayed: a field is missing or is not what it should be. Not a mismatch. */
export class ForeignLine extends Error {}

/** A number given as a JSON number, or as a decimal string below 2^53. */
export function numberField(object: JsonObject, field: string): number {
  const value = object[field];
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw new ForeignLine(`"${field}" is not a number`);
  return number;
}

/** A number of any size (up to 64 bits): a JSON number or a decimal string. */
export function bigField(object: JsonObject, field: string): bigint {
  const value = object[field];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^\d+$/.test(value)) return BigInt(value);
  throw new ForeignLine(`"${field}" is not a number`);
}

export function stringField(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string') throw new ForeignLine(`"${field}" is not a string`);
  return value;
}

export function objectField(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  if (!isJsonObject(value)) throw new ForeignLine(`"${field}" is not an object`);
  return value;
}

export function listField(object: JsonObject, field: string): readonly Json[] {
  const value = object[field];
  if (!isJsonList(value)) throw new ForeignLine(`"${field}" is not a list`);
  return value;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isJsonList(value);
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
