import type { Rule } from './rule.ts';

/** What a rule's page says, in this order. */
export const HEADINGS = [
  'What it does',
  'Why is this bad?',
  'Example',
  'Use instead',
  'Fix safety',
  'References',
] as const;

/** Every heading of a page, its title first. */
export function headings(page: string): string[] {
  return [...page.matchAll(/^#{1,6} (.+)$/gm)].flatMap(([, text]) => text ?? []);
}

/** The C blocks below one heading. */
export function codeBlocks(page: string, heading: (typeof HEADINGS)[number]): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```c\n([\s\S]*?)^```$/gm)].flatMap(([, code]) => code ?? []);
}

const DIALECTS = { linux: 'Linux', edk2: 'EDK2' } as const;

/** The page that lists every rule, in Markdown. */
export function rulesTable(rules: readonly Rule[]): string {
  const rows = rules.map(({ id, summary, dialects, severity, nursery, nurseryIn, precision, cwe }) => [
    `[${id}](../server/src/rules/${id}.md)`,
    summary,
    dialects.map((d) => DIALECTS[d]).join(', '),
    severity,
    nursery ? 'nursery' : ['on', ...nurseryIn.map((d) => `nursery for ${DIALECTS[d]}`)].join(', '),
    precision.map((p) => `${p.true} of ${p.read} (${p.tree})`).join(', ') || 'not measured yet',
    cwe === null ? '' : `[${cwe}](https://cwe.mitre.org/data/definitions/${cwe}.html)`,
  ]);
  const header = ['Rule', 'What is wrong', 'For', 'Severity', 'Default', 'Precision', 'CWE'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `# Rules

Made from the metadata of the rules by \`npx vitest run server/src/rules -u\`; a test fails when this file is out of date.

A rule words one kind of violation that the simulator raises while it executes a path. A rule in the *nursery* is off until
at least 80 % of its reports on real trees, read one by one, were right. *Precision* is the number of right reports of those
read, with the tree. How the rules are tested is in [testing.md](testing.md).

${[line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')}
`;
}
