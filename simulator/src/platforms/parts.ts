import type { BouncePart, DevicePart, IommuPart, MemoryPart, PlatformDescription } from './description.ts';

/** The parts of a platform in a few words each, for tables. */
export interface PlatformWords {
  readonly memory: string;
  readonly bounce: string;
  readonly iommu: string;
  readonly device: string;
}

export const describeParts = ({ memory, bounce, iommu, device }: PlatformDescription): PlatformWords => ({
  memory: memoryWords(memory),
  bounce: bounceWords(bounce),
  iommu: iommuWords(iommu),
  device: deviceWords(device),
});

const MEMORY = { plain: 'plain', sev: 'SEV', 'sev-snp': 'SEV-SNP', tdx: 'TDX' } as const;

function memoryWords({ technology, acceptLimit, batchEntries }: MemoryPart): string {
  const extra = acceptLimit === undefined ? '' : `, accepts up to ${acceptLimit}`;
  return `${MEMORY[technology]}${extra}${batchEntries === undefined ? '' : `, PSC of ${batchEntries}`}`;
}

const gib = (bytes: number): string => `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;

function bounceWords(part: BouncePart): string {
  switch (part.kind) {
    case 'none':
      return 'none';
    case 'swiotlb': {
      const own = part.device === 'rfc-2022' ? ' of the device' : part.device === 'restricted' ? ' restricted' : '';
      const when = part.when === 'always' ? 'always' : 'when unreachable';
      const areas = `${part.areas} ${part.areas === 1 ? 'area' : 'areas'}`;
      return `swiotlb ${part.release}${own} ${part.mebibytes} MiB, ${areas}${part.dynamic ? ', dynamic' : ''}, ${when}`;
    }
    case 'iommudxe':
      return `IoMmuDxe ${part.version}`;
    case 'root-bridge':
      return `root bridge, ${part.above4GiB ? 'forwards 64 bits' : 'below 4 GiB'}`;
    case 'dmalib':
      return `DmaLib, offset ${gib(part.deviceOffset)}, limit ${gib(part.deviceLimit + 1)}`;
  }
}

function iommuWords(part: IommuPart): string {
  switch (part.kind) {
    case 'none':
      return 'none';
    case 'dma-iommu':
      return part.mode;
    case 'xen-vtd':
      return `Xen VT-d ${part.plan}${part.cachingMode ? ', caching mode' : ''}`;
    case 'tce':
      return `TCE ${part.window} window, ${part.ramGiB} GiB RAM${part.buffersInPersistentMemory ? ', buffers beyond' : ''}`;
  }
}

function deviceWords({
  addressBits,
  coherent,
  transport,
  dualAddressCycle,
  buffers,
  minAlignMask,
}: DevicePart): string {
  return [
    `${addressBits} bits`,
    ...(coherent ? [] : ['not coherent']),
    ...(buffers === 'above-4g' ? ['buffers above 4 GiB'] : []),
    ...(minAlignMask ? [`keeps ${minAlignMask + 1}-byte offsets`] : []),
    ...(transport === undefined || transport === 'pci-io' ? [] : [transport]),
    ...(dualAddressCycle ? ['dual address cycle'] : []),
  ].join(', ');
}
