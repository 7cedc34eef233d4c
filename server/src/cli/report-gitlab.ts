import { createHash } from 'node:crypto';
import type { Report } from './report.ts';
import { jsonText } from './terminal.ts';

const SEVERITIES = { error: 'critical', warning: 'major', information: 'info' } as const;

/** The code quality report that GitLab shows in merge requests: an array of Code Climate issues. */
export function gitlabReport({ settled: { diagnostics } }: Report): string {
  const issues = diagnostics.map((d) => ({
    type: 'issue',
    check_name: d.rule,
    description: d.message,
    categories: ['Bug Risk'],
    severity: SEVERITIES[d.severity],
    // GitLab tells issues apart by the fingerprint alone.
    fingerprint: createHash('sha256').update(`${d.file}\0${d.fingerprint}`).digest('hex').slice(0, 32),
    location: { path: d.file, lines: { begin: d.line, end: d.endLine } },
  }));
  return jsonText(issues);
}
