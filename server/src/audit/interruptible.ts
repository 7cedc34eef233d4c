import type { Project } from './project.ts';

/** Nobody wants what is being worked at any more. */
export class GivenUp extends Error {}

/** The same project, which throws `GivenUp` when it is asked for a function while the work is stale: explorations ask often. */
export function interruptible(project: Project, isStale: () => boolean): Project {
  const watched: Project = Object.create(project);
  watched.function = (name, file) => {
    if (isStale()) throw new GivenUp();
    return project.function(name, file);
  };
  return watched;
}
