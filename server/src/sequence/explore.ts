import type { Expression, FunctionGraph, Instruction, Terminator } from '../flow/index.ts';
import { releasableAs } from '../models/index.ts';
import { Apart } from './apart.ts';
import { leaveToCallee } from './callee-exit.ts';
import {
  askedAgain,
  type Callee,
  callKind,
  callUnknown,
  isGetter,
  isHandle,
  isHeavy,
  isLiveHandle,
  RELEASES,
  resolveCallee,
} from './calls.ts';
import { type Budget, type Code, type EntryConditions, type FunctionSource, NORMAL } from './code.ts';
import { Context } from './context.ts';
import { ANYTHING, decide, single } from './domain.ts';
import { ATOMIC, Effects, RUNNING, walkMark } from './effects.ts';
import { expressionName, type Frame, isNull, isUnsigned, localVariables, usesTemporary } from './frame.ts';
import { liveAt } from './liveness.ts';
import { describeLoops, finalTarget, type LoopInfo, type LoopTable } from './loops.ts';
import { mergeCoarsely, mergeInto, stateKey, valueClass } from './merge.ts';
import { returnedNumbers } from './numbers.ts';
import { State } from './state.ts';
import { extend, type Step, type TraceNode } from './trace.ts';
import { lastField, numberValue, rootSymbol, symbolValue, type Value, valueKey, ZERO } from './values.ts';

/** A path's end: the state there and what the function returned. */
export interface Exit {
  readonly state: State;
  readonly value: Value | null;
  /** The return statement. */
  readonly site: number | null;
}

export interface RawExploration {
  readonly context: Context;
  readonly frame: Frame;
  readonly exits: readonly Exit[];
  /** Paths that were merged into others, left a loop unfinished or ran into a no-return call: no end, but what happened on them counts. */
  readonly partial: readonly State[];
  readonly degraded: readonly string[];
  readonly entered: ReadonlySet<string>;
  /** Another function is called later, after this end. */
  readonly goOn: (exit: Exit, later: FunctionSource, entry?: EntryConditions) => Continuation;
}

/** What a function does that is called later. */
export interface Continuation {
  /** None when they cannot be told. */
  readonly exits: readonly Exit[];
  readonly entered: ReadonlySet<string>;
}

class BudgetSpent extends Error {}

/** Locations from which on a state counts: to compare it, merge it and look through it at every end takes more than linear time. */
const LARGE_STATE = 1024;

/** States that a block holds however many blocks there are: successes and failures have to stay apart. */
const FEWEST_STATES = 16;

/** Instructions that are executed for a function that is called later. */
const LATER_STEPS = 6_000;

/** Explores every path of a function, callees inlined, states merged where they agree about DMA. */
export function exploreFunction(
  code: Code,
  source: FunctionSource,
  budget: Budget,
  entry: EntryConditions,
): RawExploration {
  return new Explorer(code, budget).run(source, entry);
}

class Explorer {
  private readonly code: Code;
  private readonly budget: Budget;
  private readonly context: Context;
  private readonly effects: Effects;
  private readonly partial: State[] = [];
  private readonly partialDigests = new Set<number>();
  private readonly degraded = new Set<string>();
  private entered = new Set<string>();
  private readonly loopTables = new Map<FunctionGraph, LoopTable>();
  private readonly frameIds = new Map<string, string>();
  private steps = 0;
  private limit: number;

  constructor(code: Code, budget: Budget) {
    this.code = code;
    this.budget = budget;
    this.limit = budget.steps;
    this.context = new Context(code);
    this.effects = new Effects(this.context);
  }

  run(source: FunctionSource, entry: EntryConditions): RawExploration {
    const { graph, file } = source;
    const frame = this.frame(graph, file, '', 0, [], null);
    const state = new State(this.context.symbols);
    for (const { name, type } of graph.parameters) {
      const info = { loadedFrom: `P:${name}`, unsigned: isUnsigned(type) };
      state.set(`${frame.id}:${name}`, symbolValue(this.context.symbols.intern(`parameter:${name}`, info)));
    }
    this.context.distrustsHost = entry.distrustsHost ?? false;
    if (entry.atExitBootServices) this.exitBootServices(state, frame);
    for (const problem of graph.problems) this.degraded.add(problem);
    let exits: Exit[] = [];
    try {
      exits = this.execute(frame, state);
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
      this.degraded.add('path budget spent');
    }
    return {
      context: this.context,
      frame,
      exits,
      partial: this.partial,
      degraded: [...this.degraded],
      entered: this.entered,
      goOn: (exit, later, conditions = NORMAL) => this.goOn(source, exit, later, conditions),
    };
  }

  /** Another function is called later, with what `first` was called with or has returned: found by the types of the parameters. */
  private goOn(
    first: FunctionSource,
    { state, value, site }: Exit,
    { graph, file }: FunctionSource,
    { atExitBootServices }: EntryConditions,
  ): Continuation {
    const { context } = this;
    const before = this.entered;
    const isExiting = context.atExitBootServices;
    this.entered = new Set();
    const frame = this.frame(graph, file, `later ${file}:${graph.name}`, 1, [], null);
    const after = state.fork();
    context.emit(after, {
      op: 'return',
      site: site ?? context.sites.intern({ file: first.file, function: first.name, ...first.graph.span }),
      api: first.name,
      failing: false,
    });
    passTime(context, after);
    if (atExitBootServices) this.exitBootServices(after, frame);
    for (const { name, type, shape } of graph.parameters) {
      const info = { loadedFrom: `P:${name}`, unsigned: isUnsigned(type) };
      const isSame = (other: string): boolean => shape === 'pointer' && plainType(other) === plainType(type);
      const same = first.graph.parameters.find((one) => one.shape === shape && isSame(one.type));
      const key = same ? `parameter:${same.name}` : `later:${name}`;
      const isReturned = !same && value && isSame(first.graph.returnType);
      after.set(`${frame.id}:${name}`, isReturned ? value : symbolValue(context.symbols.intern(key, info)));
    }
    this.limit = this.steps + LATER_STEPS;
    const { entered } = this;
    try {
      return { exits: this.execute(frame, after), entered };
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
      return { exits: [], entered };
    } finally {
      for (const one of entered) before.add(one);
      this.entered = before;
      context.atExitBootServices = isExiting;
    }
  }

  private exitBootServices(state: State, frame: Frame): void {
    const { context } = this;
    context.atExitBootServices = true;
    const { graph } = frame;
    context.emit(state, {
      op: 'exit-boot-services',
      site: context.site(frame, graph.span),
      api: graph.name,
      phase: 'begin',
    });
  }

  private frame(
    graph: FunctionGraph,
    file: string,
    chain: string,
    depth: number,
    callers: readonly string[],
    enteredAt: number | null,
  ): Frame {
    let id = this.frameIds.get(chain);
    if (!id) {
      id = `f${this.frameIds.size}`;
      this.frameIds.set(chain, id);
    }
    this.entered.add(`${file}:${graph.name}`);
    return { graph, file, id, depth, locals: localVariables(graph), callers: [...callers, graph.name], enteredAt };
  }

  private loops(frame: Frame): LoopTable {
    let table = this.loopTables.get(frame.graph);
    if (!table) {
      table = describeLoops(frame.graph, (callee, values) =>
        callKind(resolveCallee(this.code, frame, callee, values.length), values),
      );
      this.loopTables.set(frame.graph, table);
    }
    return table;
  }

  private statesHeld({ blocks }: FunctionGraph): number {
    const { states, statesInAll } = this.budget;
    return Math.min(states, Math.max(FEWEST_STATES, Math.floor(statesInAll / blocks.length)));
  }

  private spend(steps: number): void {
    this.steps += steps;
    if (this.steps > this.limit) throw new BudgetSpent();
  }

  private drop(state: State): void {
    const digest = state.trace?.digest;
    if (digest === undefined || !state.trace?.operations || this.partialDigests.has(digest)) return;
    this.partialDigests.add(digest);
    this.partial.push(state);
  }

  /** Two paths that agree about DMA go on as one. */
  private meet(state: State, other: State, where: string): void {
    if (state.trace?.digest !== other.trace?.digest) this.drop(other);
    mergeInto(this.context, state, other, where);
  }

  /** Runs one activation from its entry to all its exits. */
  private execute(frame: Frame, entry: State): Exit[] {
    const { graph } = frame;
    const waiting: (Apart<State> | undefined)[] = [];
    const limit = frame.depth === 0 ? this.statesHeld(graph) : this.budget.calleeStates;
    const result = `${frame.id}:return`;
    let resume = 0;
    const arrive = (block: number, state: State) => {
      const at = graph.order[block] ?? -1;
      if (at < 0) return;
      const group = (waiting[at] ??= new Apart((one) => stateKey(this.context, frame, one, block)));
      this.spend(Math.floor(state.size / LARGE_STATE) ** 3);
      const key = group.key(state);
      const present = group.at(key);
      if (present) this.meet(present, state, `${frame.id}/${block}`);
      else if (group.size >= limit) {
        // Inside a callee only its outcomes matter: it is explored by itself too.
        if (frame.depth === 0) this.degraded.add('too many states');
        this.drop(state);
        const nearest = group.like(key) ?? group.all[0];
        if (nearest) mergeCoarsely(this.context, nearest, state, `${frame.id}/${block}`);
      } else group.add(key, state);
      resume = Math.min(resume, at);
    };
    const exits = new Apart<Exit>(({ state, value, site }) => {
      // A fault is told of each return statement that it shows at.
      const at = frame.depth === 0 ? site : '';
      const returned = valueClass(this.context, state, value ?? undefined);
      return `${stateKey(this.context, frame, state, 'exit')}${at}→${returned}`;
    });
    const leave = (exit: Exit) => {
      if (exit.value) exit.state.set(result, exit.value);
      const key = exits.key(exit);
      const present = exits.at(key);
      const isFull = frame.depth > 0 && exits.size >= this.budget.calleeExits;
      const nearest = !present && isFull ? exits.like(key) : undefined;
      // Success is never taken for failure, however many ways out there are.
      if (nearest) {
        this.drop(exit.state);
        mergeCoarsely(this.context, nearest.state, exit.state, `${frame.id}/exit`);
      } else if (present) this.meet(present.state, exit.state, `${frame.id}/exit`);
      else exits.add(key, exit);
    };
    const blockAt: number[] = [];
    graph.order.forEach((at, block) => {
      if (at >= 0) blockAt[at] = block;
    });
    arrive(0, entry);
    for (let position = 0; position < blockAt.length; position = resume) {
      resume = position + 1;
      const group = waiting[position];
      const block = blockAt[position];
      if (!group || block === undefined) continue;
      waiting[position] = undefined;
      for (const state of group.all) this.runBlock(frame, block, state, arrive, leave);
    }
    // What several ways out return is what they agree on.
    return exits.all.map((exit) => ({ ...exit, value: exit.state.get(result) ?? null }));
  }

  private runBlock(
    frame: Frame,
    block: number,
    start: State,
    arrive: (block: number, state: State) => void,
    leave: (exit: Exit) => void,
  ): void {
    const { instructions, end } = frame.graph.blocks[block] ?? { instructions: [], end: null };
    if (!end) return;
    const around = this.loops(frame).around[block] ?? [];
    let states: State[] = [start];
    for (const instruction of instructions) {
      const next: State[] = [];
      for (const state of states) {
        this.spend(1);
        if (this.isBeyondUnrolling(frame, around, state, instruction)) this.drop(state);
        else next.push(...this.run1(frame, state, instruction));
      }
      states = next;
      if (!states.length) return;
    }
    for (const state of states) this.terminate(frame, block, state, end, around, arrive, leave);
  }

  /** On the last arrival at an unrolled loop's header only the way out is of interest. */
  private isBeyondUnrolling(
    frame: Frame,
    around: readonly LoopInfo[],
    state: State,
    instruction: Instruction,
  ): boolean {
    if (instruction.kind !== 'call' || !around.length) return false;
    if (!around.some((l) => l.heavy && state.loopCount(loopId(frame, l)) >= this.budget.iterations)) return false;
    return isHeavy(resolveCallee(this.code, frame, instruction.callee, instruction.arguments.length));
  }

  private goTo(
    frame: Frame,
    from: number,
    to: number,
    state: State,
    arrive: (block: number, state: State) => void,
  ): void {
    const { around, byHeader } = this.loops(frame);
    for (const loop of around[from] ?? []) {
      if (loop.blocks.has(to)) continue;
      const id = loopId(frame, loop);
      state.leaveLoop(id);
      for (const mark of state.marks) if (mark.startsWith(`${id}:walks:`)) state.unmark(mark);
    }
    const loop = byHeader.get(to);
    if (!loop) return arrive(to, state);
    const id = loopId(frame, loop);
    if (loop.blocks.has(from)) {
      const count = state.loopCount(id) + 1;
      if (count > this.iterations(loop)) return this.drop(state);
      state.setLoopCount(id, count);
      if (!loop.heavy) this.forgetAssigned(frame, loop, state);
    } else state.setLoopCount(id, 0);
    arrive(to, state);
  }

  /** Turns that are followed: one is enough where no resource is made or released. */
  private iterations(loop: LoopInfo): number {
    return loop.heavy ? this.budget.iterations : 1;
  }

  /** A loop that was run once stands for any number of turns: what it assigns is not known any more. */
  private forgetAssigned(frame: Frame, loop: LoopInfo, state: State): void {
    const { evaluator, memory, symbols } = this.context;
    const unknown = (location: string) => {
      const held = state.get(location);
      const info = held?.kind === 'symbol' ? symbols.info(held.symbol) : undefined;
      const related =
        info?.resource === undefined || info.role === undefined
          ? {}
          : { resource: info.resource, role: info.role, derived: true };
      state.set(
        location,
        symbolValue(
          symbols.intern(`loop:${loopId(frame, loop)}:${location}:${state.epoch}:${info?.resource ?? ''}`, related),
        ),
      );
    };
    for (const target of loop.assigned)
      if (target.kind === 'name') {
        const location = evaluator.place(state, frame, target);
        if (location) unknown(location);
      }
    for (const target of loop.assigned)
      if (target.kind !== 'name') {
        const location = evaluator.place(state, frame, target);
        if (!location) continue;
        const held = state.get(location);
        if (held && this.context.resourceOf(held) !== null) unknown(location);
        else memory.forget(state, location);
      }
  }

  private terminate(
    frame: Frame,
    block: number,
    state: State,
    end: Terminator,
    around: readonly LoopInfo[],
    arrive: (block: number, state: State) => void,
    leave: (exit: Exit) => void,
  ): void {
    const { context } = this;
    const go = (to: number, s: State) => this.goTo(frame, block, to, s, arrive);
    switch (end.kind) {
      case 'goto':
        return go(end.to, state);
      case 'stop':
        return this.drop(state);
      case 'return': {
        const value = end.value ? context.evaluator.value(state, frame, end.value) : null;
        return leave({ state, value, site: context.site(frame, end) });
      }
      case 'branch': {
        const forced = this.forcedExit(frame, around, state, [end.whenTrue, end.whenFalse]);
        const arms = this.split(frame, state, end.condition, forced === null);
        if (forced !== null) {
          const next = arms.find(([arm]) => arm === (forced === end.whenTrue))?.[1] ?? state;
          this.leaveReleasingLoop(around, forced, next);
          return go(forced, next);
        }
        for (const [arm, next] of arms) {
          const to = arm ? end.whenTrue : end.whenFalse;
          if (arms.length > 1 && this.skipsNeededLoop(frame, block, to, next)) continue;
          if (arms.length > 1) this.leaveReleasingLoop(around, to, next);
          go(to, next);
        }
        return;
      }
      case 'switch': {
        const value = context.evaluator.value(state, frame, end.value);
        context.testValue(state, value, context.site(frame, end.value));
        let rest: State | null = state;
        for (const { value: caseValue, to } of end.cases) {
          if (!rest) break;
          const test: Value = {
            kind: 'test',
            operator: '==',
            left: value,
            right: context.evaluator.value(rest, frame, caseValue),
          };
          const taken = context.conditions.assume(rest.fork(), test, true);
          if (taken) {
            taken.trace = this.step(frame, taken.trace, caseValue, 'case');
            go(to, taken);
          }
          rest = context.conditions.assume(rest, test, false);
        }
        if (rest) go(end.otherwise, rest);
        return;
      }
      case 'iterate': {
        const loop = this.loops(frame).byHeader.get(block);
        const count = loop ? state.loopCount(loopId(frame, loop)) : 0;
        const inside = state.fork();
        this.bindCounter(frame, state, end);
        state.trace = this.step(frame, state.trace, end, 'skip');
        this.leaveReleasingLoop(around, end.exit, state);
        go(end.exit, state);
        if (loop && count >= this.iterations(loop)) return;
        inside.trace = this.step(frame, inside.trace, end, 'iterate');
        this.bindIteration(frame, inside, end, count, loop ?? null);
        return go(end.body, inside);
      }
    }
  }

  /**
   * A loop that may not run at all, while a resource is only in local variables: such loops hand it out to their elements,
   * and there is at least one element.
   */
  private skipsNeededLoop(frame: Frame, block: number, to: number, state: State): boolean {
    const loop = this.loops(frame).byHeader.get(block);
    if (!loop || loop.heavy || loop.blocks.has(to) || state.loopCount(loopId(frame, loop)) > 0) return false;
    const { context } = this;
    const elsewhere = new Set<number>();
    for (const [location, value] of state.handles())
      if (!/^([BMAZHEN]:|f\d+:)/.test(location)) elsewhere.add(context.symbols.info(value.symbol).resource ?? -1);
    return [...state.allResources()].some(
      ([id, r]) =>
        r.life === 'live' &&
        r.outcome !== 'failed' &&
        !r.escaped &&
        !elsewhere.has(id) &&
        !context.resources.info(id).foreign &&
        context.resources.info(id).kind !== 'memory',
    );
  }

  /** A loop that releases ends after a number of turns that is not known: whether it reached a resource cannot be told. */
  private leaveReleasingLoop(around: readonly LoopInfo[], to: number, state: State): void {
    const { context } = this;
    for (const loop of around) {
      if (loop.releases === null || loop.blocks.has(to)) continue;
      for (const [id, now] of [...state.allResources()]) {
        const info = context.resources.info(id);
        if (info.foreign || now.life !== 'live' || now.outcome === 'failed' || !info.model) continue;
        const families = releasableAs(info.model);
        const { releases, releasedFields } = loop;
        if (releasedFields && this.isHeldElsewhere(state, id, releasedFields)) continue;
        if (families.some((f) => releases.has(f))) context.handOver(state, id, 'releasing loop');
      }
    }
  }

  /** Held in fields, none of which is among these. */
  private isHeldElsewhere(state: State, resource: number, fields: ReadonlySet<string>): boolean {
    const held = [...state.handles()].flatMap(([location, value]) =>
      this.context.resourceOf(value) === resource && /^[*G]/.test(location) ? [lastField(location)] : [],
    );
    return held.length > 0 && held.every((field) => field !== '' && !fields.has(field));
  }

  private bindIteration(
    frame: Frame,
    state: State,
    end: Terminator & { kind: 'iterate' },
    count: number,
    loop: LoopInfo | null,
  ): void {
    const { context } = this;
    const model = this.code.models.iterator(end.macro, this.code.dialect);
    const assign = (index: number | undefined, value: Value) => {
      const target = index === undefined ? undefined : end.arguments[index];
      const location = target ? context.evaluator.place(state, frame, target) : null;
      if (location) state.set(location, value);
    };
    const list = model?.of === 'scatterlist' && model.over !== undefined ? end.arguments[model.over] : undefined;
    const walked = list && loop ? context.evaluator.value(state, frame, list) : undefined;
    if (walked && loop) state.mark(walkMark(loopId(frame, loop), walked));
    const element = context.evaluator.constant(
      `element:${frame.id}:${end.start}:${count}:${state.epoch}`,
      walked ? { walkOf: walked } : {},
    );
    const counter = this.counterOf(end.macro);
    // Of a macro that is not known the first argument goes through the elements, if it is a variable.
    const first = counter === null && end.arguments[0]?.kind === 'name' ? 0 : undefined;
    assign(model?.element ?? first, element);
    if (counter !== null)
      assign(
        counter,
        loop?.heavy
          ? numberValue(count)
          : context.evaluator.constant(`counter:${frame.id}:${end.start}:${state.epoch}`),
      );
  }

  /** The argument of an iterator that counts its turns. */
  private counterOf(macro: string): number | null {
    return this.code.models.iterator(macro, this.code.dialect)?.counter ?? this.code.countedBy(macro);
  }

  /** After an iterator its counter tells how many elements there were: none or more. */
  private bindCounter(frame: Frame, state: State, end: Terminator & { kind: 'iterate' }): void {
    const { context } = this;
    const index = this.counterOf(end.macro);
    const target = index === null ? undefined : end.arguments[index];
    const location = target ? context.evaluator.place(state, frame, target) : null;
    if (!location) return;
    const value = context.evaluator.constant(`counted:${frame.id}:${end.start}:${state.epoch}`);
    if (value.kind === 'symbol') state.learn(value.symbol, { ...ANYTHING, low: 0 });
    state.set(location, value);
  }

  /** The successor that leaves an unrolled loop, when this path has gone round often enough; null otherwise. */
  private forcedExit(
    frame: Frame,
    around: readonly LoopInfo[],
    state: State,
    successors: readonly [number, number],
  ): number | null {
    for (const loop of around) {
      const outside = successors.filter((s) => !loop.blocks.has(s));
      if (outside.length !== 1) continue;
      const count = state.loopCount(loopId(frame, loop));
      if (count >= this.iterations(loop)) return outside[0] ?? null;
      const inside = successors.find((s) => loop.blocks.has(s));
      const isLatch = inside !== undefined && finalTarget(frame.graph, inside) === loop.header;
      if (loop.heavy && isLatch && count + 1 >= this.budget.iterations) return outside[0] ?? null;
    }
    return null;
  }

  /** Both ways a condition can go on a path, with what each teaches. */
  private split(frame: Frame, state: State, condition: Expression, record: boolean): [boolean, State][] {
    const { context } = this;
    if (condition.kind === 'binary' && (condition.operator === '&&' || condition.operator === '||')) {
      // Operands without effects: decided one after the other.
      const and = condition.operator === '&&';
      const whole = context.evaluator.truthOf(state, frame, condition);
      const known = whole === null ? null : decide(state.domain(whole), '!=', 0);
      return this.split(frame, state, condition.left, record)
        .flatMap(([arm, s]): [boolean, State][] =>
          arm === and ? this.split(frame, s, condition.right, record) : [[arm, s]],
        )
        .filter(([arm]) => known === null || arm === known)
        .map(([arm, s]) => {
          // Where paths meet, which operand decided is forgotten; what they decided is not.
          if (whole !== null) s.learn(whole, single(Number(arm)));
          return [arm, s];
        });
    }
    const value = context.evaluator.value(state, frame, condition);
    const known = context.conditions.truth(state, value) ?? (this.isRefusedBefore(condition, value) ? false : null);
    context.testSite = context.site(frame, condition);
    context.testValue(state, value, context.testSite);
    const arms: [boolean, State][] = [];
    for (const arm of known === null ? [true, false] : [known]) {
      const next = context.conditions.assume(known === null ? state.fork() : state, value, arm);
      if (!next) continue;
      if (known === null && record) next.trace = this.decided(frame, next.trace, condition, arm);
      arms.push([arm, next]);
    }
    context.testSite = null;
    return arms;
  }

  /** `mapped > BOUND`, where the driver refuses lists of more entries before it gets here. */
  private isRefusedBefore(condition: Expression, value: Value): boolean {
    if (condition.kind !== 'binary' || value.kind !== 'test' || value.left.kind !== 'symbol') return false;
    if (condition.operator !== '>' || !this.code.entryBounds.size) return false;
    const { role } = this.context.symbols.info(value.left.symbol);
    return role === 'count' && this.code.entryBounds.has(textOf(condition.right));
  }

  private decided(frame: Frame, trace: TraceNode | null, condition: Expression, arm: boolean): TraceNode {
    return extend(trace, {
      op: 'step',
      site: this.context.site(frame, condition),
      what: arm ? 'true' : 'false',
      condition,
    });
  }

  private step(
    frame: Frame,
    trace: TraceNode | null,
    at: Expression | Terminator | Instruction,
    what: Step['what'],
    callee?: FunctionSource,
  ): TraceNode {
    return extend(trace, { op: 'step', site: this.context.site(frame, at), what, ...(callee && { callee }) });
  }

  private run1(frame: Frame, state: State, instruction: Instruction): State[] {
    const { context } = this;
    const { evaluator, memory } = context;
    switch (instruction.kind) {
      case 'local': {
        const { name, shape, type } = instruction;
        if (instruction.isStatic) return [state];
        const location = `${frame.id}:${name}`;
        const isScalar = shape === 'pointer' || (shape === 'plain' && !/\b(struct|union)\b/.test(type));
        memory.forget(state, location);
        if (isScalar) state.set(location, { kind: 'uninitialised', name });
        return [state];
      }
      case 'evaluate':
        evaluator.value(state, frame, instruction.value);
        return [state];
      case 'set':
        if (this.assign(frame, state, instruction)) return [state];
        this.drop(state);
        return [];
      case 'call':
        return this.call(frame, state, instruction);
    }
  }

  /** False when the path is not worth following any further. */
  private assign(frame: Frame, state: State, { target, value, start, end }: Instruction & { kind: 'set' }): boolean {
    const { context } = this;
    const { evaluator, memory } = context;
    if (value.kind === 'aggregate') {
      const location = evaluator.place(state, frame, target);
      if (!location) return true;
      memory.clear(state, location);
      for (const part of value.parts) {
        const held = evaluator.value(state, frame, part.value);
        if (part.path !== null) state.set(`${location}${part.path}`, held);
      }
      return true;
    }
    let result = evaluator.value(state, frame, value);
    if (result.kind === 'uninitialised') result = evaluator.constant(`copy:${frame.id}:${start}@${state.epoch}`);
    const location = evaluator.place(state, frame, target);
    if (location === null) return true;
    if (this.runsIntoItself(state, location, result)) return false;
    if (target.kind !== 'name' && target.kind !== 'temporary') {
      const pointer = memory.addressOf(location);
      context.access(state, frame, pointer, 'write', target);
      context.fill(state, pointer);
    }
    this.copyParts(frame, state, value, location);
    if (target.kind === 'name' && isNull(value)) this.letGo(state, location);
    state.set(location, this.isOverwritten(location, result) ? this.readBack(state, frame, start) : result);
    state.remove(`Z:${location}`);
    // A plain sum is the driver's own note; what the device reads is converted, or packed with other bits.
    if (target.kind === 'member' && (value.kind === 'temporary' || value.kind === 'binary'))
      this.effects.giveLength(state, location, result, value.kind === 'temporary', context.site(frame, { start, end }));
    if (this.isPutAway(target, location))
      this.effects.giveValue(state, frame, result, 'field', context.site(frame, { start, end }), 'assignment');
    // A pointer kept in shared memory is the driver's own note; a number made of it is an address for the device.
    const isPointer =
      (value.kind === 'cast' && value.type.includes('*')) || value.kind === 'name' || value.kind === 'member';
    const isHandle = result.kind === 'symbol' && context.symbols.info(result.symbol).role === 'device-address';
    if (location.startsWith('*') && (isHandle || !isPointer))
      this.tellDevice(frame, state, location, result, { start, end });
    return true;
  }

  /**
   * In an object, or in Linux in a structure or an array of the function's own, as commands are. What an out-parameter gets is the
   * caller's to give.
   */
  private isPutAway(target: Expression, location: string): boolean {
    const isObject = /^(?:\*|G:)/.test(location);
    if (this.code.dialect !== 'linux') return isObject;
    return isObject ? lastField(location) !== '' : target.kind === 'member' || target.kind === 'index';
  }

  /** The device may write there too: what the driver reads back later need not be the number that it put there. */
  private isOverwritten(location: string, value: Value): boolean {
    const isConstant =
      value.kind === 'number' ||
      (value.kind === 'symbol' && this.context.symbols.info(value.symbol).key.startsWith('const:'));
    return isConstant && this.isDeviceMemory(location);
  }

  private readBack(state: State, frame: Frame, at: number): Value {
    return this.context.evaluator.constant(`shared:${frame.id}:${at}@${state.epoch}`);
  }

  /** `iu = NULL` after it was handed in: what the variable held belongs to somebody else from here on. */
  private letGo(state: State, location: string): void {
    const { context } = this;
    const held = state.get(location);
    if (held?.kind !== 'symbol' || !location.startsWith('f')) return;
    const own = isHandle(context, held) ? context.resourceOf(held) : null;
    for (const [place, value] of [...state.handles()]) {
      const resource = context.resourceOf(value);
      if (resource === null || state.resource(resource)?.life !== 'live') continue;
      const isInside = place.startsWith(`*${held.symbol}.`) || place.startsWith(`*${held.symbol}[`);
      if (resource === own || isInside) context.handOver(state, resource, 'set to NULL');
    }
  }

  /** A structure is assigned: its fields go along. */
  private copyParts(frame: Frame, state: State, from: Expression, to: string): void {
    if (from.kind !== 'name' && from.kind !== 'member' && from.kind !== 'index' && from.kind !== 'dereference') return;
    const source = this.context.evaluator.place(state, frame, from);
    if (source === null || source === to) return;
    for (const [location, held] of [...state.handles()])
      if (location.startsWith(`${source}.`)) state.set(`${to}${location.slice(source.length)}`, held);
  }

  /**
   * A handle would overwrite the live handle of an earlier turn of the same loop: a ring that wraps round on itself.
   * Rings have more than the two entries that unrolling gives them.
   */
  private runsIntoItself(state: State, location: string, value: Value): boolean {
    if (!location.startsWith('*') && !location.startsWith('G:')) return false;
    const { context } = this;
    const old = state.get(location);
    const before = old ? context.resourceOf(old) : null;
    const after = context.resourceOf(value);
    if (before === null || after === null || before === after || !state.loops.length) return false;
    return state.resource(before)?.life === 'live' && !context.resources.info(before).foreign;
  }

  /** A value put into memory that the device shares is given to the device. */
  private tellDevice(
    frame: Frame,
    state: State,
    location: string,
    value: Value,
    at: { start: number; end: number },
  ): void {
    if (!this.isDeviceMemory(location) || this.isNoDescriptor(state, location, value)) return;
    this.effects.giveValue(state, frame, value, 'descriptor', this.context.site(frame, at), 'descriptor');
  }

  /** Memory that EDK2 has not mapped is no descriptor yet: a host address in it is for another driver. */
  private isNoDescriptor(state: State, location: string, value: Value): boolean {
    const { context } = this;
    const root = rootSymbol(location);
    const buffer = root === null ? undefined : context.symbols.info(root).resource;
    const isHost = value.kind === 'symbol' && context.symbols.info(value.symbol).role === 'cpu-address';
    if (this.code.dialect !== 'edk2' || !isHost) return false;
    return ![...context.mappedBuffers].some(([m, of]) => of === buffer && state.resource(m)?.life === 'live');
  }

  /** Memory that was allocated to be shared with the device. */
  private isDeviceMemory(location: string): boolean {
    const root = rootSymbol(location);
    const info = root === null ? undefined : this.context.symbols.info(root);
    return (
      info?.resource !== undefined &&
      info.role === 'cpu-address' &&
      this.context.resources.info(info.resource).kind === 'buffer'
    );
  }

  private call(frame: Frame, state: State, instruction: Instruction & { kind: 'call' }): State[] {
    const { context } = this;
    const values = instruction.arguments.map((a) => context.evaluator.value(state, frame, a));
    const callee = resolveCallee(this.code, frame, instruction.callee, values.length);
    const result = `${frame.id}:#${instruction.result}`;
    const key = `${frame.id}:${instruction.start}:${state.loops.map((l) => `${l.loop}#${l.count}`).join(',')}`;
    const condition = instruction.arguments[0];
    if (callee.kind === 'model' && callee.model.args[0] === 'condition' && condition) {
      const wanted = callee.model.action !== 'assume-not';
      const arms = this.split(frame, state, condition, false);
      const next = arms.flatMap(([arm, after]) => (arm === wanted ? [after] : []));
      // What the path did before it stops here still counts.
      if (!next.length) for (const [, after] of arms) this.drop(after);
      return next;
    }
    if (callee.kind === 'model') {
      if (callee.model.action === 'none' || callee.model.action === 'sleep')
        this.mayQuieten(frame, state, callee.name, instruction);
      const at: Expression = {
        kind: 'temporary',
        index: instruction.result,
        start: instruction.start,
        end: instruction.end,
      };
      const effect = this.effects.apply(state, frame, {
        model: callee.model,
        name: callee.name,
        expressions: instruction.arguments,
        values,
        at,
        site: context.site(frame, instruction),
        key,
        frame,
      });
      if (!effect) {
        this.drop(state);
        return [];
      }
      effect.state.set(result, effect.value);
      return [effect.state];
    }
    this.noteBothAddresses(values);
    if (callee.kind === 'function' && this.canEnter(frame, callee, state, values))
      return this.enter(frame, state, instruction, callee.source, values, result);
    const container = this.containerBy(callee, values);
    if (container) {
      state.set(result, container);
      return [state];
    }
    if (
      callee.kind === 'unknown' &&
      callee.name !== null &&
      /^[A-Z][A-Z0-9_]*$/.test(callee.name) &&
      (values.every((v) => context.resourceOf(v) === null) || (values.length === 1 && HALF.test(callee.name)))
    ) {
      // A macro by its name: taken for a function of its arguments.
      const key = `${callee.name}(${values.map(valueKey).join()})`;
      state.set(result, context.evaluator.derived(state, key, values));
      for (const given of instruction.arguments) this.mayFill(frame, state, given);
      // One that stands for itself does something with them.
      if (!usesTemporary(frame.graph, instruction.result)) this.giveHostAddresses(frame, state, instruction, values);
      return [state];
    }
    this.giveHostAddresses(frame, state, instruction, values);
    if (callee.name !== null) this.mayQuieten(frame, state, callee.name, instruction);
    const harmless = callee.kind === 'function' && !callee.source.relevant ? callee.source.assigns : null;
    callUnknown(context, state, callee.name, values, harmless, context.site(frame, instruction));
    if (callee.kind === 'function') context.memory.fill(state, values, callee.source.assigns);
    if (callee.kind === 'function' && callee.source.relevant) this.releaseUnseen(state, callee.source);
    // kref_put (&object->references, release)
    if (callee.name !== null && RELEASES.test(callee.name))
      for (const value of instruction.arguments) {
        const handed = value.kind === 'name' ? this.code.function(value.name, frame.file) : null;
        if (handed) this.releaseUnseen(state, handed);
      }
    const answer =
      callee.kind === 'unknown' &&
      callee.name !== null &&
      (isGetter(callee.name, values) ||
        (askedAgain(frame.graph, instruction.result) && !values.some((v) => this.isFollowed(state, v))));
    const returned = answer
      ? context.asked(state, callee.name ?? '', values)
      : context.evaluator.constant(`result:${key}:${state.epoch}`);
    if (callee.kind === 'function' && returned.kind === 'symbol') {
      const numbers = values.map((value) => (value.kind === 'number' ? value.value : null));
      const domain = returnedNumbers(callee.source.graph, numbers);
      if (domain) state.learn(returned.symbol, domain);
    }
    state.set(result, returned);
    return [state];
  }

  /** Beside the device address the host address may be for the driver, wherever it goes from there. */
  private noteBothAddresses(values: readonly Value[]): void {
    const { context } = this;
    for (const value of values) {
      const hostOf = value.kind === 'symbol' ? context.symbols.info(value.symbol).hostOf : undefined;
      if (hostOf !== undefined && values.some((other) => context.resourceOf(other) === hostOf))
        context.bothGiven.add(hostOf);
    }
  }

  /** A call that is not seen may give the device what it gets. */
  private giveHostAddresses(
    frame: Frame,
    state: State,
    call: Instruction & { kind: 'call' },
    values: readonly Value[],
  ): void {
    const name = call.callee.kind === 'name' ? call.callee.name : 'call';
    const site = this.context.site(frame, call);
    for (const value of values)
      if (value.kind === 'symbol' && this.context.symbols.info(value.symbol).hostOf !== undefined)
        this.effects.giveValue(state, frame, value, 'call', site, name);
  }

  /** `VIRTIO_CFG_READ (Dev, MaxTarget, &Dev->MaxTarget)`: a number whose address is taken is there to be written. */
  private mayFill(frame: Frame, state: State, given: Expression): void {
    if (given.kind === 'cast') return this.mayFill(frame, state, given.operand);
    if (given.kind !== 'address-of') return;
    const { evaluator, memory } = this.context;
    const location = evaluator.place(state, frame, given.object);
    const held = location === null ? undefined : evaluator.value(state, frame, given.object);
    if (location === null || held?.kind !== 'number') return;
    state.remove(location);
    memory.touch(state, location);
  }

  /** What a macro makes of the address of a field: the object that has it. */
  private containerBy(callee: Callee, [pointer, ...others]: readonly Value[]): Value | null {
    const field = callee.kind === 'unknown' && callee.name !== null ? this.code.containerField(callee.name) : null;
    return field !== null && pointer && others.length === 0 ? this.effects.containerOf(pointer, field) : null;
  }

  /** Is it a pointer by which the path has read or written something? */
  private isFollowed(state: State, value: Value): boolean {
    if (value.kind === 'address') return true;
    if (value.kind !== 'symbol') return false;
    const inside = [`*${value.symbol}.`, `*${value.symbol}[`, `*${value.symbol}+`];
    return [...state.locations()].some(
      ([l]) => l === `*${value.symbol}` || inside.some((start) => l.startsWith(start)),
    );
  }

  /** A call that is not seen may unlock by its name, or see to it that the device is done. */
  private mayQuieten(frame: Frame, state: State, name: string, at: Instruction): void {
    const { context } = this;
    const site = context.site(frame, at);
    if (/unlock|irq_?(restore|enable)/i.test(name))
      for (const mark of state.marks)
        if (mark.startsWith(ATOMIC)) {
          state.unmark(mark);
          context.emit(state, { op: 'atomic-leave', site, api: name });
        }
    if ((state.hasMark(RUNNING) || context.atExitBootServices) && QUIETENS.test(name)) {
      state.unmark(RUNNING);
      context.emit(state, { op: 'device-stop', site, api: name, device: null, quiet: true });
    }
  }

  /** A function that is too large to be entered releases what such fields hold, or may do so. */
  private releaseUnseen(state: State, { name, releasedFields }: FunctionSource): void {
    if (!releasedFields.size) return;
    for (const [location, value] of [...state.handles()]) {
      if (!/^[*G]/.test(location) || !releasedFields.has(this.fieldAt(location))) continue;
      const resource = this.context.resourceOf(value);
      if (resource === null || state.resource(resource)?.life !== 'live') continue;
      if (!this.context.resources.info(resource).foreign) this.context.handOver(state, resource, name);
    }
  }

  /** The field that a place is, or in which the array was found that it is an element of. */
  private fieldAt(location: string): string {
    const field = lastField(location);
    const root = field === '' ? rootSymbol(location) : null;
    return root === null ? field : lastField(this.context.symbols.info(root).loadedFrom ?? '');
  }

  private canEnter(
    frame: Frame,
    callee: Callee & { kind: 'function' },
    state: State,
    values: readonly Value[],
  ): boolean {
    if (frame.callers.includes(callee.name) || frame.depth >= this.budget.depth) return false;
    // What hangs below a large callee is explored by itself; entering it from every caller would multiply the work.
    return callee.source.relevant
      ? callee.source.weight <= this.budget.weight >> frame.depth
      : isTiny(callee.source.graph) ||
          (callee.source.weight <= HELPER_WEIGHT &&
            (this.context.atExitBootServices ||
              values.some((v) => this.context.isMapped(state, v) || isLiveHandle(this.context, state, v))));
  }

  private enter(
    frame: Frame,
    state: State,
    instruction: Instruction & { kind: 'call' },
    source: FunctionSource,
    values: readonly Value[],
    result: string,
  ): State[] {
    const { context } = this;
    const inner = this.frame(
      source.graph,
      source.file,
      `${frame.id}/${instruction.start}`,
      frame.depth + 1,
      frame.callers,
      frame.enteredAt ?? context.site(frame, instruction),
    );
    source.graph.parameters.forEach(({ name }, index) => {
      state.set(`${inner.id}:${name}`, values[index] ?? ZERO);
    });
    if (source.relevant) state.trace = this.step(frame, state.trace, instruction, 'call', source);
    const outerLoops = state.loops;
    const before = new Set<number>();
    for (const [id, { life }] of state.allResources()) if (life === 'live') before.add(id);
    const own = `${inner.id}:`;
    const lookedAt = this.handlesLookedAt(state, source, values);
    const states = this.execute(inner, state).map((exit) => {
      const { state: after, value } = exit;
      // It may have written it for the device in ways that are not followed, unless it tells that it has failed, and is heard.
      if (!(value?.kind === 'number' && value.value < 0 && usesTemporary(frame.graph, instruction.result)))
        for (const id of lookedAt) if (after.resource(id)?.life === 'live') after.update(id, { escaped: true });
      if (source.relevant) {
        leaveToCallee(context, inner, exit, values, before);
        after.trace = this.step(frame, after.trace, instruction, 'return', source);
      }
      after.removeAll((location) => location.startsWith(own));
      after.loops = outerLoops;
      const returned =
        value && value.kind !== 'uninitialised' ? value : context.evaluator.constant(`result:${inner.id}`);
      after.set(result, returned);
      return after;
    });
    return this.returned(frame, inner, states, instruction);
  }

  /** What a helper that reaches no API gets the device address of, if that is why it is entered. */
  private handlesLookedAt(
    state: State,
    { relevant, graph }: FunctionSource,
    values: readonly Value[],
  ): readonly number[] {
    const { context } = this;
    if (relevant || isTiny(graph) || values.some((value) => context.isMapped(state, value))) return [];
    return values.flatMap((value) => (isLiveHandle(context, state, value) ? (context.resourceOf(value) ?? []) : []));
  }

  /** What kept the ways out of a callee apart may have been its own, such as how far its loops went: then they are one. */
  private returned(
    frame: Frame,
    callee: Frame,
    states: readonly State[],
    call: Instruction & { kind: 'call' },
  ): State[] {
    const { context } = this;
    const isRead = liveAt(frame.graph, call).has(`#${call.result}`);
    const result = `${frame.id}:#${call.result}`;
    const apart = new Apart<State>((state) => {
      const value = isRead ? valueClass(context, state, state.get(result)) : '';
      return `${stateKey(context, frame, state, call)}→${value}`;
    });
    for (const state of states) {
      const key = apart.key(state);
      const present = apart.at(key);
      if (present) this.meet(present, state, `${callee.id}/return`);
      else apart.add(key, state);
    }
    return apart.all;
  }
}

/**
 * The function that was explored is over, and others have run since: its variables are gone, and what it knew of flags and
 * states, or to be empty, may be otherwise. What it has made and where it has put that stays.
 */
function passTime({ symbols, evaluator }: Context, state: State): void {
  for (const [location, value] of [...state.locations()]) {
    const domain = value.kind === 'symbol' ? state.domain(value.symbol) : null;
    const number = value.kind === 'number' ? value.value : domain && domain.low === domain.high ? domain.low : null;
    if (/^(?:f\d+:|Z:)/.test(location)) state.remove(location);
    else if (/^[*G]/.test(location) && number !== null && number <= 1)
      state.set(location, evaluator.constant(`later:${location}`));
  }
  for (let symbol = 0; symbol < symbols.count; symbol++)
    if (symbols.info(symbol).zeroed) state.set(`H:${symbol}`, symbolValue(symbol));
  state.loops = [];
}

/** What is pointed to, whatever may be done with it. */
const plainType = (type: string): string => type.replace(/\b(?:const|static|inline|volatile)\b|[\s*]/g, '');

const QUIETENS =
  /^(?!(re)?init_).*(wait|poll|sync|complet|status|done|busy|idle|stop|halt|reset|disable|terminat|abort|flush|drain|cancel|quiesce)/i;

/** A helper that gets a pointer to mapped memory or its device address, or stops the device, is worth a look, if it is not long. In characters. */
const HELPER_WEIGHT = 2_000;

/** Macros that take one half of an address. */
const HALF = /(?:^|_)(?:LOW|HIGH|LO|HI|LOWER|UPPER|LSB|MSB|LS|MS)_?(?:\d+_?(?:BITS?)?)?$/;

/** A constant expression without spaces. */
const textOf = (e: Expression): string =>
  e.kind === 'binary' ? `${textOf(e.left)}${e.operator}${textOf(e.right)}` : expressionName(e);

const loopId = (frame: Frame, loop: LoopInfo): string => `${frame.id}/${loop.header}`;

/** Accessors and setters are worth entering even if they touch no DMA API. */
function isTiny(graph: FunctionGraph): boolean {
  return (
    graph.blocks.length <= 6 &&
    graph.blocks.reduce((n, b) => n + b.instructions.length, 0) <= 8 &&
    graph.loops.length === 0
  );
}
