import type { Program } from '@dma-audit/simulator';
import type { Exploration } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { positionOf, snippet } from './simulate-source.ts';

/**
 * What the simulation takes for granted beside sizes. `loop`: how often a path goes round a loop that allocates or maps (the
 * limit is `--count`). `direction`: of a mapping whose direction depends on what the path does not know.
 */
export interface Guess {
  readonly what: 'loop' | 'direction';
  /** "2 turns", "from the device". */
  readonly value: string;
  /** The operation, as the source writes it. */
  readonly text: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

const TEXT_WIDTH = 40;

export function guessesOf(
  { operations, dialect }: Program,
  exploration: Exploration,
  project: Project,
): readonly Guess[] {
  const turns = new Map<number, number>();
  const directions = new Set<number>();
  for (const one of operations) {
    const made = one.op === 'map' ? one.mapping : one.op === 'allocate' ? one.buffer : null;
    if (made !== null && exploration.isInLoop(made)) turns.set(one.site, (turns.get(one.site) ?? 0) + 1);
    if (one.op === 'map' && one.direction === 'unknown' && one.outcome !== 'failed') directions.add(one.site);
  }
  const guess = (what: Guess['what'], value: string, site: number): Guess => {
    const place = exploration.place(site);
    const text = snippet(project, place, TEXT_WIDTH);
    return { what, value, text, file: place.file, line: positionOf(project, place).line };
  };
  return [
    ...[...turns].map(([site, n]) => guess('loop', `${n} ${n === 1 ? 'turn' : 'turns'}`, site)),
    ...[...directions].map((site) =>
      guess('direction', dialect === 'edk2' ? 'from the device' : 'to the device and back', site),
    ),
  ];
}
