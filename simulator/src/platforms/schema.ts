import { IOMMU_DXE_VERSIONS } from '../bounce/iommudxe-versions.ts';
import { COSTS } from './costs.ts';
import { PRICED_EVENTS } from './description.ts';

/** The part of JSON Schema 2020-12 in which platforms are described; a test compares with a complete validator. */
export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly const?: string;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: false;
  /** Told apart by the constant of their property `kind`. */
  readonly oneOf?: readonly Schema[];
}

const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
const part = (
  kind: string,
  properties: Readonly<Record<string, Schema>> = {},
  optional: readonly string[] = [],
): Schema => object({ kind: { const: kind }, ...properties }, optional);
const oneOf = (values: readonly (string | number)[], description: string): Schema => ({ description, enum: values });
const flag = (description: string): Schema => ({ description, type: 'boolean' });
const integer = (minimum: number, maximum: number, description: string): Schema => ({
  description,
  type: 'integer',
  minimum,
  maximum,
});
const powers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => 2 ** (from + n));

/** `PlatformDescription` as a JSON Schema. */
export const PLATFORM_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A platform of dma-audit: memory encryption, bounce pool, IOMMU and device',
  ...object(
    {
      $schema: { type: 'string' },
      id: { type: 'string', pattern: '^[a-z0-9][a-z0-9.-]*$', description: 'name on the command line' },
      title: { type: 'string', minLength: 1 },
      dialects: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: { enum: ['linux', 'edk2'] },
        description: 'whose programs run on it',
      },
      memory: object(
        {
          technology: oneOf(['plain', 'sev', 'sev-snp', 'tdx'], 'who can read memory'),
          acceptLimit: oneOf(['4k', '2m', '1g'], 'TDX: largest page accepted at once (4k)'),
          batchEntries: integer(1, 253, 'SEV-SNP: entries of a PSC batch (64)'),
          coherentAliases: flag('SEV: nothing is flushed when the C-bit changes (false)'),
        },
        ['acceptLimit', 'batchEntries', 'coherentAliases'],
      ),
      bounce: {
        oneOf: [
          part('none'),
          part(
            'swiotlb',
            {
              release: oneOf(['6.1', '6.12'], 'Linux release'),
              mebibytes: oneOf(powers(0, 10), 'size of the pool'),
              areas: oneOf(powers(0, 8), 'areas with a lock each'),
              when: oneOf(['always', 'unreachable'], 'which mappings bounce'),
              dynamic: flag('pools are added when there is no room (false)'),
              device: oneOf(['rfc-2022', 'restricted'], 'a pool for this device alone'),
            },
            ['dynamic', 'device'],
          ),
          part('iommudxe', { version: oneOf(Object.keys(IOMMU_DXE_VERSIONS), 'version of OvmfPkg/IoMmuDxe') }),
          part('root-bridge', { above4GiB: flag('the bridge forwards addresses above 4 GiB') }),
          part('dmalib', {
            deviceOffset: integer(0, 2 ** 52, 'device address - CPU address, bytes'),
            deviceLimit: integer(0, Number.MAX_SAFE_INTEGER, 'highest device address, bytes'),
            cacheLine: oneOf(powers(4, 8), 'bytes'),
          }),
        ],
      },
      iommu: {
        oneOf: [
          part('none'),
          part('dma-iommu', { mode: oneOf(['strict', 'lazy', 'lazy-shared', 'passthrough'], 'when it invalidates') }),
          part(
            'xen-vtd',
            {
              plan: oneOf(['per-page', 'deferred', 'batched'], 'when it invalidates'),
              pagesPerBatch: integer(1, 2 ** 20, 'pages of a batch (1024)'),
              cachingMode: flag('absent entries may be cached'),
            },
            ['pagesPerBatch'],
          ),
          part(
            'tce',
            {
              window: oneOf(['default', 'direct', 'dynamic', 'hybrid'], 'DMA window'),
              ramGiB: oneOf(powers(0, 12), 'RAM, GiB'),
              buffersInPersistentMemory: flag('buffers lie beyond RAM (false)'),
            },
            ['buffersInPersistentMemory'],
          ),
        ],
      },
      device: object(
        {
          addressBits: integer(24, 64, 'address bits that it drives'),
          coherent: flag("it sees the CPU's caches"),
          buffers: oneOf(['below-4g', 'above-4g'], 'where ordinary memory lies'),
          minAlignMask: oneOf([0, ...powers(9, 16).map((n) => n - 1)], 'address bits that a bounce buffer keeps (0)'),
          transport: oneOf(
            ['pci-io', 'virtio-legacy', 'virtio-mmio', 'virtio-1.0'],
            'EDK2: how memory is reached (pci-io)',
          ),
          dualAddressCycle: flag('EDK2: 64-bit addresses are asked for (false)'),
        },
        ['minAlignMask', 'transport', 'dualAddressCycle'],
      ),
      costs: {
        description: 'the figure by which each event is estimated',
        ...object(Object.fromEntries(PRICED_EVENTS.map((event) => [event, { enum: timeFigures() }])), PRICED_EVENTS),
      },
    },
    ['$schema'],
  ),
};

/** Only figures in ns, or in ns per byte for bytes, are times. */
function timeFigures(): readonly string[] {
  return Object.values(COSTS).flatMap(({ id, unit }) => (unit === 'ns' || unit === 'ns/byte' ? [id] : []));
}
