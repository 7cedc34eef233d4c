import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DdwRequest, enableDdw, mapsDirectly, unmapsDirectly } from './ddw.ts';

const GIB = 2n ** 30n;
const WINDOW = 2n ** 59n;

/** An SR-IOV adapter: one window only, 64 KiB pages, 1 TiB in reach, 128 GiB of RAM. */
const SRIOV: DdwRequest = {
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
  windowAddress: WINDOW,
  mmio32: [0x8000_0000n, 0xfeff_ffffn],
};

describe('enableDdw', () => {
  it('maps RAM beforehand when the default window can stay', () => {
    const result = enableDdw({ ...SRIOV, windows: 1, persistentMemory: false });
    expect(result).toMatchObject({ directMapping: true, ramPremapped: true, dynamicTable: null, busDmaLimit: 0n });
  });

  it('splits the only window of an adapter between RAM and persistent memory', () => {
    const result = enableDdw(SRIOV);
    expect(result).toMatchObject({
      directMapping: true,
      ramPremapped: true,
      window: { pageShift: 16, shift: 40 },
      dynamicTable: { address: WINDOW + 128n * GIB, bytes: 2n ** 40n - 128n * GIB, replacesDefault: true },
    });
    expect(mapsDirectly(result, 128n * GIB)).toBe(true);
    expect(mapsDirectly(result, 129n * GIB)).toBe(false);
    expect(unmapsDirectly(result, WINDOW + 129n * GIB)).toBe(true);
  });

  it('was all dynamic before the split was known, and is so when the window is too short', () => {
    const dynamic = { directMapping: false, ramPremapped: false, dynamicTable: { address: WINDOW, bytes: 2n ** 40n } };
    expect(enableDdw(SRIOV, false)).toMatchObject(dynamic);
    expect(enableDdw({ ...SRIOV, ramMax: 2n ** 40n })).toMatchObject(dynamic);
  });

  it('refuses when the only window is in use, or could not be given back', () => {
    for (const change of [{ defaultTableInUse: true }, { hasDefaultWindow: false }, { canReset: false }]) {
      expect(enableDdw({ ...SRIOV, ...change })).toMatchObject({ failed: true, defaultRemoved: false });
    }
  });

  it('still says direct when the window could not be created after that was decided', () => {
    expect(enableDdw({ ...SRIOV, createFails: true })).toMatchObject({
      failed: true,
      directMapping: true,
      windowsReset: true,
      dmaOffset: 0n,
    });
  });

  it('keeps RAM and the dynamic part apart, inside the window', () => {
    const request = fc.record({
      ramMax: fc.bigInt({ min: 1n, max: 2n ** 50n }),
      largestBlock: fc.bigInt({ min: 1n, max: 2n ** 30n }),
      pageSizeMask: fc.integer({ min: 1, max: 511 }),
      persistentMemory: fc.boolean(),
      windows: fc.nat(2),
    });
    fc.assert(
      fc.property(request, (changes) => {
        const { window, dynamicTable, ramPremapped } = enableDdw({ ...SRIOV, ...changes });
        if (window === null) return;
        const end = WINDOW + 2n ** BigInt(window.shift);
        if (dynamicTable !== null) expect(dynamicTable.address + dynamicTable.bytes).toBeLessThanOrEqual(end);
        if (ramPremapped) expect(WINDOW + changes.ramMax).toBeLessThanOrEqual(end);
        const page = 2n ** BigInt(window.pageShift);
        if (ramPremapped && dynamicTable !== null) {
          expect(dynamicTable.address + page).toBeGreaterThan(WINDOW + changes.ramMax);
        }
      }),
    );
  });
});
