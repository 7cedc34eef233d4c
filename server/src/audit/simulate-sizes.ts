import type { MapOperation, Operation, Program, Size } from '@dma-audit/simulator';
import type { Role } from '../models/index.ts';
import type { Exploration } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { argumentOf, oneLine, readCall } from './simulate-call.ts';
import { functionText, positionOf, sourceText } from './simulate-source.ts';

/** What the code does not tell and the simulation needs a number for. */
export interface Assumption {
  /** As the source writes it: the name by which `sizes` sets it. */
  readonly name: string;
  /** Bytes that are simulated. */
  readonly bytes: number;
  /** One of `name`, in bytes: 4096 where the code counts pages. */
  readonly unit: number;
  /** Where the number comes from: nobody told (a page), the user, a comment in the function, or the configuration. */
  readonly from: 'page' | 'user' | 'comment' | 'configuration';
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Sizes by name, in units of the named thing. */
export type Sizes = ReadonlyMap<string, number>;

const PAGE = 4096;
/** What tells how large something is, or, where no argument does, what it is the size of. */
const SIZE_ROLES: readonly Role[] = [
  'size',
  'size-in-out',
  'pages',
  'order',
  'sg-table',
  'scatterlist',
  'entries',
  'pool',
  'object',
];

/**
 * Gives every unknown size of a program a number and tells which. Sizes with equal keys are the same number; a key that is
 * `?` is known at its own place only.
 */
export function assumeSizes(
  program: Program,
  exploration: Exploration,
  project: Project,
  given: Sizes,
  configured: Sizes = new Map(),
): { readonly program: Program; readonly assumptions: readonly Assumption[] } {
  const comments = commentSizes(project, exploration);
  const byKey = new Map<string, Assumption>();
  const assume = (operation: Operation, { key }: Size, entries = 1): Assumption => {
    const id = key === '?' ? `?${operation.site}` : key;
    const known = byKey.get(id);
    if (known !== undefined) return known;
    const place = exploration.place(operation.site);
    const text = sourceText(project, place);
    const call = readCall(text, project.dialect, project.models);
    const argument = call && argumentOf(call, SIZE_ROLES);
    const name = nameOf(key) ?? argument?.text ?? oneLine(text).slice(0, 40);
    const factor = /\*4096$/.test(key) || argument?.role === 'pages' ? PAGE : 1;
    const user = find(given, name);
    const comment = find(comments, name);
    const value = user ?? comment ?? find(configured, name);
    const assumption: Assumption = {
      name,
      bytes: value === undefined ? PAGE * entries : value * factor,
      unit: factor,
      from: sourceOf(user, comment, value),
      file: place.file,
      line: positionOf(project, place).line,
    };
    byKey.set(id, assumption);
    return assumption;
  };
  const operations = program.operations.map((operation): Operation => {
    switch (operation.op) {
      case 'allocate':
        if (operation.memory !== 'dma') return operation;
        break;
      case 'map':
      case 'convert':
        break;
      case 'free':
      case 'unmap':
      case 'sync':
      case 'give': {
        // Only repeats a size that is assumed elsewhere: no assumption of its own.
        const bytes = byKey.get(operation.size.key)?.bytes;
        return operation.size.bytes !== null || bytes === undefined
          ? operation
          : { ...operation, size: { ...operation.size, bytes } };
      }
      default:
        return operation;
    }
    if (operation.outcome === 'failed') return operation;
    if (operation.op === 'map' && isList(operation)) {
      // What the program calls its size is the number of its entries.
      const { bytes: entries, key } = operation.size;
      const { bytes } = assume(operation, { bytes: null, key: key === '?' ? key : `${key} entries` }, entries ?? 1);
      return { ...operation, size: { ...operation.size, bytes } };
    }
    if (operation.size.bytes !== null) return operation;
    return { ...operation, size: { ...operation.size, bytes: assume(operation, operation.size).bytes } };
  });
  return { program: { ...program, operations }, assumptions: [...byKey.values()] };
}

function sourceOf(
  user: number | undefined,
  comment: number | undefined,
  value: number | undefined,
): Assumption['from'] {
  if (user !== undefined) return 'user';
  if (comment !== undefined) return 'comment';
  return value === undefined ? 'page' : 'configuration';
}

/** A scatterlist: each entry is assumed to be a page. */
const isList = ({ family }: MapOperation): boolean => family === 'sg' || family === 'sgtable';

/** `parameter:Size` and `const:sizeof(struct x)` say by themselves what they are. */
function nameOf(key: string): string | null {
  return /^parameter:(\w+)$/.exec(key)?.[1] ?? /^const:(sizeof.*)$/.exec(key)?.[1] ?? null;
}

/** By the whole text, or by its last name: `Length` for `Packet->Length`. */
function find(sizes: Sizes, name: string): number | undefined {
  return sizes.get(name) ?? sizes.get(/(\w+)\)?$/.exec(name)?.[1] ?? '');
}

/** What somebody wrote down in the function: a comment with `dma-audit-size: Length=0x2000`. */
function commentSizes(project: Project, { file, function: name }: Exploration): Sizes {
  const text = functionText(project, file, name)?.text ?? '';
  const sizes = new Map<string, number>();
  for (const [, list = ''] of text.matchAll(/\bdma-audit-size:\s*([^\n*]+)/g)) {
    for (const one of list.split(/[,\s]+/)) {
      const [, what, number] = /^([^=]+)=(.+)$/.exec(one) ?? [];
      const value = number === undefined ? null : parseSize(number);
      if (what !== undefined && value !== null) sizes.set(what, value);
    }
  }
  return sizes;
}

/** Reads `Length=64K`; null for anything else. */
export function parseNamedSize(text: string): readonly [string, number] | null {
  const [, name, size] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  const bytes = size === undefined ? null : parseSize(size);
  return name === undefined || bytes === null ? null : [name, bytes];
}

/** Reads 4096, 0x1000, 4K, 4KiB, 2M; null for anything else and beyond 2^46 (64 TiB). */
export function parseSize(text: string): number | null {
  const [, digits, suffix = ''] = /^(0x[\da-f]+|\d+)([kmg]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return null;
  const value = Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(suffix.toLowerCase());
  return Number.isSafeInteger(value) && value <= 2 ** 46 ? value : null;
}
