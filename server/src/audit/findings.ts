import { type Operation, type Platform, run, type Violation } from '@dma-audit/simulator';
import type { DmaPath, Exploration, SourcePlace } from '../sequence/index.ts';

/** A violation with the path on which it happened and what it does on each platform. */
export interface RawFinding {
  readonly violation: Violation;
  readonly path: DmaPath;
  readonly exploration: Exploration;
  readonly breaks: readonly { readonly platform: string; readonly consequence: string }[];
  readonly works: readonly string[];
  /** Where it is reported. */
  readonly place: SourcePlace;
  /**
   * Nothing on the path had to be taken for something else: all operations at fault are in the analysed function itself, and
   * outside of its loops. Others are shown only when asked for.
   */
  readonly certain: boolean;
}

/**
 * Executes every path. Which faults there are does not depend on the platform, what they do there does: a path is run once,
 * and on the other platforms only when something went wrong.
 */
export function execute(exploration: Exploration, platforms: readonly Platform[]): RawFinding[] {
  const findings: RawFinding[] = [];
  const [first, ...others] = platforms;
  if (!first) return findings;
  for (const path of exploration.paths) {
    if (!path.program.operations.length) continue;
    const { violations } = run(path.program, first);
    if (!violations.length) continue;
    const runs = others.map((platform) => ({ platform, violations: run(path.program, platform).violations }));
    violations.forEach((violation, i) => {
      const verdicts = [
        { platform: first, verdict: violation },
        ...runs.map((r) => ({ platform: r.platform, verdict: r.violations[i] })),
      ];
      const site = path.program.operations[violation.index]?.site;
      if (site === undefined) return;
      findings.push({
        violation,
        path,
        exploration,
        breaks: verdicts.flatMap(({ platform, verdict }) =>
          verdict?.consequence ? [{ platform: platform.id, consequence: verdict.consequence }] : [],
        ),
        works: verdicts.flatMap(({ platform, verdict }) =>
          verdict && verdict.consequence === null ? [platform.id] : [],
        ),
        place: exploration.place(site),
        certain: isCertain(violation, path, exploration),
      });
    });
  }
  return findings;
}

export const operationAt = (finding: RawFinding, index: number): Operation | undefined =>
  finding.path.program.operations[index];

/** Two findings with equal keys are one fault: the same kind at the same origin, however the path came there. */
export function faultKey(finding: RawFinding): string {
  const { violation, exploration } = finding;
  const at = (index: number) => {
    const operation = operationAt(finding, index);
    const place = operation && exploration.place(operation.site);
    return place ? `${place.file}:${place.start}` : '?';
  };
  const origin = violation.related.find((r) => r.role === 'mapped' || r.role === 'allocated');
  switch (violation.kind) {
    // One origin, many ways out: one fault.
    case 'mapping-leak':
    case 'buffer-leak':
    case 'channel-leak':
    case 'short-mapping':
    // The halves of one address are told in turn.
    case 'unmapped-common-buffer':
      return `${violation.kind}@${origin ? at(origin.index) : at(violation.index)}`;
    default:
      return `${violation.kind}@${at(violation.index)}`;
  }
}

/** Kinds that say something about one operation and its result: callees and loops do not make them doubtful. */
const LOCAL: ReadonlySet<Violation['kind']> = new Set([
  'unchecked-mapping',
  'wrong-mapping-check',
  'direction-mismatch',
  'sg-count-mismatch',
  'wrong-handle',
  'foreign-common-buffer',
  'unmapped-common-buffer',
  'exit-boot-services-memory-map',
]);

function isCertain(violation: Violation, path: DmaPath, exploration: Exploration): boolean {
  if (violation.detail.certain === 'no') return false;
  if (LOCAL.has(violation.kind)) return true;
  const sites = [violation.index, ...violation.related.map((r) => r.index)].map(
    (i) => path.program.operations[i]?.site,
  );
  return sites.every((site) => {
    if (site === undefined) return false;
    const { function: name, file } = exploration.place(site);
    const times = path.program.operations.filter((o) => o.site === site && o.op !== 'lose').length;
    return name === exploration.function && file === exploration.file && times <= 1;
  });
}
