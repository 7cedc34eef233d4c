import { COSTS, PLATFORMS } from '@dma-audit/simulator';
import { describe, expect, test } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { DEFAULT_BUDGET } from '../sequence/index.ts';
import { createParser } from '../syntax/index.ts';
import { Project } from './project.ts';
import { simulate } from './simulate.ts';
import { simulationBudget } from './simulate-budget.ts';
import { argumentOf, bare, readCall } from './simulate-call.ts';
import type { SimulateOptions } from './simulate-result.ts';
import { parseSize } from './simulate-sizes.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();

function simulated(source: string, name: string, ids: readonly string[], change: Partial<SimulateOptions> = {}) {
  const project = new Project([new Unit('driver.c', source, models, null)], models, parser);
  const platforms = ids.flatMap((id) => PLATFORMS.filter((one) => one.id === id));
  const options: SimulateOptions = {
    platforms,
    sizes: new Map(),
    paths: 'all',
    budget: DEFAULT_BUDGET,
    figures: COSTS,
    ...change,
  };
  const result = simulate(project, 'driver.c', name, options);
  if (result === null) throw new Error(`no ${name}`);
  return result;
}

const SEND = `#include <linux/dma-mapping.h>
static int send(struct device *dev, void *data, size_t length)
{
	dma_addr_t addr;

	addr = dma_map_single(dev, data, length, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	start_transfer(dev, addr);
	dma_unmap_single(dev, addr, length, DMA_TO_DEVICE);
	return 0;
}
`;

const TRANSFER = `#include <Uefi.h>
EFI_STATUS
Transfer (
  IN EFI_PCI_IO_PROTOCOL  *PciIo
  )
{
  EFI_STATUS            Status;
  VOID                  *Ring;
  VOID                  *Mapping;
  UINTN                 Bytes;
  EFI_PHYSICAL_ADDRESS  Address;

  Status = PciIo->AllocateBuffer (PciIo, AllocateAnyPages, EfiBootServicesData, 1, &Ring, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Bytes  = 4096;
  Status = PciIo->Map (PciIo, EfiPciIoOperationBusMasterCommonBuffer, Ring, &Bytes, &Address, &Mapping);
  if (EFI_ERROR (Status)) {
    PciIo->FreeBuffer (PciIo, 1, Ring);
    return Status;
  }

  if (Bytes != 4096) {
    PciIo->Unmap (PciIo, Mapping);
    PciIo->FreeBuffer (PciIo, 1, Ring);
    return EFI_OUT_OF_RESOURCES;
  }

  PciIo->Mem.Write (PciIo, EfiPciIoWidthUint64, 0, 0, 1, &Address);
  PciIo->Unmap (PciIo, Mapping);
  PciIo->FreeBuffer (PciIo, 1, Ring);
  return EFI_SUCCESS;
}
`;

describe('simulate', () => {
  test('of a function with more paths than there is room for, each way out is among those that are kept', () => {
    const maps = Array.from({ length: 12 }, (_, i) => {
      const unless = `if (dma_mapping_error(dev, a))\n\t\t\treturn -${i + 1};`;
      return `\tif (flags & ${2 ** i}) {\n\t\ta = dma_map_single(dev, p, 64, DMA_TO_DEVICE);\n\t\t${unless}\n\t\tdma_unmap_single(dev, a, 64, DMA_TO_DEVICE);\n\t}\n`;
    });
    const source = `#include <linux/dma-mapping.h>\nint many(struct device *dev, void *p, int flags)\n{\n\tdma_addr_t a;\n\n${maps.join('')}\treturn 0;\n}\n`;
    const scarce = simulated(source, 'many', ['tdx'], { budget: { ...simulationBudget(), operations: 400 } });
    expect(scarce.degraded).toContain('too many operations');
    const failing = scarce.paths.filter(({ ending }) => ending === 'fails');
    const refused = failing.map(({ steps }) => steps.findLast(({ outcome }) => outcome === 'failed')?.line);
    expect(new Set(refused).size).toBe(12);
    expect(scarce.overview[0]).toMatchObject({ ending: 'succeeds', marks: expect.arrayContaining(['success']) });
    // Fewer states at each block: fewer paths are told apart, and none of the ways out is lost.
    const narrow = simulated(source, 'many', ['tdx'], { budget: { ...simulationBudget(), statesInAll: 1 } });
    expect(narrow.degraded).toContain('too many states');
    expect(narrow.overview.length).toBeLessThan(
      simulated(source, 'many', ['tdx'], { budget: simulationBudget() }).overview.length,
    );
    expect(narrow.overview.map(({ ending }) => ending)).toEqual(expect.arrayContaining(['succeeds', 'fails']));
  });

  test('a streaming mapping in a TDX guest goes through the pool, from the map to the unmap', () => {
    const { paths, overview } = simulated(SEND, 'send', ['tdx', 'direct']);
    const [success] = paths;
    const [tdx, direct] = success?.runs ?? [];
    expect(overview[0]).toMatchObject({ number: 1, ending: 'succeeds', faults: 0 });
    expect(overview.map(({ ending }) => ending)).toContain('fails');
    expect(success?.lanes).toEqual([{ kind: 'buffer', label: 'data' }]);
    const owners = (run: typeof tdx) =>
      (run?.entries ?? []).map(({ lanes }) => `${lanes[0]?.owner}${lanes[0]?.bounced ? ' bounced' : ''}`);
    expect(new Set(owners(tdx))).toEqual(new Set(['cpu', 'device bounced']));
    expect(owners(tdx).at(-1)).toBe('cpu');
    expect(new Set(owners(direct))).toEqual(new Set(['cpu', 'device']));
    expect(tdx?.counters).toMatchObject({ bytesToBounce: 4096, slotsHighWater: 2, slots: 0 });
    expect(tdx?.startup.pagesShared).toBe(16_384);
  });

  test('a size that the code does not tell is a page, what the user says, or what a comment says', () => {
    const assumed = (source: string, sizes = new Map<string, number>()) =>
      simulated(source, 'send', ['swiotlb'], { sizes }).paths[0];
    expect(assumed(SEND)?.assumptions).toEqual([
      { name: 'length', bytes: 4096, unit: 1, from: 'page', file: 'driver.c', line: 6 },
    ]);
    const told = assumed(SEND, new Map([['length', 65_536]]));
    expect(told?.assumptions[0]).toMatchObject({ bytes: 65_536, from: 'user' });
    expect(told?.runs[0]?.counters.slotsHighWater).toBe(32);
    const commented = SEND.replace('dma_addr_t addr;', 'dma_addr_t addr; /* dma-audit-size: length=8K */');
    expect(assumed(commented)?.assumptions[0]).toMatchObject({ bytes: 8192, from: 'comment' });
  });

  test('a common buffer is shared in place while it is mapped, where there is no pool', () => {
    const [path] = simulated(TRANSFER, 'Transfer', ['iommudxe-tdx-no-pool', 'iommudxe-tdx']).paths;
    const [bare, pooled] = path?.runs ?? [];
    expect(bare?.counters).toMatchObject({ conversions: 2, pagesShared: 1, pagesPrivate: 1, accepts4k: 1 });
    expect(pooled?.counters.conversions).toBe(0);
    const shared = path?.steps.flatMap(({ operation, what }) =>
      operation !== null && bare?.entries[operation]?.lanes[0]?.shared ? [what] : [],
    );
    expect(shared?.[0]).toBe('map');
    expect(shared).not.toContain('unmap');
  });

  test('steps tell places from 1, and decisions between the operations', () => {
    const [path] = simulated(SEND, 'send', ['direct']).paths;
    const map = path?.steps.find(({ what }) => what === 'map');
    expect(map).toMatchObject({
      line: 6,
      column: 9,
      function: 'send',
      text: 'dma_map_single(dev, data, length, DMA_TO_DEVICE)',
    });
    expect(path?.steps.map(({ what }) => what)).toContain('false');
  });

  test('faults are told in the words of their rule', () => {
    const source = SEND.replace('length, DMA_TO_DEVICE);\n\treturn 0', 'length, DMA_FROM_DEVICE);\n\treturn 0');
    const faults = simulated(source, 'send', ['tdx']).paths[0]?.runs[0]?.entries.flatMap((one) => one.violations);
    expect(faults).toMatchObject([{ kind: 'direction-mismatch', consequence: expect.stringContaining('bounce') }]);
  });

  test('there is nothing to simulate in a function that is not there', () => {
    expect(() => simulated(SEND, 'receive', ['direct'])).toThrow('no receive');
  });
});

describe('reading a call', () => {
  test('finds the argument of a role', () => {
    const call = readCall('PciIo->Map (PciIo, Op (a, b), (VOID *)Ring, &Bytes, &Address, &Mapping)', 'edk2', models);
    expect(call?.args).toHaveLength(6);
    expect(call && argumentOf(call, ['size-in-out'])?.text).toBe('Bytes');
    expect(call && argumentOf(call, ['buffer'])?.text).toBe('Ring');
    expect(readCall('a = b', 'edk2', models)).toBeNull();
  });

  test.each([
    ['(VOID **)&Access', 'Access'],
    ['&iod->sgt', 'iod->sgt'],
    ['(UINTN)(Size)', 'Size'],
    ['skb->data + offset', 'skb->data + offset'],
  ])('%s is %s', (text, expected) => expect(bare(text)).toBe(expected));
});

test.each([
  ['4096', 4096],
  ['0x1000', 4096],
  ['64K', 65_536],
  ['2MiB', 2_097_152],
  ['', null],
  ['-1', null],
  ['1e3', null],
  ['99999999G', null],
])('the size %s is %s', (text, expected) => expect(parseSize(text)).toBe(expected));
