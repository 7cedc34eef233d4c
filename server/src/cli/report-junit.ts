import type { Diagnostic } from '../audit/index.ts';
import type { Report } from './report.ts';
import { NAME } from './version.ts';

/** JUnit's XML, which Jenkins and others show: a suite per file, a failed case per finding; one passed case if there are none. */
export function junitReport({ settled: { diagnostics }, elapsedMs }: Report): string {
  const byFile = new Map<string, Diagnostic[]>();
  for (const d of diagnostics) byFile.set(d.file, [...(byFile.get(d.file) ?? []), d]);
  const suites = [...byFile].map(([file, all]) => suite(file, all.map(testCase), all.length));
  if (suites.length === 0) suites.push(suite(NAME, [`    <testcase classname="${NAME}" name="nothing found"/>`], 0));
  const counts = `tests="${Math.max(diagnostics.length, 1)}" failures="${diagnostics.length}"`;
  const time = (elapsedMs / 1000).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${NAME}" ${counts} time="${time}">
${suites.join('\n')}
</testsuites>
`;
}

function suite(name: string, cases: readonly string[], failures: number): string {
  return `  <testsuite name="${escaped(name)}" tests="${cases.length}" failures="${failures}">
${cases.join('\n')}
  </testsuite>`;
}

function testCase(d: Diagnostic): string {
  const place = `${d.file}:${d.line}:${d.column}`;
  const steps = [
    ...d.related.map((r) => `${r.file}:${r.line}: ${r.message}`),
    ...d.path.map((p) => `${p.file}:${p.line}: ${p.message}`),
  ];
  const text = [`${place} in ${d.function}`, d.message, `breaks on: ${d.platforms.breaks.join(', ')}`, ...steps].join(
    '\n',
  );
  return `    <testcase classname="${escaped(d.file)}" name="${escaped(`${d.rule} in ${d.function}, line ${d.line}`)}" file="${escaped(d.file)}" line="${d.line}">
      <failure type="${escaped(d.rule)}" message="${escaped(d.message)}">${escaped(text)}</failure>
    </testcase>`;
}

/** XML 1.0 has no control characters, not even escaped. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
