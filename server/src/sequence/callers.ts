import type { Expression, Instruction } from '../flow/index.ts';
import { familyOf, isRelease } from '../models/index.ts';
import { RELEASES, resolveCallee } from './calls.ts';
import { type Code, type FunctionSource, keyOf } from './code.ts';
import { type Frame, frameOf, partsOf, usesTemporary } from './frame.ts';
import { type Ask, compute, type Known, learnSet } from './numbers.ts';

/** Callers of callers that are asked. */
const MAX_DEPTH = 3;

/** Numbers that stand for "it failed", by what a function returns. */
export function failureSamples(returnType: string): readonly (number | null)[] {
  if (returnType.includes('*')) return [0, -12];
  if (/\b(bool|BOOLEAN)\b/.test(returnType)) return [0];
  if (/\b(EFI_STATUS|RETURN_STATUS)\b/.test(returnType)) return [2 ** 40];
  if (/^(static |inline |\s)*(int|long|ssize_t|s32|__s32)\b/.test(returnType)) return [-12];
  return [null];
}

/** Does a function that returns this tell that it failed? */
function tellsFailure(value: number | null, returnType: string): boolean {
  const [sample] = failureSamples(returnType);
  if (value === null || sample === null || sample === undefined) return false;
  return sample === 0 ? value <= 0 : sample < 0 ? value < 0 : value !== 0;
}

/** What callers may release: what one of these fields holds; where it is held by no field, whatever is of these families. */
interface Wanted {
  readonly fields: ReadonlySet<string>;
  readonly families: readonly string[];
}

/**
 * After `source` has failed and returned `result`, if that is known, does a function that called it release what is wanted?
 * Paths are followed by the result only, so it answers yes too often rather than too seldom.
 */
export function isReleasedByCallers(
  code: Code,
  source: FunctionSource,
  wanted: Wanted,
  result: number | null,
): boolean {
  return new CallerSearch(code, wanted, 'failed', result).search(source, 0);
}

/** The same where `source` has worked: do its callers see to it that what it leaves in these fields is released? */
export function isReleasedAfterSuccess(code: Code, source: FunctionSource, fields: ReadonlySet<string>): boolean {
  return new CallerSearch(code, { fields, families: [] }, 'worked').search(source, 0);
}

function successSamples(returnType: string): readonly (number | null)[] {
  return failureSamples(returnType).includes(0) ? [] : [0];
}

/**
 * After `source` has failed, does an entry point that called it, or one that called its caller, fail as well, and nobody between
 * them release what one of these fields holds? `isUndone` tells whether the counterpart of such an entry point would have.
 */
export function isAbandonedByCallers(
  code: Code,
  source: FunctionSource,
  fields: ReadonlySet<string>,
  isUndone: (start: FunctionSource) => boolean,
): boolean {
  return new CallerSearch(code, { fields, families: [] }, 'failed').isAbandoned(source, isUndone, 0);
}

/**
 * Does whoever calls `source` release what it puts where a parameter points, a field or a variable, after a failure? The caller
 * may hand its own parameter on.
 */
export function isUndoneByCallers(code: Code, source: FunctionSource, parameter: number, depth = 0): boolean {
  if (depth >= MAX_DEPTH) return false;
  const isUndone = (caller: FunctionSource, given: Expression | undefined): boolean => {
    if (given?.kind === 'cast') return isUndone(caller, given.operand);
    if (given?.kind === 'address-of') return releasesAfter(code, caller, source, given.object);
    const own = caller.graph.parameters.findIndex(({ name }) => given?.kind === 'name' && given.name === name);
    return own >= 0 && isUndoneByCallers(code, caller, own, depth + 1);
  };
  const callers = code.callersOf(source.name, source.file);
  return (
    callers.length > 0 &&
    callers.every((caller) =>
      callsOf(code, caller, source.name).every(({ arguments: values }) => isUndone(caller, values[parameter])),
    )
  );
}

function releasesAfter(code: Code, caller: FunctionSource, source: FunctionSource, kept: Expression): boolean {
  const name = kept.kind === 'member' ? kept.field : kept.kind === 'name' ? kept.name : null;
  if (name === null) return false;
  const wanted = { fields: new Set([name]), families: [] };
  return new CallerSearch(code, wanted, 'failed').isReleasedBy(caller, source, 0);
}

function callsOf(code: Code, { graph, file }: FunctionSource, name: string): readonly Call[] {
  const frame = frameOf(graph, file);
  return graph.blocks.flatMap(({ instructions }) =>
    instructions.filter((one): one is Call => one.kind === 'call' && mayCall(code, frame, one, name)),
  );
}

function mayCall(code: Code, frame: Frame, { callee, arguments: values }: Call, name: string): boolean {
  const target = resolveCallee(code, frame, callee, values.length);
  if (target.kind === 'function') return target.name === name;
  return target.kind === 'unknown' && callee.kind === 'member' && code.isCalledThrough(callee.field, name);
}

/** Is the function called in no other way than when a device comes or is opened? If it fails, its counterpart is not called. */
export function isStart(code: Code, source: FunctionSource, asked: ReadonlySet<string> = new Set()): boolean {
  const key = keyOf(source);
  const role = code.startsLife(source.name);
  if (role !== null) return role;
  if (asked.has(key) || asked.size >= 2 * MAX_DEPTH) return false;
  const callers = code.callersOf(source.name, source.file);
  return callers.length > 0 && callers.every((caller) => isStart(code, caller, new Set([...asked, key])));
}

/** Is it called when a device comes or is opened and in no other way, and is there a function for when that goes or is closed? */
export function endsSomewhere(code: Code, source: FunctionSource): boolean {
  return (
    isStart(code, source) &&
    beginnings(code, source, new Set()).every((one) => code.counterpartsOf(one.name).length > 0)
  );
}

/** Entry points from which it is called. */
function beginnings(code: Code, source: FunctionSource, asked: Set<string>): readonly FunctionSource[] {
  const key = keyOf(source);
  if (asked.has(key)) return [];
  asked.add(key);
  if (code.startsLife(source.name) !== null) return [source];
  return code.callersOf(source.name, source.file).flatMap((caller) => beginnings(code, caller, asked));
}

type Call = Instruction & { kind: 'call' };

/** What a caller does after a failure: it releases something, returns a failure itself, or goes on in some other way. */
type Aftermath = 'releases' | 'fails' | 'goes on';

class CallerSearch {
  private readonly code: Code;
  private readonly wanted: Wanted;
  /** What has become of the function that is called. */
  private readonly outcome: 'failed' | 'worked';
  /** What the first of the functions that are called has returned; null where that is not known. */
  private readonly result: number | null;
  private readonly asked = new Set<string>();

  constructor(code: Code, wanted: Wanted, outcome: 'failed' | 'worked', result: number | null = null) {
    this.code = code;
    this.wanted = wanted;
    this.outcome = outcome;
    this.result = result;
  }

  search(source: FunctionSource, depth: number): boolean {
    const key = keyOf(source);
    if (this.asked.has(key) || depth >= MAX_DEPTH) return false;
    this.asked.add(key);
    return this.code.callersOf(source.name, source.file).some((caller) => {
      // Whoever names none of the fields, itself or in what it calls, releases none of them.
      if (this.mayRelease(caller) && this.isReleasedBy(caller, source, depth)) return true;
      return this.search(caller, depth + 1);
    });
  }

  isReleasedBy(caller: FunctionSource, source: FunctionSource, depth: number): boolean {
    return this.after(caller, source, depth) === 'releases';
  }

  isAbandoned(source: FunctionSource, isUndone: (start: FunctionSource) => boolean, depth: number): boolean {
    const key = keyOf(source);
    if (this.asked.has(key) || depth >= MAX_DEPTH) return false;
    this.asked.add(key);
    return this.code.callersOf(source.name, source.file).some((caller) => {
      if (this.after(caller, source, depth) !== 'fails') return false;
      const starts = this.code.startsLife(caller.name);
      return starts === null ? this.isAbandoned(caller, isUndone, depth + 1) : starts && isUndone(caller);
    });
  }

  /** Does it, or what it calls, name one of the fields where it releases something? */
  private mayRelease(source: FunctionSource | null): boolean {
    const { fields, families } = this.wanted;
    if (source === null) return false;
    return fields.size
      ? [...fields].some((field) => source.releasedFields.has(field))
      : families.some((family) => source.releases.has(family));
  }

  private after(caller: FunctionSource, callee: FunctionSource, depth: number): Aftermath {
    const { graph, file } = caller;
    const frame = frameOf(graph, file);
    const found = new Set<Aftermath>();
    for (const [b, block] of graph.blocks.entries())
      for (const [i, instruction] of block.instructions.entries()) {
        if (instruction.kind !== 'call') continue;
        if (!mayCall(this.code, frame, instruction, callee.name)) continue;
        // Who does not look at what it returns does not know that it failed.
        const isUnnoticed = this.outcome === 'failed' && !usesTemporary(graph, instruction.result);
        const samples = this.outcome === 'failed' ? failureSamples : successSamples;
        const isKnown = depth === 0 && this.result !== null;
        for (const sample of isKnown ? [this.result] : samples(callee.graph.returnType)) {
          if (sample !== null && isUnnoticed) continue;
          const known: Known = new Map(sample === null ? [] : [[`#${instruction.result}`, sample]]);
          this.walk(frame, b, i + 1, known, found);
          if (found.has('releases')) return 'releases';
        }
      }
    return found.has('fails') && !found.has('goes on') ? 'fails' : 'goes on';
  }

  /** Adds to `found` what comes of the ways on from there, up to the first that releases something. */
  private walk(frame: Frame, block: number, from: number, entry: Known, found: Set<Aftermath>): void {
    const seen = new Set<string>();
    const work: { block: number; from: number; known: Known }[] = [{ block, from, known: entry }];
    for (let item = work.pop(); item; item = work.pop()) {
      const key = `${item.block}/${item.from}/${[...item.known].join(';')}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const { instructions, end } = frame.graph.blocks[item.block] ?? { instructions: [], end: null };
      const known = new Map(item.known);
      for (const instruction of instructions.slice(item.from)) {
        if (instruction.kind === 'call' && this.releases(frame, instruction)) {
          found.add('releases');
          return;
        }
        learn(this.code, frame, known, instruction);
      }
      const go = (to: number) => work.push({ block: to, from: 0, known });
      switch (end?.kind) {
        case 'goto':
          go(end.to);
          break;
        case 'branch': {
          const truth = compute(known, end.condition);
          if (truth === null || truth !== 0) go(end.whenTrue);
          if (truth === null || truth === 0) go(end.whenFalse);
          break;
        }
        case 'switch':
          for (const { to } of end.cases) go(to);
          go(end.otherwise);
          break;
        case 'iterate':
          go(end.body);
          go(end.exit);
          break;
        case 'return':
          found.add(end.value && tellsFailure(compute(known, end.value), frame.graph.returnType) ? 'fails' : 'goes on');
          break;
        default:
      }
    }
  }

  private releases(frame: Frame, { callee, arguments: values }: Call): boolean {
    const target = resolveCallee(this.code, frame, callee, values.length);
    const named = (e: Expression): boolean =>
      this.wanted.fields.has(e.kind === 'member' ? e.field : e.kind === 'name' ? e.name : '') || partsOf(e).some(named);
    switch (target.kind) {
      case 'function':
        if (this.mayRelease(target.source)) return true;
        // What it is handed it may release.
        if (this.outcome === 'failed' && target.source.releases.size > 0 && values.some(named)) return true;
        break;
      case 'model': {
        const { action } = target.model;
        if (isRelease(action) && !this.wanted.fields.size) return this.wanted.families.includes(familyOf(target.model));
        // A local copy of the field may be what is released: then the function names the field somewhere.
        if (isRelease(action)) return values.some(named) || this.copies(frame);
        break;
      }
      case 'unknown':
        // Through a table of operations, nobody knows by whom.
        if (callee.kind === 'member' && RELEASES.test(callee.field)) return true;
    }
    // A function that is handed on to be called: kref_put (&object->kref, release).
    return values.some((v) => v.kind === 'name' && this.mayRelease(this.code.function(v.name, frame.file)));
  }

  private copies(frame: Frame): boolean {
    return frame.graph.blocks.some(({ instructions }) =>
      instructions.some(
        (i) =>
          i.kind === 'set' &&
          i.target.kind === 'name' &&
          i.value.kind === 'member' &&
          this.wanted.fields.has(i.value.field),
      ),
    );
  }
}

/** What an instruction tells of a variable, or of the result of a call. */
export function learn(code: Code, frame: Frame, known: Map<string, number>, instruction: Instruction, ask?: Ask): void {
  if (instruction.kind === 'set') return learnSet(known, instruction, ask);
  if (instruction.kind !== 'call') return;
  const target = resolveCallee(code, frame, instruction.callee, instruction.arguments.length);
  const [first] = instruction.arguments;
  const value = first ? compute(known, first, ask) : null;
  const key = `#${instruction.result}`;
  known.delete(key);
  if (target.kind !== 'model' || value === null) return;
  const { action, failure } = target.model;
  if (action === 'pass') known.set(key, value);
  if (action === 'is-error')
    known.set(
      key,
      Number(failure === 'err-pointer-or-null' ? value <= 0 : failure === 'err-pointer' ? value < 0 : value !== 0),
    );
}
