import type {
  CostFigure,
  CostId,
  Counters,
  MappingAddress,
  Operation,
  Outcome,
  Platform,
  PlatformCost,
  PlatformWords,
  Program,
} from '@dma-audit/simulator';
import type { Budget, PathStep } from '../sequence/index.ts';
import type { Guess } from './simulate-guesses.ts';
import type { Lane, LaneState } from './simulate-lanes.ts';
import type { Ending, RankedPath } from './simulate-rank.ts';
import type { Assumption, Sizes } from './simulate-sizes.ts';

/** What a function does to memory, on each platform. Plain data: it goes to the terminal, to a file and to the panel. */
export interface Simulation {
  readonly function: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly dialect: Program['dialect'];
  /** Why the exploration is not complete; empty when it is. */
  readonly degraded: readonly string[];
  readonly platforms: readonly SimulatedPlatform[];
  /** All paths, in few words; those told in full are in `paths`. */
  readonly overview: readonly PathOverview[];
  readonly paths: readonly SimulatedPath[];
  /** Text of the functions that these paths go through. */
  readonly sources: readonly SourceExcerpt[];
  /** Those by which the times were estimated. */
  readonly figures: readonly CostFigure[];
}

export interface SourceExcerpt {
  readonly file: string;
  readonly function: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

export interface SimulatedPlatform {
  readonly id: string;
  readonly title: string;
  readonly parts: PlatformWords;
  readonly encrypted: boolean;
}

export interface PathOverview {
  /** From 1; the success path is the first, the most expensive one the second where it is another. */
  readonly number: number;
  readonly ending: Ending;
  readonly marks: RankedPath['marks'];
  readonly operations: number;
  readonly faults: number;
  /** Decisions that lead here, the last ones. */
  readonly decisions: readonly string[];
}

export interface SimulatedPath extends PathOverview {
  readonly assumptions: readonly Assumption[];
  readonly guesses: readonly Guess[];
  readonly lanes: readonly Lane[];
  readonly steps: readonly SimulatedStep[];
  readonly runs: readonly SimulatedRun[];
  /** The program that was executed; sites are meaningful in this run only. */
  readonly program: Program;
}

/** An operation, or a decision or call on the way to it. */
export interface SimulatedStep {
  readonly what: Operation['op'] | PathStep['what'];
  /** Index into the operations; null for what is none. */
  readonly operation: number | null;
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly function: string;
  readonly lane: number | null;
  readonly outcome: Outcome | null;
}

export interface SimulatedRun {
  readonly platform: string;
  /** One for each operation. */
  readonly entries: readonly SimulatedEntry[];
  readonly counters: Counters;
  /** What the platform did once, before; not in `counters`. */
  readonly startup: Counters;
  readonly cost: PlatformCost;
}

export interface SimulatedEntry {
  readonly address: MappingAddress | null;
  readonly refused: string | null;
  readonly changes: Readonly<Partial<Counters>>;
  readonly violations: readonly {
    readonly kind: string;
    readonly message: string;
    readonly consequence: string | null;
  }[];
  readonly lanes: readonly LaneState[];
  /** Held after this step. */
  readonly slots: number;
  readonly iovaPages: number;
}

export interface SimulateOptions {
  readonly platforms: readonly Platform[];
  readonly sizes: Sizes;
  /** Those of the configuration, for what neither `sizes` nor a comment names. */
  readonly configuredSizes?: Sizes;
  /** Which paths are told in full: numbers from 1, or the part they play. */
  readonly paths: ReadonlySet<number> | 'success' | 'worst' | 'all';
  readonly budget: Budget;
  /** What operations cost: published, or of the user's machine. */
  readonly figures: Readonly<Record<CostId, CostFigure>>;
}
