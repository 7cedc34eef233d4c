import type { Project } from './project.ts';
import { rolesOf, SETUP } from './roles.ts';
import { plainName } from './unit.ts';

/** A function by its names. */
interface FunctionPlace {
  readonly function: string;
  readonly file: string;
}

/** Callers that are looked at in turn. */
const MAX_SEEN = 400;

const ONCE: ReadonlySet<string> = new Set([
  'probe',
  'remove',
  'open',
  'attach',
  'stop',
  'suspend',
  'resume',
  'shutdown',
  'binding-supported',
  'binding-start',
  'binding-stop',
  'exit-boot-services',
]);

/** A hint that counts by the call, about a function that is called once for a device: there is nothing to be saved. */
export const isOnce = (project: Project, kind: string, place: FunctionPlace): boolean =>
  kind === 'conversion-churn' && runsOnce(project, place);

/**
 * Does everything that leads to a function happen when a device comes, goes, or is set up? What is saved there is saved once.
 * Roots of the call graph are known by the tables that name them, by module_init () and the like, or by what they are called.
 */
function runsOnce(project: Project, start: FunctionPlace): boolean {
  const seen = new Set<string>();
  const work = [start];
  for (let one = work.pop(); one !== undefined; one = work.pop()) {
    const key = `${one.file}:${one.function}`;
    if (seen.has(key) || seen.size >= MAX_SEEN) continue;
    seen.add(key);
    const name = plainName(one.function);
    const callers = project.callers(name, one.file);
    const roles = rolesOf(project, name);
    if (roles.length === 0 && callers.length > 0)
      work.push(...callers.map((it) => ({ function: it.name, file: it.file })));
    else if (roles.length > 0 ? !roles.every((role) => ONCE.has(role)) : !SETUP.test(name)) return false;
  }
  return true;
}
