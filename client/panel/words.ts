import { COUNTER_NAMES, COUNTERS } from '@dma-audit/simulator';
import type { LaneState, PathOverview, SimulatedEntry, SimulatedStep } from '../../server/src/audit/index.ts';
import { grouped } from './dom.ts';

const ADDRESSES = {
  host: 'the host address',
  offset: 'the host address plus a constant',
  bounce: 'a bounce buffer',
  translated: 'an IOVA',
  none: 'nothing',
} as const;

export const addressWords = ({ address }: SimulatedEntry): string => (address === null ? '' : ADDRESSES[address]);

/** What a step took, one entry for each counter that moved. */
export function changeWords({ changes }: SimulatedEntry): readonly string[] {
  return COUNTER_NAMES.flatMap((name) => {
    const change = changes[name];
    if (change === undefined || change === 0 || name.endsWith('HighWater')) return [];
    return [`${COUNTERS[name].title} ${change < 0 ? '−' : '+'}${grouped(Math.abs(change))}`];
  });
}

const OWNERS: Readonly<Record<LaneState['owner'], string>> = {
  absent: 'not there',
  cpu: 'the CPU has it',
  device: 'mapped: the device has it',
  lent: 'mapped, lent to the CPU',
  freed: 'freed',
  lost: 'lost: nobody holds it',
  unseen: 'left to code that is not seen',
};

export function laneWords({ owner, shared, bounced }: LaneState): string {
  const extra = [...(bounced ? ['by a bounce buffer'] : []), ...(shared ? ['shared with the host'] : [])];
  return [OWNERS[owner], ...extra].join(', ');
}

/** The part of `LaneState` that the drawing shows, as a class name. */
export const laneClass = ({ owner, bounced, shared }: LaneState): string =>
  [owner, ...(bounced ? ['bounced'] : []), ...(shared ? ['shared'] : [])].join(' ');

const STEPS: Readonly<Record<string, string>> = {
  true: 'is true',
  false: 'is false',
  case: 'is the case',
  call: 'is entered',
  iterate: 'goes round again',
  skip: 'is left',
  declare: 'memory',
  'declare-mapping': 'mapped before',
  'cpu-read': 'the CPU reads',
  'cpu-write': 'the CPU writes',
  give: 'given to the device',
  'hand-over': 'left to unseen code',
};

export function stepWords({ what, outcome }: SimulatedStep): string {
  const failed = outcome === null || outcome === 'ok' ? '' : ` (${outcome})`;
  return `${STEPS[what] ?? what}${failed}`;
}

const ENDINGS = {
  succeeds: 'succeeds',
  fails: 'fails',
  returns: 'returns',
  stops: 'does not come to a return',
} as const;

export function pathWords({ number, ending, marks, faults }: PathOverview): string {
  const worst = marks.includes('worst') ? ', the most expensive' : '';
  return `${number}: ${ENDINGS[ending]}${worst}${faults > 0 ? `, ${faults} ${faults === 1 ? 'fault' : 'faults'}` : ''}`;
}
