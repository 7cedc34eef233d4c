/** docs/platforms.md and docs/schema/platform.json, made from the platforms themselves. */
import type { PlatformDescription } from '../../simulator/src/platforms/description.ts';
import { DEFAULT_PLATFORM_IDS, PLATFORMS } from '../../simulator/src/platforms/named.ts';
import { describeParts } from '../../simulator/src/platforms/parts.ts';
import { PLATFORM_SCHEMA } from '../../simulator/src/platforms/schema.ts';

const HEAD = `# Platforms

A platform is a machine on which the simulator runs DMA programs: memory encryption × bounce pool × IOMMU × device, as data.
\`dma-audit platforms\` lists them, \`dma-audit run FILE --platform ID\` runs a program on one. The tables at the end are made
by \`node test/run.mjs test/platforms/write.ts\`; a test fails when this file is not what that gives.

## What is simulated

- **Linux, direct mapping and swiotlb** (6.1, 6.12, dynamic, areas, per-device and restricted pools): every slot, copy and
  refusal as the kernel's allocator gives it. A confidential guest bounces everything; its coherent memory is converted when
  it is allocated and when it is freed.
- **Linux behind an IOMMU**: the IOVA allocator with its caches, strict invalidation, both flush queues, passthrough.
- **pseries**: the default window, and one 64-bit window that is direct, dynamic or split.
- **OVMF**: PciIo or a virtio transport, the PCI root bridge, IoMmuDxe in all its versions, pages that SEV, SEV-SNP or TDX
  convert. **EDK2's root bridge and DmaLib** by themselves.
- **VT-d under Xen** while the frames of a guest change: three plans of invalidation.

Each is built from parts that are tested against traces of the real code, where there are some (see the golden traces).

## What a program does not say

A DMA program tells sizes and order, but neither addresses nor time. Therefore:

- A size that is not known counts as **one page** (4,096 bytes).
- Every buffer begins on a page of its own. It lies below 4 GiB, or above where the platform says so.
- A direction that is not known moves data both ways (EDK2: from the device).
- All runs on CPU 0, and **no time passes**: a flush queue is emptied when it is full, never by its timer. What still waits is
  counted as \`pendingInvalidations\`.
- Everything that a platform does once, before the program begins, is kept apart (\`startup\`): the swiotlb pool of a
  confidential guest, IoMmuDxe's reserved region, RAM mapped in a pseries window.
- EDK2's own VT-d driver is not simulated; its programs meet Linux's IOMMU layer there, without the mapping at allocation.
- pseries: coherent memory is placed like a mapping of its size. Xen: the one invalidation that ends plan A stays pending.

A program may call an operation successful that a platform would have failed: the run goes on as the program says, and tells
the refusal with its reason.

## Compose another one

\`dma-audit run FILE --platform my-machine.json\` takes a description of your own. [The schema](schema/platform.json) says what
there is; parts that do not go together are refused with the reason. For example:

\`\`\`json
`;

const EXAMPLE: PlatformDescription = {
  id: 'my-guest',
  title: 'A TDX guest with 16 areas, whose host backs memory with 2 MiB pages',
  dialects: ['linux'],
  memory: { technology: 'tdx', acceptLimit: '2m' },
  bounce: { kind: 'swiotlb', release: '6.12', mebibytes: 256, areas: 16, when: 'always' },
  iommu: { kind: 'none' },
  device: { addressBits: 64, coherent: true, buffers: 'below-4g', minAlignMask: 4095 },
  costs: { bytesCopied: 'memcpy', exits: 'tdvmcall' },
};

export function platformsDocument(): string {
  return [
    `${HEAD}${JSON.stringify(EXAMPLE, null, 2)}\n\`\`\`\n`,
    'An event without a figure in `costs` is shown as unpriced; the figures are listed in [workloads.md](workloads.md).\n',
    '## The platforms\n',
    'On those marked ● the checker runs every faulty path.\n',
    ...table(),
    '',
  ].join('\n');
}

function table(): readonly string[] {
  const head = ['id', '', 'title', 'for', 'memory', 'bounce pool', 'IOMMU', 'device', 'cost figures'];
  const rows = PLATFORMS.map(({ id, title, dialects, description }) => {
    const { memory, bounce, iommu, device } = describeParts(description);
    const costs = Object.entries(description.costs).map(([event, figure]) => `${event}: ${figure}`);
    const mark = DEFAULT_PLATFORM_IDS.has(id) ? '●' : '';
    return [`\`${id}\``, mark, title, dialects.join(', '), memory, bounce, iommu, device, costs.join('; ')];
  });
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

export const platformSchema = (): string => `${JSON.stringify(PLATFORM_SCHEMA, null, 2)}\n`;
export const examplePlatform = EXAMPLE;
