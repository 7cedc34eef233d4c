import { RULES } from '../rules/index.ts';

/** The table of `dma-audit rules`. */
export function rulesTable(): string {
  return table([
    ['RULE', 'SEVERITY', 'FOR', 'DEFAULT', 'SUMMARY'],
    ...RULES.map(({ id, severity, dialects, nursery, nurseryIn, summary }) => [
      id,
      severity,
      dialects.join(' '),
      nursery ? 'off' : nurseryIn.length ? `off for ${nurseryIn.join(', ')}` : 'on',
      summary,
    ]),
  ]);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
