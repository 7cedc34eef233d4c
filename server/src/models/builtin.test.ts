import { describe, expect, it } from 'vitest';
import { builtinFiles, builtinModels } from './builtin.ts';
import { createModels } from './registry.ts';
import { missingFacts, unpairedEntries } from './requirements.ts';
import type { ApiModel } from './schema.ts';

const functions = builtinModels.flatMap((file) => file.functions ?? []);
const title = ({ name, args }: ApiModel): string => `${name} (${args.join(', ')})`;

describe('the built-in models', () => {
  it('say all that their actions need', () => {
    expect(functions.flatMap((model) => missingFacts(model).map((what) => `${title(model)}: ${what}`))).toEqual([]);
  });

  it('pair every family: what is made is released, what is released is made', () => {
    expect(unpairedEntries(builtinModels).map((model) => `${title(model)}: ${model.family}`)).toEqual([]);
  });

  it('name each thing once', () => {
    const keys = builtinModels.flatMap((file) => [
      ...(file.functions ?? []).flatMap((model) =>
        model.dialects.map((dialect) =>
          model.call === 'function'
            ? `${dialect} ${model.name} ()`
            : `${dialect} ->${model.name} (${model.args.length}) ${model.receivers?.join()}`,
        ),
      ),
      ...(file.harmless ?? []).flatMap(({ dialects, names }) =>
        names.flatMap((name) => dialects.map((dialect) => `${dialect} ${name} ()`)),
      ),
      ...(file.constants ?? []).map(({ name, dialects }) => `${dialects} constant ${name}`),
      ...(file.iterators ?? []).map(({ name, dialects }) => `${dialects} iterator ${name}`),
      ...(file.entryPoints ?? []).map(({ member, table, dialects }) => `${dialects} ${table}.${member}`),
    ]);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it('agree about roles and results', () => {
    for (const model of functions) {
      const has = (role: ApiModel['args'][number]): boolean => model.args.includes(role);
      if (has('direction')) expect(model.direction, title(model)).toBeUndefined();
      if (model.sleeps === 'gfp') expect(has('gfp'), title(model)).toBe(true);
      if (model.failure === 'mapping-error') expect(model.result, title(model)).toBe('device-address');
      if (model.failure === 'efi-error') expect(model.dialects, title(model)).toEqual(['edk2']);
      if (model.action === 'map' && !has('operation')) expect(model.mode, title(model)).toBeDefined();
      if (model.changesMemoryMap) expect(model.dialects, title(model)).toEqual(['edk2']);
      if (model.releasedBy) expect(model.releasedBy, title(model)).not.toContain(model.family);
    }
  });

  it('keep no name of another dialect in a file', () => {
    for (const [name, file] of Object.entries(builtinFiles)) {
      const dialect = name.split('-')[0];
      const lists: readonly { readonly dialects: readonly string[] }[][] = [
        [...(file.functions ?? [])],
        [...(file.constants ?? [])],
        [...(file.iterators ?? [])],
        [...(file.entryPoints ?? [])],
        [...(file.harmless ?? [])],
      ];
      expect(lists.flat().every(({ dialects }) => dialects.join() === dialect)).toBe(true);
    }
  });
});

describe('what the rules rest on', () => {
  const models = createModels(builtinModels);

  it.each([
    ['dma_map_single', 'mapping-error'],
    ['dma_map_sg', 'zero'],
    ['dma_map_sgtable', 'nonzero'],
    ['dma_alloc_coherent', 'null'],
    ['scsi_dma_map', 'negative'],
    ['iommu_map_sgtable', 'not-positive'],
    ['dma_request_chan', 'err-pointer'],
  ] as const)('%s tells failure by %s', (name, failure) => {
    expect(models.function(name, 'linux')?.failure).toBe(failure);
  });

  it('tells asynchronous from quiet stops', () => {
    expect(models.function('dmaengine_terminate_all', 'linux')?.quiet).toBe(false);
    expect(models.function('dmaengine_terminate_sync', 'linux')?.quiet).toBe(true);
  });

  it('knows which release fits which family', () => {
    const accepted = (name: string): readonly (string | undefined)[] => {
      const model = models.function(name, 'linux');
      return [model?.family, ...(model?.releasedBy ?? [])];
    };
    expect(accepted('skb_frag_dma_map')).toContain(models.function('dma_unmap_page', 'linux')?.family);
    expect(accepted('dma_map_page')).toContain(models.function('dma_unmap_single', 'linux')?.family);
    expect(accepted('dma_map_page_attrs')).toContain(models.function('dma_unmap_single', 'linux')?.family);
    expect(accepted('dma_alloc_coherent')).not.toContain(models.function('dma_free_noncoherent', 'linux')?.family);
    expect(accepted('dmam_alloc_coherent')).not.toContain(models.function('dma_free_coherent', 'linux')?.family);
  });

  it('gives the arguments of EDK2 in the order of the protocols', () => {
    expect(models.member('Map', 6, 'edk2', 'PciIo')?.args).toEqual([
      'this',
      'operation',
      'buffer',
      'size-in-out',
      'device-address-out',
      'mapping-out',
    ]);
    expect(models.function('VirtioMapAllBytesInSharedBuffer', 'edk2')?.args[3]).toBe('size');
    expect(models.constant('EfiPciIoOperationBusMasterCommonBuffer', 'edk2')).toMatchObject({ mode: 'common' });
    expect(models.constant('EFI_OUT_OF_RESOURCES', 'edk2')?.status).toBe('error');
  });
});
