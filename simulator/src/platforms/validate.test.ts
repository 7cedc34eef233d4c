import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlatform } from './compose.ts';
import { PLATFORMS } from './named.ts';
import { PLATFORM_SCHEMA } from './schema.ts';
import { validatePlatform } from './validate.ts';

const complete = new Ajv2020({ strict: false }).compile(PLATFORM_SCHEMA);
const [direct] = PLATFORMS;
const description = (id: string): Record<string, unknown> => ({ ...PLATFORMS.find((p) => p.id === id)?.description });

const errorsOf = (value: unknown): readonly string[] => {
  const verdict = validatePlatform(value);
  return verdict.ok ? [] : verdict.errors.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('platform descriptions', () => {
  it.each(PLATFORMS.map((p) => [p.id, p.description] as const))('%s is as the schema says', (_, value) => {
    expect(complete(value), JSON.stringify(complete.errors)).toBe(true);
    expect(validatePlatform(value)).toEqual({ ok: true, description: value });
  });

  it('come back from JSON as they were', () => {
    for (const { description: value } of PLATFORMS) {
      const read = validatePlatform(JSON.parse(JSON.stringify(value)));
      expect(read.ok && createPlatform(read.description).traits).toEqual(createPlatform(value).traits);
    }
  });

  it('are refused with the place and the reason', () => {
    expect(errorsOf({ ...direct?.description, id: 'My Platform' })).toEqual(['id: must match ^[a-z0-9][a-z0-9.-]*$']);
    expect(errorsOf({ ...description('tdx'), memory: { technology: 'tme' } })).toEqual([
      'memory.technology: expected one of plain, sev, sev-snp, tdx',
    ]);
    expect(errorsOf({ ...description('tdx'), bounce: { kind: 'swiotbl' } })).toEqual([
      'bounce.kind: expected one of none, swiotlb, iommudxe, root-bridge, dmalib',
    ]);
    expect(errorsOf({ ...description('tdx'), bounce: { kind: 'iommudxe', version: 'head', size: 1 } })).toEqual([
      'bounce.size: unknown property; there are kind, version',
    ]);
    expect(errorsOf({ ...description('tdx'), costs: { exits: 'strict-vs-lazy' } })[0]).toContain(
      'costs.exits: expected',
    );
    expect(errorsOf(null)).toEqual([': expected an object']);
  });

  it('are refused where their parts do not go together', () => {
    expect(errorsOf({ ...description('tdx'), bounce: { kind: 'none' } })).toEqual([
      'bounce: an encrypted guest needs a pool through which everything goes',
    ]);
    const both = { ...description('swiotlb'), iommu: { kind: 'dma-iommu', mode: 'lazy' } };
    expect(errorsOf(both)).toEqual(['iommu: stands in the place of the bounce pool: make that none']);
    expect(errorsOf({ ...description('swiotlb'), dialects: ['linux', 'edk2'] })).toEqual([
      'dialects: these parts belong to linux',
    ]);
  });

  it('get the same verdict from the schema as from a complete validator', () => {
    const part = fc.constantFrom(...PLATFORMS.map((p) => p.description));
    const junk = fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constantFrom('always', 64, { kind: 'none' }));
    const keys = fc.constantFrom('id', 'title', 'dialects', 'memory', 'bounce', 'iommu', 'device', 'costs');
    fc.assert(
      fc.property(part, part, keys, keys, junk, (a, b, swapped, broken, value) => {
        const mixed = { ...a, [swapped]: b[swapped], ...(value === undefined ? {} : { [broken]: value }) };
        const conflict = (message: string): boolean =>
          /needs a pool|in the place|simulated|belong to|takes 256/.test(message);
        const shape = errorsOf(mixed).filter((message) => !conflict(message));
        expect(shape.length === 0).toBe(complete(mixed));
      }),
    );
  });
});
