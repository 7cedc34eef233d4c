import type { Project } from './project.ts';

/** Callers that are looked at in turn. */
const MAX_SEEN = 400;

/** Words by which people call what is done once, where nothing else tells. */
const SETUP =
  /(^|_)(probe|init|setup|attach|detach|remove|exit|create|destroy|alloc|register|config|configure|start|stop|open|close|suspend|resume|reset|reinit|restart|recover|bringup|boot|load|download|fw|firmware|identify|detect|enable|disable|add|del|free|cleanup|selftest|test|show)(_|\d*$)|^(?:Initialize|Init|Create|Start|Reset|Identify|Detect)|(?:Initialize|Init|Start|Stop|EntryPoint|Entry|Reset|Identify|Detect)$/;

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

/** The parts that a function plays in tables and declarations of the project; "other" for one that is not known. */
function rolesOf(project: Project, name: string): readonly string[] {
  const roles: string[] = [];
  const member = new RegExp(`\\.(\\w+)\\s*=\\s*&?${name}\\b`, 'g');
  const declared = new RegExp(
    `\\b(?:module_init|module_exit|\\w*_initcall|EFI_DRIVER_BINDING_PROTOCOL[^;]*)\\W[^;(]*\\b${name}\\b`,
  );
  for (const { text } of project.all) {
    if (!text.includes(name)) continue;
    for (const match of text.matchAll(member)) {
      const table = tableAt(text, match.index);
      const [, member = ''] = match;
      const role = project.models.entryPoint(member, table, project.dialect)?.role;
      roles.push(role ?? (SETUP.test(member) ? 'probe' : 'other'));
    }
    if (declared.test(text)) roles.push('probe');
  }
  return roles;
}

/** The tag of the structure whose initialiser is open at this place. */
function tableAt(text: string, at: number): string | undefined {
  const before = text.slice(Math.max(0, at - 4000), at);
  return [...before.matchAll(/\bstruct\s+(\w+)\s+\w+(?:\[\w*\])?\s*=\s*\{/g)].at(-1)?.[1];
}
