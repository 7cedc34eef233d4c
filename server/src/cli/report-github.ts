import type { Diagnostic, Notice } from '../audit/index.ts';
import type { Report } from './report.ts';

const COMMANDS = { error: 'error', warning: 'warning', information: 'notice' } as const;

/** Workflow commands of GitHub Actions, which show findings beside the lines of a pull request. */
export function githubReport({ settled: { diagnostics, notices } }: Report): string {
  return [...diagnostics.map(annotation), ...notices.map(notice)].map((line) => `${line}\n`).join('');
}

function annotation(d: Diagnostic): string {
  const { breaks } = d.platforms;
  const text = breaks.length > 0 ? `${d.message} (breaks on ${breaks.join(', ')})` : d.message;
  const oneLine = d.line === d.endLine ? { col: d.column, endColumn: d.endColumn } : {};
  const place = { file: d.file, line: d.line, endLine: d.endLine, ...oneLine, title: d.rule };
  return command(COMMANDS[d.severity], place, text);
}

function notice({ file, line, column, message }: Notice): string {
  return command('notice', { file, line, col: column, title: 'dma-audit' }, message);
}

function command(name: string, properties: Readonly<Record<string, string | number>>, message: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escaped(`${value}`, /[%\r\n:,]/g)}`);
  return `::${name} ${list.join(',')}::${escaped(message, /[%\r\n]/g)}`;
}

/** As the runner reads it: percent signs, line ends and, in properties, separators as hexadecimal numbers. */
function escaped(text: string, special: RegExp): string {
  return text.replace(special, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
