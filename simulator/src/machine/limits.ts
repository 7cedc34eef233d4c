import type { AllocateGrant, MapGrant, MemorySystem } from './memory-system.ts';

/** Bytes of one request, and of all large ones that are held: more than that no machine hands out to a device. */
const MAX_REQUEST = 2 ** 32;
const MAX_HELD = 2 ** 35;
/** Smaller requests are not counted: as many as that would take are in no program. */
const LARGE = 2 ** 20;

const REFUSED = { id: -1, refused: 'more memory than any machine has for a device' } as const;

/** The same system, which refuses what no machine could serve: each page that it keeps track of takes memory here too. */
export function withLimits(system: MemorySystem): MemorySystem {
  const sizes = { allocations: new Map<number, number>(), mappings: new Map<number, number>() };
  let held = 0;
  const isTooMuch = (bytes: number | null): boolean =>
    bytes !== null && bytes >= LARGE && (bytes > MAX_REQUEST || held + bytes > MAX_HELD);
  const hold = (of: Map<number, number>, id: number, bytes: number | null): void => {
    if (bytes === null || bytes < LARGE) return;
    of.set(id, bytes);
    held += bytes;
  };
  const drop = (of: Map<number, number>, id: number): void => {
    held -= of.get(id) ?? 0;
    of.delete(id);
  };
  return {
    allocate: (request): AllocateGrant => {
      if (isTooMuch(request.bytes)) return REFUSED;
      const grant = system.allocate(request);
      hold(sizes.allocations, grant.id, request.bytes);
      return grant;
    },
    free: (id) => {
      if (id === REFUSED.id) return;
      drop(sizes.allocations, id);
      system.free(id);
    },
    map: (request): MapGrant => {
      if (isTooMuch(request.bytes)) return { ...REFUSED, address: 'none' };
      const grant = system.map(request);
      hold(sizes.mappings, grant.id, request.bytes);
      return grant;
    },
    unmap: (grant) => {
      if (grant.id === REFUSED.id) return;
      drop(sizes.mappings, grant.id);
      system.unmap(grant);
    },
    sync: (grant, owner, bytes) => {
      if (grant.id !== REFUSED.id) system.sync(grant, owner, bytes);
    },
    convert: (request) => {
      if (!isTooMuch(request.bytes)) system.convert(request);
    },
    ...(system.setMask === undefined ? {} : { setMask: (bits: number) => system.setMask?.(bits) }),
    exitBootServices: () => system.exitBootServices(),
    counters: () => system.counters(),
    startup: () => system.startup(),
  };
}
