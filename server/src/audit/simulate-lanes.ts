import type { Operation, Program, Reference, TimelineEntry } from '@dma-audit/simulator';

/** A row of the timeline: a piece of memory, or a mapping whose memory is not seen. */
export interface Lane {
  readonly kind: 'buffer' | 'mapping';
  readonly label: string;
}

/**
 * What a lane's memory is after a step. `absent`: not there yet. `cpu`: the CPU owns it. `device`: a mapping is in force and
 * the device may use it. `lent`: mapped, but synced for the CPU. `freed`. `lost`: nobody holds it any more.
 * `unseen`: code that is not seen has it.
 */
export type LaneOwner = 'absent' | 'cpu' | 'device' | 'lent' | 'freed' | 'lost' | 'unseen';

export interface LaneState {
  readonly owner: LaneOwner;
  /** Made shared with the host in place; always false on platforms whose memory is plain. */
  readonly shared: boolean;
  /** The device reaches it through a bounce buffer. */
  readonly bounced: boolean;
}

/** Which lane each buffer and mapping of a program is shown on. */
export interface LanePlan {
  readonly lanes: readonly Lane[];
  /** Lane of what an operation works on; null = none. */
  readonly laneOf: (operation: Operation) => number | null;
}

export function planLanes(program: Program, labelOf: (operation: Operation) => string): LanePlan {
  const lanes: Lane[] = [];
  const buffers = new Map<number, number>();
  const mappings = new Map<number, number>();
  const used = new Set(program.operations.flatMap((one) => (one.op === 'map' ? [bufferIn(one.buffer)] : [])));
  const add = (kind: Lane['kind'], label: string): number => lanes.push({ kind, label }) - 1;
  const laneOfReference = (reference: Reference): number | null => {
    if (reference.to === 'buffer') return buffers.get(reference.id) ?? null;
    if (reference.to !== 'mapping') return null;
    return mappings.get(reference.id) ?? null;
  };
  for (const operation of program.operations) {
    if (operation.op === 'allocate') {
      if (operation.memory === 'dma' || used.has(operation.buffer))
        buffers.set(operation.buffer, add('buffer', labelOf(operation)));
    } else if (operation.op === 'declare') {
      if (used.has(operation.buffer)) buffers.set(operation.buffer, add('buffer', labelOf(operation)));
    } else if (operation.op === 'map') {
      const lane = laneOfReference(operation.buffer);
      mappings.set(operation.mapping, lane ?? add('mapping', labelOf(operation)));
    } else if ('target' in operation && operation.target.to === 'mapping' && !mappings.has(operation.target.id)) {
      mappings.set(operation.target.id, add('mapping', labelOf(operation)));
    }
  }
  const laneOf = (operation: Operation): number | null => {
    switch (operation.op) {
      case 'allocate':
      case 'declare':
        return buffers.get(operation.buffer) ?? null;
      case 'map':
        return mappings.get(operation.mapping) ?? null;
      default:
        return 'target' in operation ? laneOfReference(operation.target) : null;
    }
  };
  return { lanes, laneOf };
}

const bufferIn = (reference: Reference): number | null => (reference.to === 'buffer' ? reference.id : null);

/** The state of every lane after each operation. */
export function laneStates(
  program: Program,
  { lanes, laneOf }: LanePlan,
  timeline: readonly TimelineEntry[],
  encrypted: boolean,
): readonly (readonly LaneState[])[] {
  const given: LaneState = { owner: 'device', shared: false, bounced: false };
  const start: LaneState = { owner: 'absent', shared: false, bounced: false };
  let now: readonly LaneState[] = lanes.map(() => start);
  // A lane whose mapping the program was handed is the device's from the beginning.
  const begun = new Set<number>();
  for (const operation of program.operations) {
    const lane = laneOf(operation);
    if (lane === null || begun.has(lane)) continue;
    begun.add(lane);
    if (operation.op !== 'allocate' && operation.op !== 'declare' && operation.op !== 'map')
      now = now.map((state, i) => (i === lane ? given : state));
  }
  return program.operations.map((operation, index) => {
    const lane = laneOf(operation);
    const entry = timeline[index];
    if (lane !== null && entry !== undefined)
      now = now.map((state, i) => (i === lane ? next(state, operation, entry, encrypted) : state));
    return now;
  });
}

function next(state: LaneState, operation: Operation, entry: TimelineEntry, encrypted: boolean): LaneState {
  // Pages of a bounce buffer are not those of the lane.
  const own = encrypted && entry.address !== 'bounce' && !state.bounced;
  const shared =
    own && (entry.changes.pagesShared ?? 0) > 0
      ? true
      : own && (entry.changes.pagesPrivate ?? 0) > 0
        ? false
        : state.shared;
  switch (operation.op) {
    case 'allocate':
      return operation.outcome === 'failed' ? state : { owner: 'cpu', shared, bounced: false };
    case 'declare':
      return { ...state, owner: 'cpu' };
    case 'map':
      if (operation.outcome === 'failed' || entry.address === 'none') return state;
      return { owner: 'device', shared, bounced: entry.address === 'bounce' };
    case 'unmap':
      return { owner: 'cpu', shared, bounced: false };
    case 'sync':
      return { ...state, owner: operation.owner === 'cpu' ? 'lent' : 'device' };
    case 'free':
      return { owner: 'freed', shared, bounced: false };
    case 'lose':
      return { ...state, owner: 'lost' };
    case 'hand-over':
      return { ...state, owner: 'unseen' };
    default:
      return { ...state, shared };
  }
}
