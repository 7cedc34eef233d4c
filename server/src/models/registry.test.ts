import { describe, expect, it } from 'vitest';
import { builtinModels } from './builtin.ts';
import { createModels } from './registry.ts';
import type { ApiModel, ModelFile } from './schema.ts';

const models = createModels(builtinModels);

const file = (functions: readonly ApiModel[]): ModelFile => ({ title: 'test', version: '1', functions });
const api = (model: Partial<ApiModel>): ApiModel => ({
  name: 'f',
  call: 'function',
  dialects: ['linux'],
  action: 'none',
  args: [],
  ...model,
});

describe('lookups', () => {
  it('keep the dialects apart', () => {
    expect(models.function('dma_map_single', 'linux')?.action).toBe('map');
    expect(models.function('dma_map_single', 'edk2')).toBeUndefined();
  });

  it('find a member by its number of arguments', () => {
    expect(models.member('SetAttribute', 4, 'edk2', 'mIoMmu')?.args[2]).toBe('mapping');
    expect(models.member('SetAttribute', 3, 'edk2', 'mIoMmu')?.args[1]).toBe('mapping');
    expect(models.member('Map', 5, 'edk2', 'PciIo')).toBeUndefined();
    expect(models.member('Mem.Write', 6, 'edk2', 'PciIo')?.action).toBe('give');
  });

  it.each([
    ['PciIo', 'pci-io'],
    ['Dev->PciIo', 'pci-io'],
    ['mIoMmuProtocol', 'iommu'],
    ['Private->UfsHc', 'ufs-hc'],
    ['PciIoDevice->PciRootBridgeIo', 'root-bridge-io'],
  ])('take the protocol from the receiver %s', (receiver, family) => {
    for (const [name, count] of [
      ['Map', 6],
      ['Unmap', 2],
      ['AllocateBuffer', 6],
      ['FreeBuffer', 3],
    ] as const)
      expect(models.member(name, count, 'edk2', receiver)?.family).toBe(family);
  });

  it('accept any tail of a variadic member', () => {
    for (const count of [3, 4, 9])
      expect(models.member('InstallMultipleProtocolInterfaces', count, 'edk2')?.action).toBe('keep');
  });

  it('expand harmless names', () => {
    expect(models.function('dev_err', 'linux')?.action).toBe('none');
    expect(models.function('msleep', 'linux')).toMatchObject({ action: 'sleep', sleeps: 'always' });
  });

  it('know iterators by name, then by pattern', () => {
    expect(models.iterator('for_each_sg', 'linux')).toMatchObject({ of: 'scatterlist', element: 1, limit: 2 });
    expect(models.iterator('my_for_each_ring', 'linux')?.of).toBe('other');
    expect(models.iterator('memset', 'linux')).toBeUndefined();
    expect(models.iterator('for_each_sg', 'edk2')).toBeUndefined();
  });

  it('know entry points by member and by position', () => {
    expect(models.entryPoint('probe', 'pci_driver', 'linux')?.role).toBe('probe');
    expect(models.entryPoint('probe', 'clk_ops', 'linux')).toBeUndefined();
    expect(models.entryPointAt(1, 'EFI_DRIVER_BINDING_PROTOCOL', 'edk2')?.role).toBe('binding-start');
    expect(models.entryPointAt(1, 'SIMPLE_DEV_PM_OPS', 'linux')?.role).toBe('suspend');
  });

  it('take an entry without a table for any table', () => {
    const own = createModels([
      { title: 't', version: '1', entryPoints: [{ member: 'ndo_open', dialects: ['linux'], role: 'open' }] },
    ]);
    expect(own.entryPoint('ndo_open', 'whatever', 'linux')?.role).toBe('open');
    expect(own.entryPoint('ndo_open', undefined, 'linux')?.role).toBe('open');
  });
});

describe('later files override earlier ones', () => {
  it('functions by name', () => {
    const own = createModels([...builtinModels, file([api({ name: 'dma_map_single', action: 'none' })])]);
    expect(own.function('dma_map_single', 'linux')?.action).toBe('none');
    expect(own.function('dma_map_page', 'linux')?.action).toBe('map');
    expect(own.entries.filter(({ name }) => name === 'dma_map_single')).toHaveLength(1);
  });

  it('members by name, number of arguments and receivers', () => {
    const unmap = api({ name: 'Unmap', call: 'member', dialects: ['edk2'], args: ['this', 'mapping'] });
    const own = createModels([...builtinModels, file([unmap])]);
    expect(own.member('Unmap', 2, 'edk2', 'PciIo')).toBe(unmap);
    expect(own.member('Unmap', 2, 'edk2', 'mIoMmu')?.family).toBe('iommu');
  });
});

describe('triggerPattern', () => {
  it.each([
    ['x = dma_map_single(dev, p, n, DMA_TO_DEVICE);', true],
    ['x = dma_alloc_coherent (dev, n, &d, GFP_KERNEL);', true],
    ['chan = dma_request_chan(dev, "rx");', true],
    ['my_dma_map_single(dev);', false],
    ['dma_map_single_t x;', false],
    ['p = kmalloc(n, GFP_KERNEL);', false],
  ])('%s', (text, expected) => {
    expect(models.triggerPattern('linux').test(text)).toBe(expected);
  });

  it.each([
    ['Status = PciIo->Map (PciIo, Op, Buf, &N, &D, &M);', true],
    ['Dev->VirtIo->UnmapSharedBuffer (Dev->VirtIo, M);', true],
    ['VirtioRingInit (VirtIo, N, &Ring);', true],
    ['gBS->AllocatePool (EfiBootServicesData, N, &P);', false],
  ])('%s', (text, expected) => {
    expect(models.triggerPattern('edk2').test(text)).toBe(expected);
  });

  it('takes other actions', () => {
    expect(models.triggerPattern('linux', ['allocate-memory']).test('kmalloc(n, g)')).toBe(true);
    expect(createModels([]).triggerPattern('linux').test('dma_map_single()')).toBe(false);
  });
});
