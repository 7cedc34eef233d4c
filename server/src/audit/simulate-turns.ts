import type { Program } from '@dma-audit/simulator';
import type { Exploration } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { positionOf, snippet } from './simulate-source.ts';

/** How often a path goes round a loop that allocates or maps: the code does not tell, `--count` sets the limit. */
export interface Turns {
  /** What is done in each turn, as the source writes it. */
  readonly text: string;
  readonly turns: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

const TEXT_WIDTH = 40;

export function turnsOf({ operations }: Program, exploration: Exploration, project: Project): readonly Turns[] {
  const bySite = new Map<number, number>();
  for (const one of operations) {
    const made = one.op === 'map' ? one.mapping : one.op === 'allocate' ? one.buffer : null;
    if (made !== null && exploration.isInLoop(made)) bySite.set(one.site, (bySite.get(one.site) ?? 0) + 1);
  }
  return [...bySite].map(([site, turns]) => {
    const place = exploration.place(site);
    const text = snippet(project, place, TEXT_WIDTH);
    return { text, turns, file: place.file, line: positionOf(project, place).line };
  });
}
