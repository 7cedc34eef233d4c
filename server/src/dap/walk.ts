import type { SimulatedEntry, SimulatedPath, SimulatedRun, SimulatedStep } from '../audit/index.ts';

export interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A walk along one path: forwards, backwards, to a place. */
export class Walk {
  readonly #steps: readonly SimulatedStep[];
  readonly #run: SimulatedRun;
  /** Innermost last, for each step. */
  readonly #stacks: readonly (readonly Frame[])[];
  #at = 0;

  constructor(path: SimulatedPath, run: SimulatedRun) {
    this.#steps = path.steps;
    this.#run = run;
    this.#stacks = stacksOf(path.steps);
  }

  get step(): SimulatedStep | null {
    return this.#steps[this.#at] ?? null;
  }

  /** Innermost first. */
  get stack(): readonly Frame[] {
    return [...(this.#stacks[this.#at] ?? [])].reverse();
  }

  /** The state that the last operation up to here left; null before the first. */
  get entry(): SimulatedEntry | null {
    for (let at = this.#at; at >= 0; at--) {
      const operation = this.#steps[at]?.operation ?? null;
      if (operation !== null) return this.#run.entries[operation] ?? null;
    }
    return null;
  }

  /** What happens at this very step. */
  get here(): SimulatedEntry | null {
    const operation = this.step?.operation ?? null;
    return operation === null ? null : (this.#run.entries[operation] ?? null);
  }

  /** Counters since the beginning. */
  get counters(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { operation } of this.#steps.slice(0, this.#at + 1)) {
      const changes = operation === null ? {} : (this.#run.entries[operation]?.changes ?? {});
      for (const [name, change] of Object.entries(changes)) sums.set(name, (sums.get(name) ?? 0) + change);
    }
    return sums;
  }

  /** Does this line begin here? Several steps may be on one. */
  get beginsLine(): boolean {
    const before = this.#steps[this.#at - 1];
    return before === undefined || before.line !== this.step?.line || before.file !== this.step.file;
  }

  /** Goes on (1) or back (-1) to the next step that is wanted; false: there is none, and the walk is at its end. */
  go(by: 1 | -1, isWanted: (walk: Walk) => boolean): boolean {
    for (let at = this.#at + by; at >= 0 && at < this.#steps.length; at += by) {
      this.#at = at;
      if (isWanted(this)) return true;
    }
    return false;
  }
}

/** Who has called whom: a function that is seen again below is returned to. */
function stacksOf(steps: readonly SimulatedStep[]): readonly (readonly Frame[])[] {
  let stack: readonly Frame[] = [];
  return steps.map((step) => {
    const { file, line, column } = step;
    const frame = { function: step.function, file, line, column };
    const depth = stack.findIndex((one) => one.function === step.function && one.file === file);
    stack = [...(depth < 0 ? stack : stack.slice(0, depth)), frame];
    return stack;
  });
}
