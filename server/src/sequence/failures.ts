import type { Instruction } from '../flow/index.ts';
import { cleanUpAfter } from './clean-up.ts';
import type { Context } from './context.ts';
import type { Exit } from './explore.ts';
import type { Frame } from './frame.ts';
import { isFailing } from './ownership.ts';
import { type Step, type TraceEvent, unroll } from './trace.ts';

/** Which of a function's paths tell its caller that it has failed, or have failed where it tells nobody. */
export class Failures {
  private readonly context: Context;
  private readonly frame: Frame;
  private readonly exits: readonly Exit[];
  private byNumber: ((exit: Exit) => boolean) | null = null;
  private cleanUps: ReadonlySet<Instruction> | null = null;

  constructor(context: Context, frame: Frame, exits: readonly Exit[]) {
    this.context = context;
    this.frame = frame;
    this.exits = exits;
  }

  /** What the type does not tell, the function's own failures may: `false`, a packet that is dropped, 0 for a command that is done. */
  isFailing(exit: Exit): boolean | null {
    const { returnType } = this.frame.graph;
    const told = isFailing(this.context, this.frame, exit);
    if (told === true || (told === null && this.isErrorNumber(exit))) return true;
    // A packet that could not be mapped was dropped, unless the next try worked.
    if (/\bnetdev_tx_t\b/.test(returnType) && this.lastOutcome(exit) === 'failed') return true;
    this.byNumber ??= failsByExample(this.exits, (one) => this.hasFailed(one));
    const isNumber = !/\bnetdev_tx_t\b/.test(returnType) && (told === null || isLarge(exit));
    if (isNumber && this.byNumber(exit)) return true;
    // In EDK2 a status tells: a failure that is swallowed is another fault.
    return this.context.code.dialect === 'linux' && this.goesWhereFailuresGo(exit) ? true : told;
  }

  /**
   * For functions that tell nobody: does the path come to a label to which others go when an operation of their own has failed?
   * It stands behind the return of one that keeps something.
   */
  private goesWhereFailuresGo(exit: Exit): boolean {
    if (this.cleanUps === null) {
      const failed = this.exits.filter((one) => this.hasFailed(one));
      const labels = new Set(failed.flatMap((one) => this.labelAfterFailure(one) ?? []));
      const others = this.exits.filter(
        (one) =>
          !this.hasFailed(one) && this.keepsSomething(one) && !this.labels(one).some((label) => labels.has(label)),
      );
      const returns = others.flatMap(({ site }) => (site === null ? [] : [this.context.sites.place(site).start]));
      this.cleanUps = new Set([...labels].filter(({ start }) => returns.some((one) => one < start)));
    }
    const { cleanUps } = this;
    if (cleanUps.size === 0) return false;
    const end = exit.site === null ? Number.POSITIVE_INFINITY : this.context.sites.place(exit.site).start;
    // Whoever returns in front of it has come back from there, for another try.
    return this.labels(exit).some((label) => cleanUps.has(label) && label.start < end);
  }

  /** Where the first decision leads after something could not be mapped or allocated. */
  private labelAfterFailure(exit: Exit): Instruction | null {
    const events = unroll(exit.state.trace);
    const at = events.findIndex((event) => {
      const id = event.op === 'map' ? event.mapping : event.op === 'allocate' ? event.buffer : null;
      return id !== null && exit.state.resource(id)?.outcome === 'failed';
    });
    const [first] = at < 0 ? [] : events.slice(at).flatMap((event) => this.ownDecision(event) ?? []);
    return first ? this.labelBehind(first) : null;
  }

  private labels(exit: Exit): readonly Instruction[] {
    const decisions = unroll(exit.state.trace).flatMap((event) => this.ownDecision(event) ?? []);
    return decisions.flatMap((one) => this.labelBehind(one) ?? []);
  }

  private labelBehind({ site, what }: Step): Instruction | null {
    return cleanUpAfter(this.frame.graph, this.context.sites.place(site).start, what === 'true');
  }

  private ownDecision(event: TraceEvent): Step | null {
    if (event.op !== 'step' || (event.what !== 'true' && event.what !== 'false')) return null;
    const { function: name, file } = this.context.sites.place(event.site);
    return name === this.frame.graph.name && file === this.frame.file ? event : null;
  }

  /** A negative error number tells, even where the type has no sign. */
  private isErrorNumber({ value }: Exit): boolean {
    if (this.context.code.dialect !== 'linux' || value?.kind !== 'number') return false;
    return value.value < 0 && value.value >= -MAX_ERROR_NUMBER;
  }

  private hasFailed({ state }: Exit): boolean {
    return [...this.made(state)].some(({ outcome }) => outcome === 'failed');
  }

  private keepsSomething({ state }: Exit): boolean {
    return [...this.made(state)].some(({ life, outcome }) => life === 'live' && outcome !== 'failed');
  }

  private *made(state: Exit['state']) {
    for (const [id, now] of state.allResources()) if (!this.context.resources.info(id).foreign) yield now;
  }

  /** How the last attempt to map or to allocate ended; null when there was none. */
  private lastOutcome({ state }: Exit): string | null {
    for (let node = state.trace; node; node = node.previous) {
      const { event } = node;
      const id = event.op === 'map' ? event.mapping : event.op === 'allocate' ? event.buffer : null;
      if (id !== null) return state.resource(id)?.outcome ?? null;
    }
    return null;
  }
}

/**
 * For functions whose type does not tell what failure is: they fail where they return what they return when an operation of
 * their own has failed, and nothing else returns that, or where that is some large number.
 */
function failsByExample(exits: readonly Exit[], hasFailed: (exit: Exit) => boolean): (exit: Exit) => boolean {
  const numbers = (some: readonly Exit[]) =>
    new Set(some.flatMap(({ value }) => (value?.kind === 'number' ? [value.value] : [])));
  const [failed, worked] = [numbers(exits.filter(hasFailed)), numbers(exits.filter((exit) => !hasFailed(exit)))];
  return (exit) => {
    const { value } = exit;
    if (value?.kind !== 'number' || !failed.has(value.value)) return false;
    return isLarge(exit) || (failed.size === 1 && [...worked].some((other) => other !== value.value));
  };
}

/** SCSI_MLQUEUE_HOST_BUSY rather than a truth value, or a number of what has been done. */
const isLarge = ({ value }: Exit): boolean => value?.kind === 'number' && value.value > MANY;

/** More than a loop that is run a few times counts. */
const MANY = 16;

/** MAX_ERRNO of Linux. */
const MAX_ERROR_NUMBER = 4095;
