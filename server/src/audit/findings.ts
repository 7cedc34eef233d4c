import { type Operation, type Platform, run, type Violation } from '@dma-audit/simulator';
import type { DirectionSource, DmaPath, Exploration, SourcePlace } from '../sequence/index.ts';
import { activations, commonDepth } from './frames.ts';
import { isMadeApart, isOnlyMistaken, isReleasedApart, releasedAt } from './told-apart.ts';

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
  const own = exploration.paths.flatMap((path) => faultsOn(path, exploration, platforms));
  const told = new Set(own.flatMap(lifecycleKeys));
  const later = exploration.lifecycles.flatMap((path) =>
    faultsOn(path, exploration, platforms).filter(
      (finding) => isOfLifecycle(finding) && !lifecycleKeys(finding).some((key) => told.has(key)),
    ),
  );
  const findings = [...own, ...later.map((finding) => ({ ...finding, certain: false }))];
  // Freeing twice what was unmapped twice is one fault.
  const unmappedTwice = new Set(
    findings.flatMap(({ violation, place }) => (violation.kind === 'double-unmap' ? [place] : [])),
  );
  // So is leaving a mapping and freeing what is mapped.
  const left = findings.filter(({ violation }) => violation.detail.why === 'memory-freed');
  const surely = new Set(left.flatMap((one) => (one.certain ? [faultOrigin(one)] : [])));
  const perhaps = new Set(left.map(faultOrigin));
  return findings.filter((finding) => {
    const { violation, place, exploration, certain } = finding;
    if (violation.kind === 'double-free') return !unmappedTwice.has(place);
    const [made] = violation.related;
    const operation = violation.kind === 'free-while-mapped' && made ? operationAt(finding, made.index) : undefined;
    return !operation || !(certain ? surely : perhaps).has(exploration.place(operation.site));
  });
}

/** Under which a fault is known: what was lost, whichever way that is called, is one fault. */
function lifecycleKeys(finding: RawFinding): readonly string[] {
  const origin = isLost(finding) ? faultOrigin(finding) : null;
  return [faultKey(finding), ...(origin ? [`lost ${origin.file}:${origin.start}`] : [])];
}

const isLost = (finding: RawFinding): boolean => operationAt(finding, finding.violation.index)?.op === 'lose';

function faultsOn(path: DmaPath, exploration: Exploration, platforms: readonly Platform[]): RawFinding[] {
  const [first, ...others] = platforms;
  if (!first || !path.program.operations.length) return [];
  const { violations } = run(path.program, first);
  if (!violations.length) return [];
  const runs = others.map((platform) => ({ platform, violations: run(path.program, platform).violations }));
  return violations.map((violation, i) => {
    const verdicts = [
      { platform: first, verdict: violation },
      ...runs.map((r) => ({ platform: r.platform, verdict: r.violations[i] })),
    ];
    return {
      violation,
      path,
      exploration,
      breaks: verdicts.flatMap(({ platform, verdict }) =>
        verdict?.consequence ? [{ platform: platform.id, consequence: verdict.consequence }] : [],
      ),
      works: verdicts.flatMap(({ platform, verdict }) =>
        verdict && verdict.consequence === null ? [platform.id] : [],
      ),
      ...judge(violation, path, exploration),
    };
  });
}

/**
 * Does the counterpart release otherwise than the beginning has made, or leave it? What one of them does wrong by itself is told
 * where that is explored.
 */
function isOfLifecycle({ violation: { kind, index, related }, path: { program } }: RawFinding): boolean {
  const { operations } = program;
  const middle = operations.findIndex(({ op }) => op === 'return');
  const op = operations[index]?.op;
  // Each function finds the device in its own way.
  const isRelease = (op === 'unmap' || op === 'free' || op === 'lose') && kind !== 'device-mismatch';
  if (op === 'exit-boot-services') return true;
  const decisive = RELEASED_TWICE.has(kind) ? related.filter(({ role }) => role === 'released') : related;
  return isRelease && index > middle && decisive.some((one) => one.index < middle);
}

/** What happens in a callee, but is the caller's mistake: its call is where it is told. */
const OF_CALLERS: ReadonlySet<Violation['kind']> = new Set([
  'unchecked-allocation',
  'sleeping-in-atomic',
  'unmappable-memory',
]);

function callAtFault({ kind, index }: Violation, path: DmaPath, exploration: Exploration): SourcePlace | undefined {
  const site = path.program.operations[index]?.site;
  if (!OF_CALLERS.has(kind) || site === undefined) return undefined;
  if (exploration.place(site).function === exploration.function) return undefined;
  return path.steps.findLast(
    ({ what, before, place }) => what === 'call' && before <= index && place.function === exploration.function,
  )?.place;
}

export const operationAt = (finding: RawFinding, index: number): Operation | undefined =>
  finding.path.program.operations[index];

/** Two findings with equal keys are one fault: the same kind at the same origin, however the path came there. */
export function faultKey(finding: RawFinding): string {
  const { violation, exploration } = finding;
  // One release by callers may come after several of the function's own; one callee maps the stacks of several callers.
  const isPlaced = violation.detail.after === 'return' || violation.detail.memory === 'stack';
  const place = isPlaced ? finding.place : faultOrigin(finding);
  const at = place ? `${place.file}:${place.start}` : '?';
  return `${violation.kind}@${at}${hasManyWays(violation.kind) ? ` in ${exploration.function}` : ''}`;
}

/** Where a fault comes from: the operation at fault, or the one that made what has many ways to be lost. */
export function faultOrigin(finding: RawFinding): SourcePlace | null {
  const { violation, exploration } = finding;
  const origin = hasManyWays(violation.kind)
    ? violation.related.find((r) => r.role === 'mapped' || r.role === 'allocated')
    : undefined;
  const operation = operationAt(finding, origin?.index ?? violation.index);
  return operation ? exploration.place(operation.site) : null;
}

function hasManyWays(kind: Violation['kind']): boolean {
  switch (kind) {
    // One origin, many ways out of one function: one fault.
    case 'mapping-leak':
    case 'buffer-leak':
    case 'channel-leak':
    case 'lifecycle-leak':
    case 'short-mapping':
    // The halves of one address are told in turn.
    case 'unmapped-common-buffer':
      return true;
    default:
      return false;
  }
}

/** Kinds that say something about one operation and its result: callees and loops do not make them doubtful. */
const LOCAL: ReadonlySet<Violation['kind']> = new Set([
  'unchecked-mapping',
  'wrong-mapping-check',
  'channel-leak',
  'sync-mismatch',
  'unchecked-allocation',
  'unchecked-mask',
  'wrong-address',
  'invalid-attributes',
  'shared-cache-line',
  'sg-count-mismatch',
  'wrong-handle',
  'export-offset',
  'foreign-common-buffer',
  'unmapped-common-buffer',
  'exit-boot-services-memory-map',
]);

/** Kinds of faults between two operations: when these lie in different callees, it is the calls that are wrong. */
const BETWEEN: ReadonlySet<Violation['kind']> = new Set([
  'double-unmap',
  'double-free',
  'use-after-unmap',
  'free-while-mapped',
  'unmap-after-failed-map',
]);

const RELEASED_TWICE: ReadonlySet<Violation['kind']> = new Set(['double-unmap', 'double-free']);

/** Does the operation release one of several things that a loop makes? */
const isInLoop = (operation: Operation | undefined, exploration: Exploration): boolean =>
  operation !== undefined &&
  'target' in operation &&
  'id' in operation.target &&
  exploration.isInLoop(operation.target.id);

/** Nothing is decided between two operations: it is the same thing, in the same turn of every loop. */
const isStraight = ({ steps }: DmaPath, first: number, last: number): boolean =>
  !steps.some(({ what, before }) => DECISIONS.has(what) && before > first && before <= last);

const DECISIONS: ReadonlySet<string> = new Set(['true', 'false', 'case', 'iterate', 'skip']);

/** Do both ends say which way, so that nothing that was not seen makes them agree? The map call may choose between two. */
function isGivenOutright({ index, related }: Violation, { program }: DmaPath, exploration: Exploration): boolean {
  const source = (i: number | undefined): DirectionSource => {
    const site = i === undefined ? undefined : program.operations[i]?.site;
    return site === undefined ? 'elsewhere' : exploration.directionSource(site);
  };
  const made = related.find(({ role }) => role === 'mapped');
  return source(index) === 'constant' && made !== undefined && source(made.index) !== 'elsewhere';
}

/** What may have the place of another operation: the release of a channel stops it as well, and any may sleep. */
const ALONG: ReadonlySet<Operation['op']> = new Set(['lose', 'device-stop', 'sleep']);

/** Where a fault is told, and whether anything on the path had to be guessed. */
function judge(violation: Violation, path: DmaPath, exploration: Exploration): Pick<RawFinding, 'place' | 'certain'> {
  const { operations, dialect } = path.program;
  const indices = [violation.index, ...violation.related.map((r) => r.index)];
  const places = indices.flatMap((i) => {
    const site = operations[i]?.site;
    return site === undefined ? [] : [exploration.place(site)];
  });
  const [place] = places;
  if (!place) throw new Error('a violation without an operation');
  const isOwn = (one: SourcePlace): boolean => one.function === exploration.function && one.file === exploration.file;
  const isGuarded =
    (violation.kind === 'free-while-mapped' && path.mayBeUnmapped.has(violation.index)) ||
    (violation.kind === 'api-mismatch' && isReleasedApart(violation, path, exploration)) ||
    (violation.kind === 'direction-mismatch' && isMadeApart(violation, path, exploration, places.every(isOwn)));
  const isClaimed = violation.detail.certain !== 'no' && !isGuarded;
  if (violation.kind === 'direction-mismatch')
    return { place, certain: isClaimed && isGivenOutright(violation, path, exploration) };
  if (LOCAL.has(violation.kind))
    return { place: callAtFault(violation, path, exploration) ?? place, certain: isClaimed };
  // It is too early for whatever maps the list later.
  if (violation.kind === 'unmapped-sg-access' && violation.detail.entry === undefined)
    return { place, certain: isClaimed && places.some(isOwn) };
  // Sizes that are reckoned are seldom what they seem; fields that are given as they stand are not.
  if (violation.kind === 'size-mismatch' && dialect === 'linux')
    return { place, certain: isClaimed && violation.detail.madeField !== undefined && isOwn(place) };
  if (violation.detail.why === 'other-stopped') return { place, certain: isClaimed && places.every(isOwn) };
  // Whoever takes the lock is to blame.
  if (violation.kind === 'sleeping-in-atomic') {
    const lock = places.at(-1);
    const isOwnLock = lock !== undefined && isOwn(lock);
    return { place: callAtFault(violation, path, exploration) ?? place, certain: isClaimed && isOwnLock };
  }
  // What happens after the function has returned, callers do to what it left them.
  if (violation.detail.after === 'return') {
    const [released] = violation.related;
    const call = released && activations(path)[released.index]?.[0]?.call;
    return { place: call ?? places[1] ?? place, certain: isClaimed };
  }
  // Whoever lends its stack is to blame, not the function that maps what it is given.
  if (dialect === 'linux' && violation.detail.memory === 'stack') {
    const operation = operations[violation.index];
    const isOwnStack =
      operation?.op === 'map' && operation.buffer.to === 'buffer' && exploration.isOwn(operation.buffer.id);
    return { place: callAtFault(violation, path, exploration) ?? place, certain: isClaimed && isOwnStack };
  }
  // Of a loss in Linux the path itself knows.
  if (dialect === 'linux' && operations[violation.index]?.op === 'lose') return { place, certain: isClaimed };
  // Whoever ends what was handed over takes it back.
  const isEnd = operations[violation.index]?.op === 'unmap' || operations[violation.index]?.op === 'free';
  const isAlong = ({ op }: Operation): boolean => ALONG.has(op) || (isEnd && op === 'hand-over');
  const isRepeated = indices.some((i) => {
    const site = operations[i]?.site;
    return operations.filter((o) => o.site === site && !isAlong(o)).length > 1;
  });
  const around = activations(path);
  const chains = indices.map((i) => around[i] ?? []);
  if (dialect === 'linux' && RELEASED_TWICE.has(violation.kind)) {
    // What others made, or nobody, may be guarded by what is not seen; which of several was released, by a callee or in a loop, too.
    const isMade = violation.related.some(({ role }) => role === 'mapped' || role === 'allocated');
    const [again, released] = places;
    const isFirstOwn = released !== undefined && isOwn(released) && violation.related[0]?.role === 'released';
    const isSeen = indices.every((i) => !isInLoop(operations[i], exploration));
    const call = chains[0]?.[0]?.call;
    const isOneTurn = isOwn(place) && isStraight(path, violation.related[0]?.index ?? 0, violation.index);
    // Who frees it otherwise the second time may mean another variable of that name.
    const [family, before] = indices.map((i) => releasedAt(path, i)?.family);
    const isSameThing = violation.kind === 'double-unmap' || family === before;
    const isSure = (isSeen && !isRepeated) || (isOneTurn && isSameThing);
    return { place: call ?? again ?? place, certain: isClaimed && isMade && isFirstOwn && isSure };
  }
  // However often: nothing is made here that such a release is for.
  if (violation.kind === 'api-mismatch' && dialect === 'linux' && isOnlyMistaken(violation, path, exploration))
    return { place, certain: isClaimed && places.every(isOwn) };
  if (dialect === 'linux' || !places.some((one) => !isOwn(one)))
    return { place, certain: isClaimed && !isRepeated && places.every(isOwn) };
  // What lies in one callee altogether is told where that one is explored by itself.
  const isLost = operations[violation.index]?.op === 'lose';
  if (isLost) return { place, certain: isClaimed && !isRepeated };
  const isBetween = BETWEEN.has(violation.kind) && indices.length > 1 && commonDepth(chains) === 0;
  return isBetween ? { place: chains[0]?.[0]?.call ?? place, certain: isClaimed } : { place, certain: false };
}
