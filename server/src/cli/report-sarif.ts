import { pathToFileURL } from 'node:url';
import type { Diagnostic, Notice, PathPlace } from '../audit/index.ts';
import { RULES, type Rule, type Severity } from '../rules/index.ts';
import type { Report } from './report.ts';
import { rulePage } from './rule-pages.ts';
import { jsonText } from './terminal.ts';
import { HOMEPAGE, NAME, RULE_HELP, VERSION } from './version.ts';

const LEVELS = { error: 'error', warning: 'warning', information: 'note' } as const satisfies Record<Severity, string>;

/** Where the addresses of files begin: the root of the check. */
const ROOT = '%SRCROOT%';

/**
 * SARIF 2.1.0. Suppressed findings and those of the baseline are left out: GitHub code scanning shows results with
 * `suppressions` as open ones.
 */
export function sarifReport({ result, settled, root, ruleHelp }: Report): string {
  const reported = new Set(settled.diagnostics.map(({ rule }) => rule));
  const rules = RULES.filter(({ id, nursery }) => !nursery || reported.has(id));
  const indices = new Map<string, number>(rules.map(({ id }, i) => [id, i]));
  const cwes = [...new Set(rules.flatMap(({ cwe }) => cwe ?? []))].sort((a, b) => a - b);
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: NAME,
            semanticVersion: VERSION,
            ...(HOMEPAGE === null ? {} : { informationUri: HOMEPAGE }),
            rules: rules.map((rule) => descriptor(rule, cwes, ruleHelp ?? RULE_HELP)),
            supportedTaxonomies: [{ name: 'CWE', index: 0 }],
          },
        },
        taxonomies: [
          {
            name: 'CWE',
            organization: 'MITRE',
            shortDescription: { text: 'The MITRE Common Weakness Enumeration' },
            taxa: cwes.map((cwe) => ({ id: `${cwe}`, helpUri: cweUri(cwe) })),
          },
        ],
        originalUriBaseIds: { [ROOT]: { uri: `${pathToFileURL(root).href.replace(/\/$/, '')}/` } },
        columnKind: 'utf16CodeUnits',
        automationDetails: { id: `${NAME}/` },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: [
              ...result.skippedFiles.map(({ file, reason }) => notification('note', `skipped: ${reason}`, { file })),
              ...settled.notices.map((notice) => notification('warning', notice.message, notice)),
            ],
          },
        ],
        results: settled.diagnostics.map((d) => sarifResult(d, indices.get(d.rule) ?? -1)),
      },
    ],
  };
  return jsonText(log);
}

function descriptor(rule: Rule, cwes: readonly number[], ruleHelp: string | null) {
  const page = rulePage(rule);
  // Without an address of ours, the one of the weakness; the page itself is in `help` in any case.
  const helpUri = ruleHelp?.replaceAll('{rule}', rule.id) ?? (rule.cwe === null ? null : cweUri(rule.cwe));
  return {
    id: rule.id,
    name: rule.id.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: rule.summary },
    fullDescription: { text: rule.summary },
    help: { text: page, markdown: page },
    ...(helpUri === null ? {} : { helpUri }),
    ...(rule.cwe === null ? {} : { relationships: [cweRelation(rule.cwe, cwes)] }),
    defaultConfiguration: { level: LEVELS[rule.severity], enabled: !rule.nursery },
    properties: {
      tags: ['dma', ...rule.dialects, ...(rule.cwe === null ? [] : ['security', `external/cwe/cwe-${rule.cwe}`])],
    },
  };
}

const cweUri = (cwe: number): string => `https://cwe.mitre.org/data/definitions/${cwe}.html`;

const cweRelation = (cwe: number, cwes: readonly number[]) => ({
  target: { id: `${cwe}`, index: cwes.indexOf(cwe), toolComponent: { name: 'CWE', index: 0 } },
  kinds: ['superset'],
});

function sarifResult(d: Diagnostic, ruleIndex: number) {
  const { breaks, works } = d.platforms;
  const where = [
    ...(breaks.length > 0 ? [`Breaks on ${breaks.join(', ')}`] : []),
    ...(works.length > 0 ? [`happens to work on ${works.join(', ')}`] : []),
  ];
  return {
    ruleId: d.rule,
    ruleIndex,
    level: LEVELS[d.severity],
    message: { text: [sentence(d.message), ...(where.length > 0 ? [sentence(where.join('; '))] : [])].join(' ') },
    locations: [
      {
        physicalLocation: {
          artifactLocation: artifact(d.file),
          region: { startLine: d.line, startColumn: d.column, endLine: d.endLine, endColumn: d.endColumn },
        },
        logicalLocations: [{ name: d.function, kind: 'function' }],
      },
    ],
    relatedLocations: d.related.map((place, id) => ({ id, ...location(place), message: { text: place.message } })),
    ...(d.path.length > 0
      ? { codeFlows: [{ threadFlows: [{ locations: d.path.map((step) => ({ location: flowLocation(step) })) }] }] }
      : {}),
    partialFingerprints: { 'dmaAudit/v1': d.fingerprint },
    properties: { platforms: d.platforms, consequences: d.consequences },
  };
}

const flowLocation = (step: PathPlace) => ({ ...location(step), message: { text: step.message } });

function location({ file, line, column }: { readonly file: string; readonly line?: number; readonly column?: number }) {
  const region = {
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
  return {
    physicalLocation: { artifactLocation: artifact(file), ...(line === undefined ? {} : { region }) },
  };
}

const notification = (
  level: 'note' | 'warning',
  text: string,
  place: Omit<Notice, 'message' | 'line' | 'column'> & Partial<Notice>,
) => ({
  level,
  message: { text: sentence(text) },
  locations: [location(place)],
});

/** Each part of a relative reference, escaped: a name may hold anything. */
const artifact = (file: string) => ({ uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT });

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
