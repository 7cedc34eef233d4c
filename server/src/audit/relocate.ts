import type { SourcePlace } from '../sequence/index.ts';
import type { FunctionResult } from './function-check.ts';
import type { Project } from './project.ts';

/** Offsets at which functions begin, by `file:function`. */
export type Starts = ReadonlyMap<string, number>;

export const startsOf = (project: Project, { entered }: FunctionResult): Starts =>
  new Map([...entered].map((key) => [key, startOf(project, key)]));

function startOf(project: Project, key: string): number {
  const at = key.lastIndexOf(':');
  return project.unit(key.slice(0, at))?.functions.get(key.slice(at + 1))?.item.start ?? 0;
}

/** The same result after edits around the functions that it is about: they began at `starts`, and their own texts are the same. */
export function relocated(result: FunctionResult, starts: Starts, project: Project): FunctionResult {
  if (result.findings.length === 0) return result;
  const moves = new Map<string, number>();
  for (const [key, start] of starts) {
    const by = startOf(project, key) - start;
    if (by !== 0) moves.set(key, by);
  }
  if (moves.size === 0) return result;
  const move = (place: SourcePlace): SourcePlace => {
    const by = moves.get(`${place.file}:${place.function}`) ?? 0;
    return by === 0 ? place : { ...place, start: place.start + by, end: place.end + by };
  };
  return {
    ...result,
    findings: result.findings.map(({ path, exploration, ...finding }) => ({
      ...finding,
      place: move(finding.place),
      path: {
        ...path,
        // Of several findings of one fault the steps of one are told.
        get steps() {
          return path.steps.map((step) => ({ ...step, place: move(step.place) }));
        },
      },
      exploration: { ...exploration, place: (site) => move(exploration.place(site)) },
    })),
  };
}
