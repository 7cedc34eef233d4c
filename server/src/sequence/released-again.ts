import type { Expression, FunctionGraph, Instruction, Loop } from '../flow/index.ts';
import { type ApiModel, isRelease } from '../models/index.ts';
import { type AccessPath, accessPath, isAssigned, keyOfPath, POINTER } from './access-path.ts';
import { failureSamples, learn } from './callers.ts';
import { resolveCallee } from './calls.ts';
import { type Code, type FunctionSource, keyOf } from './code.ts';
import { type Frame, localVariables } from './frame.ts';
import { type Ask, compute, type Known } from './numbers.ts';
import type { SourcePlace } from './tables.ts';

/** What a function that failed has released, and left where its callers find it. */
export interface Left {
  /** Where its handle still is, in the parameters of the function. */
  readonly paths: readonly AccessPath[];
  /** It is ordinary memory, in which the handles were. */
  readonly isMemory: boolean;
  /** Numbers that places have, by keys of paths. */
  readonly numbers: ReadonlyMap<string, number>;
  /** What the function returned; null = some failure. */
  readonly result: number | null;
}

export interface LaterRelease {
  readonly place: SourcePlace;
  readonly api: string;
  readonly model: ApiModel;
}

/** Callers of callers, and callees of each, that are asked. */
const MAX_CALLERS = 3;
const MAX_CALLEES = 4;

/** Blocks that are walked through, each as often as something else is known there. */
const MAX_PLACES = 2_000;

/**
 * After `source` has failed, does a caller surely release what it has left? Surely: on every way from the failing call to the
 * caller's end, as far as what is known decides the tests on it; or, where the caller goes on, on one that only the results of
 * later calls decide. `callees` are those that have failed before.
 */
export function releasedAgain(
  code: Code,
  source: FunctionSource,
  left: Left,
  callees: readonly string[] = [],
): LaterRelease | null {
  const key = keyOf(source);
  if (callees.includes(key) || callees.length >= MAX_CALLERS) return null;
  for (const caller of code.callersOf(source.name, source.file)) {
    const activation: Activation = { frame: frameOf(caller, []), given: null, depth: 0 };
    for (const at of callsOf(code, activation.frame, source)) {
      const here = leftToCaller(source, left, activation.frame, at.call);
      if (!here) continue;
      const samples = left.result === null ? failureSamples(source.graph.returnType) : [left.result];
      // Whichever way it tells of its failure.
      const found = samples.map((sample) => {
        const known: Known = new Map(sample === null ? [] : [[`#${at.call.result}`, sample]]);
        const walk = new Walk(code, here);
        const end = walk.from(activation, at.block, at.index + 1, known);
        if (end === 'unclear') return null;
        if (end !== 'untouched') return end;
        const [result = null, ...others] = walk.returned;
        return releasedAgain(code, caller, { ...here, result: others.length ? null : result }, [...callees, key]);
      });
      const [first] = found;
      if (first && found.every((one) => one !== null)) return first;
    }
  }
  return null;
}

type Call = Instruction & { readonly kind: 'call' };

interface CallSite {
  readonly call: Call;
  readonly block: number;
  readonly index: number;
}

function callsOf(code: Code, frame: Frame, callee: FunctionSource): readonly CallSite[] {
  return frame.graph.blocks.flatMap(({ instructions }, block) =>
    instructions.flatMap((call, index) => {
      if (call.kind !== 'call') return [];
      const target = resolveCallee(code, frame, call.callee, call.arguments.length);
      return target.kind === 'function' && target.name === callee.name ? [{ call, block, index }] : [];
    }),
  );
}

/** The same in the variables of a caller; null = it does not reach it by what it has handed over. */
function leftToCaller(source: FunctionSource, left: Left, frame: Frame, call: Call): Left | null {
  const given = new Map(
    source.graph.parameters.map(({ name }, i) => {
      const argument = call.arguments[i];
      return [name, argument ? accessPath(frame, argument) : null];
    }),
  );
  const paths = left.paths.map((path) => translate(path, given)).filter((path) => path !== null);
  const numbers = new Map<string, number>();
  for (const [key, number] of left.numbers) {
    const path = translate(key.split('/'), given);
    if (path) numbers.set(keyOfPath(path), number);
  }
  return paths.length > 0 ? { ...left, paths, numbers, result: null } : null;
}

const frameOf = ({ graph, file }: FunctionSource, callers: readonly string[]): Frame => ({
  graph,
  file,
  id: '',
  depth: 0,
  locals: localVariables(graph),
  callers,
  enteredAt: null,
});

/** A function that is walked through. All paths are told in the variables of the caller where the search began. */
interface Activation {
  readonly frame: Frame;
  /** Of its parameters; null: it is that caller itself. */
  readonly given: ReadonlyMap<string, AccessPath | null> | null;
  readonly depth: number;
}

/** How a walk ended: every way released it; none touched it; or it cannot be told. */
type Ending = LaterRelease | 'untouched' | 'unclear';

/** From one place to the end of a function, on all ways. */
class Walk {
  private readonly code: Code;
  private readonly left: Left;
  private readonly fields: readonly string[];
  private readonly prefixes: ReadonlySet<string>;
  /** What the outermost function returns at its ends; null = not known. */
  readonly returned = new Set<number | null>();

  constructor(code: Code, left: Left) {
    this.code = code;
    this.left = left;
    this.fields = fieldsOf(left.paths);
    this.prefixes = new Set(left.paths.flatMap((path) => path.map((_, i) => keyOfPath(path.slice(0, i + 1)))));
  }

  from(activation: Activation, block: number, from: number, entry: Known): Ending {
    const { graph } = activation.frame;
    const isOuter = activation.depth === 0;
    const ways = new Map<string, Way>();
    const work: Point[] = [{ block, from, known: entry }];
    let released: LaterRelease | null = null;
    let isUntouchedSomewhere = false;
    let isUnclearSomewhere = false;
    for (let point = work.pop(); point; point = work.pop()) {
      const key = keyOfPoint(point);
      if (ways.has(key)) continue;
      if (ways.size >= MAX_PLACES) return 'unclear';
      const { instructions, end } = graph.blocks[point.block] ?? { instructions: [], end: null };
      const known = new Map(point.known);
      const ask = this.askIn(activation, known);
      let found: Ending = 'untouched';
      for (const instruction of instructions.slice(point.from)) {
        found = this.execute(activation, known, instruction);
        if (found !== 'untouched') break;
        learn(this.code, activation.frame, known, instruction, ask);
        if (isOuter) this.learnFresh(activation.frame, known, instruction);
      }
      ways.set(key, { found, next: [], isFree: true });
      if (found === 'unclear') {
        if (!isOuter) return 'unclear';
        isUnclearSomewhere = true;
      }
      if (found !== 'untouched') {
        if (found !== 'unclear') released ??= found;
        continue;
      }
      const go = (to: readonly number[], isFree: boolean, more: readonly [string, number][] = []) => {
        const after = more.length ? new Map([...known, ...more]) : known;
        const next = to.map((one): Point => ({ block: one, from: 0, known: after }));
        work.push(...next);
        if (isOuter) ways.set(key, { found, next: next.map(keyOfPoint), isFree });
      };
      switch (end?.kind) {
        case 'goto':
          go([end.to], true);
          break;
        case 'branch': {
          const truth = compute(known, end.condition, ask);
          const loop = truth === null ? coveringLoop(graph, point.block) : null;
          const mark = `loop${point.block}`;
          if (loop && !known.has(mark)) {
            const inside = loop.blocks.has(end.whenTrue) ? end.whenTrue : end.whenFalse;
            go([inside], true, [[mark, 1]]);
          } else if (truth === null) go([end.whenTrue, end.whenFalse], isFresh(known, end.condition));
          else go([truth === 0 ? end.whenFalse : end.whenTrue], true);
          break;
        }
        case 'switch':
          go([...end.cases.map(({ to }) => to), end.otherwise], false);
          break;
        case 'iterate':
          go([end.body, end.exit], false);
          break;
        case 'return':
          isUntouchedSomewhere = true;
          if (isOuter) this.returned.add(end.value ? compute(known, end.value, ask) : null);
          break;
        default:
      }
      if (released && isUntouchedSomewhere && !isOuter) return 'unclear';
    }
    if (!isUnclearSomewhere && !(released && isUntouchedSomewhere)) return released ?? 'untouched';
    return forced(ways, keyOfPoint({ block, from, known: entry })) ?? 'unclear';
  }

  /** What a call returns that is made after the failure has nothing to do with it. */
  private learnFresh(frame: Frame, known: Map<string, number>, instruction: Instruction): void {
    if (instruction.kind === 'call') {
      const target = resolveCallee(this.code, frame, instruction.callee, instruction.arguments.length);
      const isPassedOn =
        target.kind === 'model' && (target.model.action === 'pass' || target.model.action === 'is-error');
      if (!isPassedOn && instruction.arguments.length > 0) known.set(`fresh #${instruction.result}`, 1);
    } else if (instruction.kind === 'set' && instruction.target.kind === 'name') {
      const { target, value } = instruction;
      const isStatus =
        value.kind === 'temporary' && known.has(`fresh #${value.index}`) && returns(frame.graph, target.name);
      if (isStatus) known.set(`fresh ${target.name}`, 1);
      else known.delete(`fresh ${target.name}`);
    }
  }

  private execute(activation: Activation, known: Map<string, number>, instruction: Instruction): Ending {
    if (instruction.kind === 'set') {
      const { target } = instruction;
      if (target.kind === 'name' && activation.depth === 0) known.set(`changed ${target.name}`, 1);
      if (target.kind === 'temporary') return 'untouched';
      // Another object from here on, where the variable is not just another name of it.
      const isRoot = (name: string): boolean => this.left.paths.some(([root]) => root === name);
      if (target.kind === 'name' && activation.frame.locals.has(target.name))
        return activation.depth === 0 && isRoot(target.name) ? 'unclear' : 'untouched';
      const path = this.pathOf(activation, target);
      return path && this.isOnTheWay(path, known) ? 'unclear' : 'untouched';
    }
    return instruction.kind === 'call' ? this.call(activation, known, instruction) : 'untouched';
  }

  private call(activation: Activation, known: Known, call: Call): Ending {
    const { frame, depth } = activation;
    const target = resolveCallee(this.code, frame, call.callee, call.arguments.length);
    const paths = call.arguments.map((argument) => this.pathOf(activation, argument));
    if (target.kind === 'model') {
      const { action, args } = target.model;
      const told = paths.filter((path, i): path is AccessPath => path !== null && args[i] !== 'device');
      const isFreed = action === 'free-memory';
      if ((this.left.isMemory ? isFreed : isRelease(action)) && told.some((path) => this.isLeft(path, known))) {
        const place = { file: frame.file, function: frame.graph.name, start: call.start, end: call.end };
        return { place, api: target.name, model: target.model };
      }
      const [first] = told;
      const isChanged = isFreed || action === 'write-memory' || action === 'copy-memory';
      const isOut = paths.some((path, i) => path !== null && args[i]?.endsWith('-out') && this.isLeft(path, known));
      return isOut || (isChanged && first && this.isOnTheWay(first, known)) ? 'unclear' : 'untouched';
    }
    if (target.kind === 'unknown') return 'untouched';
    const { source } = target;
    const isGiven = source.releases.size > 0 && paths.some((path) => path !== null && this.isLeft(path, known));
    const isNamed = isGiven || this.fields.some((field) => source.releasedFields.has(field));
    const mayAssign = this.fields.some((field) => source.assigns.has(field));
    if (!isNamed || depth >= MAX_CALLEES || frame.callers.includes(source.name))
      return mayAssign ? 'unclear' : 'untouched';
    const { parameters } = source.graph;
    const inner: Activation = {
      frame: frameOf(source, [...frame.callers, source.name]),
      given: new Map(
        parameters.map(({ name }, i) => [name, isAssigned(source.graph, name) ? null : (paths[i] ?? null)]),
      ),
      depth: depth + 1,
    };
    return this.from(inner, 0, 0, new Map());
  }

  /** The path of an expression in the variables of the outermost function. */
  private pathOf({ frame, given, depth }: Activation, e: Expression): AccessPath | null {
    const path = accessPath(frame, e);
    const covered = path?.map((step) => {
      const name = /^\[(\w+)\]$/.exec(step)?.[1];
      return name !== undefined && isCovering(frame.graph, name) ? '[*]' : step;
    });
    return covered && given ? translate(covered, given, depth) : (covered ?? null);
  }

  private askIn(activation: Activation, known: Known): Ask {
    return (e) => {
      if (e.kind === 'name' && ERROR_NAME.test(e.name)) return OTHER_ERROR;
      const path = this.pathOf(activation, e);
      if (!path) return null;
      const key = keyOfPath(path);
      const number = this.left.numbers.get(key);
      if (number !== undefined) return number;
      return this.isLeft(path, known) || this.prefixes.has(key) ? POINTER : null;
    };
  }

  private isLeft(path: AccessPath, known: Known): boolean {
    return this.left.paths.some((one) => one.length === path.length && isSame(one, path, known));
  }

  /** Is it the place, or one from which it is reached? */
  private isOnTheWay(path: AccessPath, known: Known): boolean {
    return this.left.paths.some((one) => one.length >= path.length && isSame(one.slice(0, path.length), path, known));
  }
}

/** The failure may be any: it is taken for none of those that are asked for by name. */
const ERROR_NAME = /^E[A-Z][A-Z0-9_]+$/;
const OTHER_ERROR = 4095;

/** A place that a walk comes to, and what is known there. */
interface Point {
  readonly block: number;
  readonly from: number;
  readonly known: Known;
}

const keyOfPoint = ({ block, from, known }: Point): string => `${block}/${from}/${[...known].join(';')}`;

/** How the walk goes on from a point. */
interface Way {
  readonly found: Ending;
  readonly next: readonly string[];
  /** Where it goes does not depend on anything that may have to do with the failure: each way can be taken. */
  readonly isFree: boolean;
}

/** What is released on some way, whatever becomes of the tests that are not free; null = nothing. */
function forced(ways: ReadonlyMap<string, Way>, start: string): LaterRelease | null {
  const reached = new Map<string, LaterRelease>();
  for (const [key, { found }] of ways) if (typeof found !== 'string') reached.set(key, found);
  for (let before = -1; before < reached.size; ) {
    before = reached.size;
    for (const [key, { next, isFree }] of ways) {
      if (reached.has(key)) continue;
      const found = next.map((one) => reached.get(one));
      const [first] = found.filter((one) => one !== undefined);
      if (first && (isFree || found.every((one) => one !== undefined))) reached.set(key, first);
    }
  }
  return reached.get(start) ?? null;
}

/** Does the function return what this variable holds: is that a status? */
const returns = (graph: FunctionGraph, name: string): boolean =>
  graph.blocks.some(({ end }) => end.kind === 'return' && end.value?.kind === 'name' && end.value.name === name);

/** Is it a status that a later call has returned? */
function isFresh(known: Known, condition: Expression): boolean {
  if (condition.kind === 'name') return known.has(`fresh ${condition.name}`);
  if (condition.kind === 'unary') return condition.operator === '!' && isFresh(known, condition.operand);
  return (
    condition.kind === 'binary' &&
    ['<', '>', '==', '!=', '<=', '>='].includes(condition.operator) &&
    condition.right.kind === 'number' &&
    isFresh(known, condition.left)
  );
}

/** Names of the innermost fields; '' for a variable. */
const fieldsOf = (paths: readonly AccessPath[]): readonly string[] =>
  paths.map((path) => path.slice(1).findLast((step) => /^\w+$/.test(step)) ?? '');

/** `path` may name all elements; an index means the same as long as its variable has not changed. */
function isSame(left: AccessPath, path: AccessPath, known: Known): boolean {
  return left.every((step, i) => {
    const other = path[i];
    if (other === '[*]') return step.startsWith('[');
    return step === other && step !== '[?]' && !known.has(`changed ${step.slice(1, -1)}`);
  });
}

/** The same path with arguments put for parameters; variables of the callee at this `depth` are none of the caller's. */
function translate(path: AccessPath, given: ReadonlyMap<string, AccessPath | null>, depth = 0): AccessPath | null {
  const [root, ...steps] = path;
  if (root === undefined) return null;
  const from = given.get(root);
  const start =
    from ?? (root.startsWith('G:') ? [root] : depth > 0 && from === undefined ? [`${root}@${depth}`] : null);
  return (
    start && [
      ...start,
      ...steps.map((step) => {
        const name = /^\[([A-Za-z_]\w*)\]$/.exec(step)?.[1];
        if (name === undefined) return step;
        const index = given.get(name);
        return index?.length === 1 ? `[${index[0]}]` : '[?]';
      }),
    ]
  );
}

/** The loop with this header, if it goes over all elements of something. */
function coveringLoop(graph: FunctionGraph, header: number): Loop | null {
  const end = graph.blocks[header]?.end;
  if (end?.kind !== 'branch') return null;
  const loop = graph.loops.find((one) => one.header === header);
  const { condition } = end;
  if (!loop || condition.kind !== 'binary' || condition.left.kind !== 'name') return null;
  return isCovering(graph, condition.left.name) ? loop : null;
}

/** Does the variable count from 0 to a number that is no variable's? */
function isCovering(graph: FunctionGraph, name: string): boolean {
  let isCompared = false;
  for (const { instructions, end } of graph.blocks) {
    for (const i of instructions) {
      if (i.kind !== 'set' || i.target.kind !== 'name' || i.target.name !== name) continue;
      const { value } = i;
      const isStart = value.kind === 'number' && value.value === 0;
      const isNext =
        value.kind === 'binary' && value.operator === '+' && value.left.kind === 'name' && value.left.name === name;
      if (!isStart && !isNext) return false;
    }
    if (end.kind !== 'branch' || end.condition.kind !== 'binary') continue;
    const { operator, left, right } = end.condition;
    if (left.kind !== 'name' || left.name !== name || (operator !== '<' && operator !== '<=' && operator !== '!='))
      continue;
    if (!isWhole(right)) return false;
    isCompared = true;
  }
  return isCompared;
}

/** A number of elements that a constant or a field tells. */
const isWhole = (e: Expression): boolean =>
  e.kind === 'number' ||
  e.kind === 'sizeof' ||
  e.kind === 'member' ||
  (e.kind === 'name' && /^[A-Z][A-Z0-9_]*$/.test(e.name)) ||
  (e.kind === 'cast' && isWhole(e.operand));
