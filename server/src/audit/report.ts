import { type Finding, type Rule, ruleById } from '../rules/index.ts';
import type { SourcePlace } from '../sequence/index.ts';
import type { Diagnostic, PathPlace, RelatedPlace } from './diagnostic.ts';
import { operationAt, type RawFinding } from './findings.ts';
import { fingerprint } from './fingerprint.ts';
import type { Project } from './project.ts';
import { plainName } from './unit.ts';

const MAX_PATH = 24;

/** Words a fault. `findings` are all the ways in which it shows, the first one is told in full. */
export function report(project: Project, findings: readonly RawFinding[]): Diagnostic | null {
  const [first, ...others] = findings;
  if (!first) return null;
  const rule = ruleById(first.violation.kind);
  if (!rule) return null;
  const finding = wordsFor(project, first);
  const place = range(project, first.place);
  const consequences = Object.fromEntries(first.breaks.map((b) => [b.platform, b.consequence]));
  return {
    rule: rule.id,
    severity: rule.severity,
    doubt: rule.nursery || rule.nurseryIn.includes(project.dialect) ? 'nursery' : first.certain ? null : 'guess',
    ...place,
    function: plainName(first.place.function),
    message: rule.message(finding),
    platforms: { breaks: first.breaks.map((b) => b.platform), works: first.works },
    consequences,
    related: [
      ...faultPlace(project, first),
      ...relatedPlaces(project, rule, finding, first).filter(({ file, line, column }) => {
        return file !== place.file || line !== place.line || column !== place.column;
      }),
      ...decidedAt(project, first),
      ...otherWays(project, others, first.place),
    ],
    path: pathPlaces(project, first),
    fingerprint: fingerprint(rule.id, plainName(first.place.function), [
      textAt(project, first, first.violation.index),
      ...first.violation.related.map((r) => textAt(project, first, r.index)),
    ]),
  };
}

/** The whole text of an operation. */
function textAt(project: Project, raw: RawFinding, index: number): string {
  const operation = operationAt(raw, index);
  const place = operation && raw.exploration.place(operation.site);
  const text = place && project.unit(place.file)?.text;
  return text?.slice(place?.start, place?.end) ?? '';
}

function snippet(project: Project, place: SourcePlace): string {
  const text = project.unit(place.file)?.text.slice(place.start, place.end) ?? '';
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 77)}…` : line;
}

function wordsFor(project: Project, raw: RawFinding): Finding {
  return {
    violation: raw.violation,
    detail: raw.violation.detail,
    dialect: project.dialect,
    apiOf: (index) => operationAt(raw, index)?.api ?? '',
    textOf: (index) => {
      const operation = operationAt(raw, index);
      return operation ? snippet(project, raw.exploration.place(operation.site)) : '';
    },
  };
}

function range(
  project: Project,
  place: SourcePlace,
): { file: string; line: number; column: number; endLine: number; endColumn: number } {
  const start = position(project, place);
  const end = project.unit(place.file)?.lines.position(place.end) ?? start;
  return { ...start, endLine: end.line, endColumn: end.column };
}

/** Where it begins. */
function position(project: Project, { file, start }: SourcePlace): { file: string; line: number; column: number } {
  const { line, column } = project.unit(file)?.lines.position(start) ?? { line: 1, column: 1 };
  return { file, line, column };
}

/** The operation at fault, where the fault is told elsewhere. */
function faultPlace(project: Project, raw: RawFinding): RelatedPlace[] {
  const operation = operationAt(raw, raw.violation.index);
  if (!operation) return [];
  const at = raw.exploration.place(operation.site);
  const isShown = at.file === raw.place.file && at.start === raw.place.start;
  if (isShown || raw.violation.detail.after !== 'return') return [];
  const { file, line, column } = position(project, at);
  return [{ file, line, column, message: `released again here, by ${plainName(at.function)}` }];
}

function relatedPlaces(project: Project, rule: Rule, finding: Finding, raw: RawFinding): RelatedPlace[] {
  return raw.violation.related.flatMap(({ index, role }) => {
    const operation = operationAt(raw, index);
    if (!operation) return [];
    return [{ ...position(project, raw.exploration.place(operation.site)), message: rule.related(role, finding) }];
  });
}

/** Decisions told beside a loss. */
const MAX_DECISIONS = 3;

/** Where a path that loses something parted from those that do not. */
function decidedAt(project: Project, raw: RawFinding): RelatedPlace[] {
  const operation = operationAt(raw, raw.violation.index);
  const sites = operation?.op === 'lose' ? (operation.decisions ?? []) : [];
  const at = (site: number, message: string): RelatedPlace => ({
    ...position(project, raw.exploration.place(site)),
    message,
  });
  const cleanUp = operation?.op === 'lose' ? operation.cleanUp : undefined;
  return [
    ...sites.slice(-MAX_DECISIONS).map((site) => at(site, 'decided here')),
    ...(cleanUp === undefined ? [] : [at(cleanUp, 'failing paths go on here')]),
  ];
}

function otherWays(project: Project, others: readonly RawFinding[], shown: SourcePlace): RelatedPlace[] {
  const seen = new Set([`${shown.file}:${shown.start}`]);
  const places: RelatedPlace[] = [];
  for (const { place } of others) {
    const key = `${place.file}:${place.start}`;
    if (seen.has(key)) continue;
    seen.add(key);
    places.push({ ...position(project, place), message: 'the same on this path' });
  }
  return places.slice(0, 16);
}

const STEPS = {
  true: 'is true',
  false: 'is false',
  case: 'this case is taken',
  call: 'is entered',
  iterate: 'goes round',
  skip: 'does not go round',
} as const;

/** The path, step by step: decisions, calls and DMA operations up to the fault; of a long one its end. */
function pathPlaces(project: Project, { path, violation, exploration }: RawFinding): PathPlace[] {
  const places: { readonly place: SourcePlace; readonly message: () => string }[] = [];
  const { program, steps } = path;
  let next = 0;
  program.operations.slice(0, violation.index + 1).forEach((operation, index) => {
    for (let step = steps[next]; step && step.before <= index; step = steps[++next]) {
      const { place, what } = step;
      if (what !== 'return') places.push({ place, message: () => `${snippet(project, place)} ${STEPS[what]}` });
    }
    if (
      operation.op === 'declare' ||
      operation.op === 'lose' ||
      operation.op === 'hand-over' ||
      operation.op === 'test-value'
    )
      return;
    const outcome =
      'outcome' in operation && operation.outcome !== 'ok'
        ? ` (${operation.outcome === 'failed' ? 'fails' : 'maps fewer bytes'})`
        : '';
    const { op, api, site } = operation;
    places.push({ place: exploration.place(site), message: () => `${op}: ${api}${outcome}` });
  });
  return places.slice(-MAX_PATH).map(({ place, message }) => {
    const { file, line } = position(project, place);
    return { file, line, message: message() };
  });
}
