/**
 * Queues that map and unmap bounce slots at the same time: a discrete-event model of the areas' locks. Deterministic; time
 * in ns. A queue has a CPU of its own and keeps `depth` mappings, which it has from the start: it unmaps the oldest one, maps
 * another, and works.
 */
export interface ContentionOptions {
  readonly queues: number;
  /** Queue q begins with area q mod `areas`, like a CPU; where there are no slots it goes on to the next area. */
  readonly areas: number;
  readonly slotsPerArea: number;
  /** Slots of one mapping, 1 … 128. */
  readonly slotsPerMapping: number;
  /** Mappings that each queue keeps. */
  readonly depth: number;
  /** How long the lock is held for a search and for a release. */
  readonly mapHoldNs: number;
  readonly unmapHoldNs: number;
  /** Added to a hold when the lock was waited for: its cache line comes from another CPU. */
  readonly handoverNs: number;
  /** Work between a map and the next lock: copying, the driver, the stack. */
  readonly workNs: number;
  /** No map begins after this. */
  readonly durationNs: number;
}

export interface ContentionResult {
  /** Mappings made. */
  readonly maps: number;
  readonly mapsPerSecond: number;
  readonly acquisitions: number;
  /** Acquisitions that found the lock taken. */
  readonly waits: number;
  readonly waitNs: number;
  readonly longestWaitNs: number;
  /** Mappings that had to be placed in another queue's area. */
  readonly spills: number;
  /** Attempts that found no area with room. */
  readonly failures: number;
  /** Most slots held at once. */
  readonly highWater: number;
}

interface Queue {
  readonly home: number;
  /** When it next wants a lock. */
  at: number;
  /** Areas tried so far for the current mapping; -1 = the next step is an unmap. */
  tried: number;
  /** Areas of the mappings held, oldest first. */
  readonly held: number[];
}

export function simulateContention(options: ContentionOptions): ContentionResult {
  const { areas, slotsPerMapping, slotsPerArea, depth, durationNs } = options;
  const busyUntil = new Float64Array(areas);
  const used = new Int32Array(areas);
  const total = { acquisitions: 0, waits: 0, waitNs: 0, longestWaitNs: 0, spills: 0, failures: 0, maps: 0 };
  let slots = 0;
  let highWater = 0;

  /** Takes the area's lock at the earliest; the time at which it is free again. */
  const locked = (area: number, at: number, holdNs: number): number => {
    const free = busyUntil[area] ?? 0;
    const waited = Math.max(0, free - at);
    total.acquisitions += 1;
    if (waited > 0) {
      total.waits += 1;
      total.waitNs += waited;
      total.longestWaitNs = Math.max(total.longestWaitNs, waited);
    }
    const end = at + waited + holdNs + (waited > 0 ? options.handoverNs : 0);
    busyUntil[area] = end;
    return end;
  };

  const hold = (area: number, count: number): void => {
    used[area] = (used[area] ?? 0) + count;
    slots += count;
    highWater = Math.max(highWater, slots);
  };

  const unmap = (queue: Queue): void => {
    const area = queue.held.shift();
    queue.tried = 0;
    if (area === undefined) return;
    queue.at = locked(area, queue.at, options.unmapHoldNs);
    hold(area, -slotsPerMapping);
  };

  const map = (queue: Queue): void => {
    const area = (queue.home + queue.tried) % areas;
    const end = locked(area, queue.at, options.mapHoldNs);
    queue.at = end;
    if ((used[area] ?? 0) + slotsPerMapping <= slotsPerArea) {
      hold(area, slotsPerMapping);
      queue.held.push(area);
      total.maps += 1;
      if (queue.tried > 0) total.spills += 1;
    } else if (queue.tried + 1 < areas) {
      queue.tried += 1;
      return;
    } else total.failures += 1;
    queue.at = end + options.workNs;
    queue.tried = queue.held.length >= depth ? -1 : 0;
  };

  const queues = Array.from({ length: options.queues }, (_, index): Queue => {
    const home = index % areas;
    const held: number[] = [];
    for (let tried = 0; tried < areas && held.length < depth; tried += 1) {
      const area = (home + tried) % areas;
      const room = Math.floor((slotsPerArea - (used[area] ?? 0)) / slotsPerMapping);
      const count = Math.min(room, depth - held.length);
      for (let n = 0; n < count; n += 1) held.push(area);
      hold(area, count * slotsPerMapping);
    }
    // Spread over one round, so that the queues do not start in step.
    return { home, at: (index * options.workNs) / options.queues, tried: held.length < depth ? 0 : -1, held };
  });
  for (;;) {
    const queue = earliest(queues);
    if (queue === undefined || queue.at >= durationNs) break;
    if (queue.tried < 0) unmap(queue);
    else map(queue);
  }
  return { ...total, mapsPerSecond: total.maps / (durationNs / 1e9), highWater };
}

/** The queue that comes next; the lowest numbered of several. */
function earliest(queues: readonly Queue[]): Queue | undefined {
  let first = queues[0];
  for (const queue of queues) if (first !== undefined && queue.at < first.at) first = queue;
  return first;
}
