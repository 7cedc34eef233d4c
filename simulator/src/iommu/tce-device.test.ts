import { describe, expect, it } from 'vitest';
import { type DdwRequest, enableDdw } from './ddw.ts';
import { TceTable } from './tce.ts';
import { TceDevice } from './tce-device.ts';

const GIB = 2n ** 30n;
const PMEM = 2n ** 39n;
const REQUEST: DdwRequest = {
  ramMax: 128n * GIB,
  persistentMemory: true,
  windows: 0,
  windowsAfterRemove: 1,
  largestBlock: 2n ** 24n,
  pageSizeMask: 0b10,
  dmaMaskBits: 64,
  hasDefaultWindow: true,
  canReset: true,
  canLimitAddresses: true,
  defaultTableInUse: false,
  applicable: true,
  createFails: false,
  windowAddress: 2n ** 59n,
  mmio32: [0n, 0n],
};

function device(changes: Partial<DdwRequest>, hybrid = true): TceDevice {
  const request = { ...REQUEST, ...changes };
  const defaultTable = new TceTable({
    entries: 2 ** 18,
    offset: 0,
    pageShift: 12,
    reserved: [0, 0],
    kernelPageBytes: 65536,
  });
  const ddw = enableDdw(request, hybrid);
  return new TceDevice({ ddw, ramMax: request.ramMax, defaultTable, kernelPageBytes: 65536, multiple: true });
}

const routes = (adapter: TceDevice): readonly string[] =>
  [GIB, PMEM].map((address) => adapter.map(0, address, 65536).route);

describe('TceDevice', () => {
  it('serves RAM from the pre-mapped part of a split window, persistent memory from the dynamic one', () => {
    const adapter = device({});
    expect(routes(adapter)).toEqual(['pre-mapped', 'dynamic']);
    expect(adapter.counters).toMatchObject({ entriesSet: 1, hypercalls: 1, premapHypercalls: 4096 });
  });

  it('serves both dynamically where the window is not split', () => {
    expect(routes(device({}, false))).toEqual(['dynamic', 'dynamic']);
  });

  it('leaves persistent memory to the default window where that could stay', () => {
    expect(routes(device({ windows: 1 }))).toEqual(['pre-mapped', 'default']);
  });

  it('cannot map persistent memory at all when the only window is all pre-mapped RAM', () => {
    expect(routes(device({ persistentMemory: false }))).toEqual(['pre-mapped', 'refused']);
  });

  it('serves all from the default window when none was created', () => {
    expect(routes(device({ applicable: false }))).toEqual(['default', 'default']);
  });

  it('takes 512 entries in one hypercall, and gives all back', () => {
    const adapter = device({}, false);
    adapter.unmap(adapter.map(0, PMEM, 513 * 65536));
    expect(adapter.counters).toMatchObject({ entriesSet: 513, entriesCleared: 513, hypercalls: 4 });
  });
});
