import type { Project } from './project.ts';
import { rolesOf, SETUP } from './roles.ts';

/** Callers that are looked at in turn. */
const MAX_SEEN = 400;

const ONCE: ReadonlySet<string> = new Set([
  'probe',
  'remove',
  'open',
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
export const isOnce = (project: Project, kind: string, name: string): boolean =>
  kind === 'conversion-churn' && runsOnce(project, name);

/**
 * Does everything that leads to a function happen when a device comes, goes, or is set up? What is saved there is saved once.
 * Roots of the call graph are known by the tables that name them, by module_init () and the like, or by what they are called.
 */
function runsOnce(project: Project, name: string): boolean {
  const seen = new Set<string>();
  const work = [name];
  for (let one = work.pop(); one !== undefined; one = work.pop()) {
    if (seen.has(one) || seen.size >= MAX_SEEN) continue;
    seen.add(one);
    const callers = project.callers(one).flatMap((caller) => (caller.name === one ? [] : [caller.name]));
    const roles = rolesOf(project, one);
    if (roles.length === 0 && callers.length > 0) work.push(...callers);
    else if (roles.length > 0 ? !roles.every((role) => ONCE.has(role)) : !SETUP.test(one)) return false;
  }
  return true;
}
