import type { Project } from './project.ts';

/** Words by which people call what is done once, where nothing else tells. */
export const SETUP =
  /(^|_)(probe|init|setup|attach|detach|remove|exit|create|destroy|alloc|register|config|configure|start|stop|open|close|suspend|resume|reset|reinit|restart|recover|bringup|boot|load|download|fw|firmware|identify|detect|enable|disable|add|del|free|cleanup|selftest|test|show)(_|\d*$)|^(?:Initialize|Init|Create|Start|Reset|Identify|Detect)|(?:Initialize|Init|Start|Stop|EntryPoint|Entry|Reset|Identify|Detect)$/;

/** The parts that a function plays in tables and declarations of the project; "other" for one that is not known. */
export function rolesOf(project: Project, name: string): readonly string[] {
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
