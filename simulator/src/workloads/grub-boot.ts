import type { DmaOperation } from '../bounce/efi.ts';
import { ConfidentialFirmware } from './confidential-boot.ts';
import { parametersOf, type Row, randomIntegers, type Workload } from './workload.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const HOST = 0x2_0000_0000;

const PARAMETERS = {
  operations: { title: 'mappings in all', value: 5100, min: 1, max: 20_000 },
  small: { title: 'of these, below 32 KiB', value: 5080, min: 0, max: 20_000 },
  seed: { title: 'seed of the sizes', value: 1, min: 0, max: 2 ** 32 - 1 },
} as const;

/** One transfer, or two at the same time. */
export interface BootStep {
  readonly operation: DmaOperation;
  readonly bytes: readonly number[];
}

/** The transfers of a boot: the large ones spread over it, the last two of them above 1 MiB and at the same time. */
export function grubBootSteps(operations: number, small: number, seed: number): BootStep[] {
  const random = randomIntegers(seed);
  const large = operations - small;
  const steps: BootStep[] = [];
  for (let n = 0; n < small; n += 1) {
    // Sectors, directory blocks and small files; most fit a page.
    const bytes = random(4) === 0 ? 4 * KIB + random(28 * KIB - 1) : 512 * (1 + random(8));
    steps.push({ operation: random(8) === 0 ? 'Read' : 'Write', bytes: [bytes] });
  }
  const gap = Math.max(1, Math.floor(small / Math.max(1, large - 1)));
  for (let n = 0; n + 2 < large; n += 1) {
    steps.splice((n + 1) * gap, 0, { operation: 'Write', bytes: [32 * KIB + random(992 * KIB)] });
  }
  if (large >= 2) steps.push({ operation: 'Write', bytes: [MIB + 1 + random(MIB - 1), MIB + 1 + random(MIB - 1)] });
  return steps;
}

function boot(technology: 'sev' | 'sev-snp' | 'tdx', version: '2021' | 'head', steps: readonly BootStep[]): Row {
  const firmware = new ConfidentialFirmware(technology, version);
  for (const { operation, bytes } of steps) {
    const mappings = bytes.map((size) => firmware.map(operation, HOST, size));
    for (const mapping of mappings) firmware.unmap(mapping);
  }
  firmware.exit();
  const { conversions, pagesToShared, exits } = firmware.memory.counters;
  return {
    memory: technology,
    pool: version === 'head' ? 'reserved' : 'none',
    converted: firmware.converted,
    conversions,
    pages: pagesToShared,
    exits,
    time: firmware.conversionTime(),
    pairs: firmware.pairTime(),
  };
}

export const grubBoot: Workload = {
  name: 'grub-boot',
  title: 'DMA of a grub boot under OVMF, with and without the reserved shared region',
  claim: 'about 5,100 IOMMU operations, some 5,080 of them below 32 KiB; the region saves up to hundreds of ms',
  source: 'EDK2 c4e76d2fba (2022-12)',
  parameters: PARAMETERS,
  columns: [
    { id: 'memory', title: 'memory', unit: 'text' },
    { id: 'pool', title: 'region', unit: 'text' },
    { id: 'converted', title: 'mappings converted', unit: 'count' },
    { id: 'conversions', title: 'conversions', unit: 'count' },
    { id: 'pages', title: 'pages shared', unit: 'count' },
    { id: 'exits', title: 'exits', unit: 'count' },
    { id: 'time', title: 'time by exits and pages', unit: 'time' },
    { id: 'pairs', title: 'time by ovmf-pair', unit: 'time' },
  ],
  run(overrides) {
    const parameter = parametersOf(PARAMETERS, overrides);
    if (parameter('small') > parameter('operations')) throw new RangeError('small is a part of operations');
    const steps = grubBootSteps(parameter('operations'), parameter('small'), parameter('seed'));
    const technologies = ['sev', 'sev-snp', 'tdx'] as const;
    return technologies.flatMap((technology) => [boot(technology, '2021', steps), boot(technology, 'head', steps)]);
  },
};
