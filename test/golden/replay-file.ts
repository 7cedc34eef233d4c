/** Replays one trace file (JSON Lines) on the simulator. */
import { compare, type Difference } from './compare.ts';
import { replayers } from './replay/index.ts';
import {
  ForeignLine,
  type Header,
  isJsonObject,
  type Json,
  type JsonObject,
  type Operation,
} from './replay/replayer.ts';

export interface Mismatch {
  /** 1-based line of the file. */
  readonly line: number;
  readonly operation: Json;
  readonly differences: readonly Difference[];
}

export interface Unreadable {
  readonly line: number;
  readonly why: string;
}

export interface FileResult {
  /** `system/scenario`; '?' where the header does not say. */
  readonly name: string;
  /** Operations compared. */
  readonly operations: number;
  /** Operations with at least one differing field. */
  readonly mismatches: number;
  readonly firstMismatch: Mismatch | null;
  /** Lines that are torn, or that no replayer knows. */
  readonly unreadable: number;
  readonly firstUnreadable: Unreadable | null;
  /** What else there is to say of the run, in words. */
  readonly notes: readonly string[];
}

export function replayLines(lines: Iterable<string>): FileResult {
  const result = new Tally();
  let header: Header | null = null;
  let execute: ((operation: Operation) => JsonObject) | null = null;
  let inputs: Readonly<Record<string, readonly string[]>> = {};
  let number = 0;
  for (const text of lines) {
    number++;
    if (text.trim() === '') continue;
    try {
      const value = parseObject(text);
      if (header === null) {
        header = readHeader(value);
        const { system } = header;
        result.name = `${system}/${header.scenario}`;
        const replayer = replayers.find(({ systems }) => systems.includes(system));
        if (replayer === undefined) throw new ForeignLine(`no replayer for system "${system}"`);
        inputs = replayer.inputs;
        execute = replayer.start(header);
        continue;
      }
      if (execute === null) continue; // said once, at the header
      const operation = readOperation(value);
      const given = Object.hasOwn(inputs, operation.op) ? inputs[operation.op] : undefined;
      if (given === undefined) throw new ForeignLine(`unknown operation "${operation.op}"`);
      const differences = compare(operation, given, execute(operation));
      result.compared(number, operation, differences);
    } catch (error) {
      if (!(error instanceof ForeignLine)) throw error;
      result.refused(number, error.message);
      if (header === null) break;
    }
  }
  if (number === 0) result.refused(0, 'the file is empty');
  return result.finish();
}

class Tally {
  name = '?/?';
  private operations = 0;
  private mismatches = 0;
  private firstMismatch: Mismatch | null = null;
  private unreadable = 0;
  private firstUnreadable: Unreadable | null = null;

  compared(line: number, operation: Operation, differences: readonly Difference[]): void {
    this.operations++;
    if (differences.length === 0) return;
    this.mismatches++;
    this.firstMismatch ??= { line, operation, differences };
  }

  refused(line: number, why: string): void {
    this.unreadable++;
    this.firstUnreadable ??= { line, why };
  }

  finish(): FileResult {
    const { name, operations, mismatches, firstMismatch, unreadable, firstUnreadable } = this;
    return { name, operations, mismatches, firstMismatch, unreadable, firstUnreadable, notes: [] };
  }
}

function parseObject(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ForeignLine(`torn or not JSON: ${text.slice(0, 60)}`);
  }
  if (!isJsonObject(value)) throw new ForeignLine('not a JSON object');
  return value;
}

function readHeader(value: JsonObject): Header {
  const { system, version, scenario, parameters } = value;
  if (typeof system !== 'string' || typeof scenario !== 'string' || !isJsonObject(parameters)) {
    throw new ForeignLine('no trace header: system, scenario and parameters expected');
  }
  return { system, scenario, parameters, version: typeof version === 'string' ? version : '' };
}

function readOperation(value: JsonObject): Operation {
  const { op } = value;
  if (typeof op !== 'string') throw new ForeignLine('no "op"');
  return { ...value, op };
}
