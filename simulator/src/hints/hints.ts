import type { CounterName, Dialect, HintKind } from '../machine/index.ts';
import { run } from '../machine/index.ts';
import { PLATFORMS } from '../platforms/named.ts';
import type { Platform } from '../platforms/platform.ts';
import type { Program } from '../program/index.ts';
import { bounceHeavy } from './bounce-heavy.ts';
import { conversionChurn } from './conversion-churn.ts';
import { flushPerPage } from './flush-per-page.ts';
import type { Hint, Proposal, Saving } from './hint.ts';
import { mapInLoop } from './map-in-loop.ts';
import { oversizedBounce } from './oversized-bounce.ts';
import { subPageCoherent } from './sub-page-coherent.ts';

interface Finder {
  readonly find: (program: Program) => readonly Proposal[];
  /** What has to fall for the hint to be worth telling. */
  readonly counts: readonly CounterName[];
}

const FINDERS: Readonly<Record<HintKind, Finder>> = {
  'conversion-churn': { find: conversionChurn, counts: ['conversions'] },
  'map-in-loop': { find: mapInLoop, counts: ['conversions', 'invalidations', 'hypercalls'] },
  'flush-per-page': { find: flushPerPage, counts: ['invalidations'] },
  'sub-page-coherent': { find: subPageCoherent, counts: ['conversions'] },
  'bounce-heavy': { find: bounceHeavy, counts: ['bytesToBounce', 'bytesFromBounce'] },
  'oversized-bounce': { find: oversizedBounce, counts: ['refusals'] },
};

const KINDS = Object.keys(FINDERS) as readonly HintKind[];

export const isHintKind = (kind: string): kind is HintKind => Object.hasOwn(FINDERS, kind);

/** One for each way in which a program can cost something. */
const HINT_PLATFORM_IDS: ReadonlySet<string> = new Set([
  'tdx',
  'vtd-strict',
  'swiotlb-32bit',
  'iommudxe-tdx-no-pool',
  'iommudxe-tdx',
  'dmalib-noncoherent',
]);

/** Platforms on which hints are weighed: a few of those that cost most, or those with these identifiers. */
export const hintPlatforms = (dialect: Dialect, ids: ReadonlySet<string> | null = null): readonly Platform[] =>
  PLATFORMS.filter((one) => one.dialects.includes(dialect) && (ids ?? HINT_PLATFORM_IDS).has(one.id));

/** What could cost less in a program, by what the platforms count. Nothing is executed where there is nothing to propose. */
export function hints(program: Program, platforms: readonly Platform[]): readonly Hint[] {
  return KINDS.flatMap((kind) => FINDERS[kind].find(program).flatMap((proposal) => weigh(proposal, platforms)));
}

function weigh({ kind, index, related, detail, now, instead }: Proposal, platforms: readonly Platform[]): Hint[] {
  const { counts } = FINDERS[kind];
  const savings = platforms
    .map((platform) => ({
      platform,
      now: run(now, platform).counters,
      instead: run(instead, platform).counters,
    }))
    .filter((saving) => fall(saving, counts) > 0)
    .sort((a, b) => fall(b, counts) - fall(a, counts));
  return savings.length === 0 ? [] : [{ violation: { kind, index, related, detail, consequence: null }, savings }];
}

const fall = ({ now, instead }: Saving, counts: readonly CounterName[]): number =>
  counts.reduce((sum, name) => sum + now[name] - instead[name], 0);
