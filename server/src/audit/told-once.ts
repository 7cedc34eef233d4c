import type { Operation } from '@dma-audit/simulator';
import type { PathStep, SourcePlace } from '../sequence/index.ts';
import { faultOrigin, operationAt, type RawFinding } from './findings.ts';

/**
 * Leaves out what a function has lost when that is told of another function too: of one that it calls, which failed and left it;
 * or, where nobody comes back for it, of one that called it, whose other failing paths take it back.
 */
export function toldOnce(findings: readonly RawFinding[]): readonly RawFinding[] {
  const certain = new Map<string, RawFinding[]>();
  for (const finding of findings) {
    const key = originOf(finding);
    if (!lossOf(finding) || !finding.certain || key === null) continue;
    const others = certain.get(key);
    if (others) others.push(finding);
    else certain.set(key, [finding]);
  }
  return findings.filter((finding) => {
    const key = originOf(finding);
    const lost = lossOf(finding);
    if (!lost || key === null) return true;
    const isEnd = lost.why === 'lifecycle-end';
    const isTold = (other: RawFinding): boolean =>
      lossOf(other)?.why === 'lifecycle-end'
        ? isEnd && isOnTheWay(other, finding)
        : isOnTheWay(other, finding) || (isEnd && isOnTheWay(finding, other));
    return !certain.get(key)?.some(isTold);
  });
}

type Loss = Extract<Operation, { op: 'lose' }>;

function lossOf(finding: RawFinding): Loss | null {
  const operation = operationAt(finding, finding.violation.index);
  return operation?.op === 'lose' ? operation : null;
}

function originOf(finding: RawFinding): string | null {
  const origin = faultOrigin(finding);
  return origin && `${finding.violation.kind} ${placeKey(origin)}`;
}

const placeKey = ({ file, start }: SourcePlace): string => `${file}:${start}`;

/** Does the path of the caller go through that function, by the decisions after which it loses something? */
function isOnTheWay(callee: RawFinding, { path, exploration }: RawFinding): boolean {
  const { function: name, file, place } = callee.exploration;
  if (name === exploration.function && file === exploration.file) return false;
  if (!exploration.entered.has(`${file}:${name}`)) return false;
  const passed = new Set(path.steps.map(stepKey));
  const decided = new Set((lossOf(callee)?.decisions ?? []).map((site) => placeKey(place(site))));
  return callee.path.steps.every((step) => !decided.has(placeKey(step.place)) || passed.has(stepKey(step)));
}

const stepKey = ({ place, what }: PathStep): string => `${placeKey(place)} ${what}`;
