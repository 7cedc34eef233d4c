import { readFileSync } from 'node:fs';
import { type ApiModel, builtinFiles, type ModelFile } from '../../server/src/models/index.ts';

/** `docs/models-reference.md`: the vocabulary of the format, and every entry that comes with the program. */
export function modelsReference(): string {
  return [
    '# Reference of the API models',
    '<!-- Generated: UPDATE_DOCS=1 npx vitest run test/models -->',
    'The words of the format, which [models.md](models.md) explains, and all built-in entries.',
    '## Actions',
    vocabulary('Action'),
    '## Roles of arguments',
    vocabulary('Role'),
    '## Failure signs',
    vocabulary('FailureSign'),
    ...Object.entries(builtinFiles).map(([name, file]) => section(name, file)),
  ]
    .join('\n\n')
    .concat('\n');
}

/** The members of a union type of `schema.ts` with the comments that stand behind them. */
function vocabulary(type: string): string {
  const source = readFileSync(new URL('../../server/src/models/schema.ts', import.meta.url), 'utf8');
  const from = source.indexOf(`export type ${type} =`);
  const lines = source.slice(from, source.indexOf('\n\n', from)).split('\n');
  const rows = lines.flatMap((line) => {
    const [, name, comment = ''] = /'([^']+)';?(?: \/\/ (.*))?$/.exec(line) ?? [];
    return name === undefined ? [] : [`| \`${name}\` | ${cell(comment)} |`];
  });
  return ['| word | meaning |', '|---|---|', ...rows].join('\n');
}

function section(name: string, file: ModelFile): string {
  const parts = [`## ${name}`, `${file.title}. Checked against ${file.version}.`];
  if (file.sources) parts.push(`From ${file.sources.join('; ')}.`);
  if (file.functions) parts.push(functionTable(file.functions));
  if (file.constants)
    parts.push(
      table(
        ['constant', 'meaning'],
        grouped(file.constants.map(({ name, dialects: _, ...facts }) => ({ name: code(name), facts: pairs(facts) }))),
      ),
    );
  if (file.iterators)
    parts.push(
      table(
        ['iterator', 'arguments'],
        grouped(file.iterators.map(({ name, dialects: _, ...facts }) => ({ name: code(name), facts: pairs(facts) }))),
      ),
    );
  if (file.entryPoints)
    parts.push(
      table(
        ['entry point', 'part in the life of a device'],
        grouped(
          file.entryPoints.map(({ member, table: owner, role }) => ({
            name: code(owner === undefined ? member : `${owner}.${member}`),
            facts: role,
          })),
        ),
      ),
    );
  for (const { subject, action, names } of file.harmless ?? [])
    parts.push(`### ${subject}`, `Action \`${action}\`: ${names.map(code).join(', ')}.`);
  return parts.join('\n\n');
}

function functionTable(functions: readonly ApiModel[]): string {
  const rows = functions.map((model) => {
    const {
      name,
      call,
      protocol,
      receivers,
      dialects: _,
      action,
      args,
      result,
      failure,
      family,
      source,
      ...rest
    } = model;
    const facts = [
      code(action),
      [result, failure && `!${failure}`].filter(Boolean).join(' '),
      family ?? '',
      pairs(rest),
    ];
    const words =
      source === undefined ? facts : [...facts.slice(0, -1), [facts.at(-1), source].filter(Boolean).join('; ')];
    const owner = call === 'member' ? `${protocol ?? ''}->` : '';
    return { name: code(owner + name), facts: [`(${args.join(', ')})`, ...words].map(cell).join(' | ') };
  });
  return table(['call', 'arguments', 'action', 'result !failure', 'family', 'more'], grouped(rows));
}

/** Neighbours that say the same share a row. */
function grouped(rows: readonly { readonly name: string; readonly facts: string }[]): readonly string[] {
  const merged: { names: string[]; facts: string }[] = [];
  for (const { name, facts } of rows) {
    const last = merged.at(-1);
    if (last?.facts === facts) last.names.push(name);
    else merged.push({ names: [name], facts });
  }
  return merged.map(({ names, facts }) => `| ${names.join(', ')} | ${facts} |`);
}

function table(heads: readonly string[], rows: readonly string[]): string {
  return [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`, ...rows].join('\n');
}

function pairs(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .map(([key, value]) =>
      value === true ? key : `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    .join(', ')
    .replace(/"/g, '');
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
