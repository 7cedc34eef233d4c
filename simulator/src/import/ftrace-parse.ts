/** One line of the text that the kernel's trace file gives (tracefs `trace`), with or without its optional columns. */
import type { FtraceDirection, FtraceEvent, FtraceLine, InvalidationEvent, IommuMapEvent } from './ftrace-event.ts';

/** TASK-PID (TGID) [CPU] flags seconds: event: fields. A task's name may hold blanks, dashes and colons. */
const HEAD =
  /^\s*(.*\S)-(\d+)\s+(?:\([ \d-]+\)\s+)?\[(\d+)\]\s+(?:[^\s\d][^\s]{3,6}\s+)?(\d+\.\d+): ([A-Za-z_]\w*):(?: (.*))?$/;
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/;

export function parseFtraceLine(text: string): FtraceLine {
  if (text.trim() === '' || text.startsWith('#')) return { kind: 'comment' };
  const head = HEAD.exec(text);
  if (head === null) {
    const lost = LOST.exec(text.trim());
    if (lost !== null) return { kind: 'lost', events: Number(lost[1]) };
    return { kind: 'foreign', why: `no trace line: ${text.slice(0, 60)}` };
  }
  const [, task = '', pid = '', cpu = '', seconds = '', name = '', rest = ''] = head;
  if (!Object.hasOwn(PARSERS, name)) return { kind: 'other', name };
  if (Number(cpu) > MAX_CPU) return { kind: 'foreign', why: `${name}: no machine has a CPU ${cpu}` };
  try {
    const event = PARSERS[name]?.(new Fields(rest));
    if (event === undefined) return { kind: 'other', name };
    return { kind: 'event', record: { task: `${task}-${pid}`, cpu: Number(cpu), seconds: Number(seconds), event } };
  } catch (error) {
    if (!(error instanceof Torn)) throw error;
    return { kind: 'foreign', why: `${name}: ${error.message}` };
  }
}

class Torn extends Error {}

/** What no machine has, only a damaged trace: CPUs (NR_CPUS of x86), bytes of one request, entries of one scatterlist. */
const MAX_CPU = 8191;
const MAX_BYTES = 2 ** 32;
const MAX_ENTRIES = 2 ** 20;

const ALL_ONES = /^(?:0x)?f{16}$/;

/** `name=value` fields, in any order, between other words. */
class Fields {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  word(name: string): string {
    const at = ` ${this.text}`.indexOf(` ${name}=`);
    if (at < 0) throw new Torn(`no ${name}`);
    const start = at + name.length + 1;
    const end = this.text.indexOf(' ', start);
    return this.text.slice(start, end < 0 ? this.text.length : end).replace(/^"|"$/g, '');
  }

  decimal(name: string): number {
    const word = this.word(name);
    if (!/^\d+$/.test(word)) throw new Torn(`${name} is no number`);
    if (Number(word) > MAX_BYTES) throw new Torn(`${name} is out of range`);
    return Number(word);
  }

  hex(name: string): number {
    return parseHex(this.word(name), name);
  }

  hexList(name: string): readonly number[] {
    const word = this.word(name);
    if (!word.startsWith('{') || !word.endsWith('}')) throw new Torn(`${name} is no list`);
    const items = word.slice(1, -1);
    return items === '' ? [] : items.split(',').map((item) => parseHex(item, name));
  }

  /** The first word: in the DMA events the device. */
  get device(): string {
    const device = /^[^\s=]+(?= )/.exec(this.text)?.[0];
    if (device === undefined) throw new Torn('no device');
    return device;
  }

  get direction(): FtraceDirection {
    const word = this.word('dir');
    const direction = DIRECTIONS[word];
    if (direction === undefined) throw new Torn(`unknown direction ${word}`);
    return direction;
  }

  get skipSync(): boolean {
    return this.word('attrs').split('|').includes('SKIP_CPU_SYNC');
  }

  match(pattern: RegExp): readonly string[] {
    const match = pattern.exec(this.text);
    if (match === null) throw new Torn('not as expected');
    return match;
  }
}

/** As the DMA events print them, and as numbers of `enum dma_data_direction` in probes. */
const DIRECTIONS: Readonly<Record<string, FtraceDirection>> = {
  BIDIRECTIONAL: 'bidirectional',
  TO_DEVICE: 'to-device',
  FROM_DEVICE: 'from-device',
  NONE: 'none',
  0: 'bidirectional',
  1: 'to-device',
  2: 'from-device',
  3: 'none',
};

function parseHex(text: string, name: string): number {
  if (ALL_ONES.test(text)) return -1;
  if (!/^(?:0x)?[0-9a-f]+$/i.test(text)) throw new Torn(`${name} is no number`);
  const value = Number.parseInt(text, 16);
  if (value >= 2 ** 64) throw new Torn(`${name} is out of range`);
  return value;
}

const PARSERS: Readonly<Record<string, (fields: Fields) => FtraceEvent>> = {
  dma_map_page: (fields) => ({
    name: 'map-page',
    device: fields.device,
    direction: fields.direction,
    address: fields.hex('dma_addr'),
    size: fields.decimal('size'),
    physical: fields.hex('phys_addr'),
    skipSync: fields.skipSync,
  }),
  dma_unmap_page: (fields) => ({
    name: 'unmap-page',
    device: fields.device,
    direction: fields.direction,
    address: fields.hex('dma_addr'),
    size: fields.decimal('size'),
    skipSync: fields.skipSync,
  }),
  dma_map_sg: (fields) => ({
    name: 'map-sg',
    device: fields.device,
    direction: fields.direction,
    given: countOf(fields.word('nents')),
    mapped: countOf(fields.word('ents')),
    truncated: fields.text.includes('[TRUNCATED]'),
    addresses: fields.hexList('dma_addrs'),
    sizes: fields.hexList('sizes'),
    physicals: fields.hexList('phys_addrs'),
  }),
  dma_unmap_sg: (fields) => ({
    name: 'unmap-sg',
    device: fields.device,
    direction: fields.direction,
    physicals: fields.hexList('phys_addrs'),
    skipSync: fields.skipSync,
  }),
  dma_alloc: (fields) => coherent('alloc', fields),
  dma_free: (fields) => coherent('free', fields),
  dma_sync_single_for_cpu: (fields) => sync('cpu', fields),
  dma_sync_single_for_device: (fields) => sync('device', fields),
  swiotlb_bounced: (fields) => {
    const [, device = '', forced = ''] = fields.match(/^dev_name: (\S+) .* (FORCE|NORMAL)$/);
    return {
      name: 'bounced',
      device,
      mask: fields.hex('dma_mask') < 0 ? 2 ** 64 : fields.hex('dma_mask'),
      origin: fields.hex('dev_addr'),
      size: fields.decimal('size'),
      forced: forced === 'FORCE',
    };
  },
  sw_map: (fields) => ({
    name: 'slot-map',
    device: fields.word('dev'),
    origin: fields.hex('orig'),
    size: fields.decimal('size'),
    allocAlignMask: fields.hex('amask'),
    direction: fields.direction,
    address: fields.hex('tlb'),
  }),
  sw_unmap: (fields) => ({
    name: 'slot-unmap',
    device: fields.word('dev'),
    address: fields.hex('tlb'),
    size: fields.decimal('size'),
    direction: fields.direction,
  }),
  map: (fields) => iommu('iommu-map', fields),
  unmap: (fields) => iommu('iommu-unmap', fields),
  cache_tag_flush_range: (fields) => flushRange('flush-range', fields),
  cache_tag_flush_range_np: (fields) => flushRange('flush-range-new', fields),
  cache_tag_flush_all: (fields) => {
    const [, domain] = fields.match(/ did (\d+)\b/);
    return { name: 'flush-all', domain: Number(domain) };
  },
  qi_submit: (fields) => {
    const [, kind = '', word = ''] = fields.match(/^(\w+) \S+: 0x([0-9a-f]+) /);
    return { name: 'invalidation', scope: scopeOf(kind, Number.parseInt(word, 16)) };
  },
  iova_alloc: (fields) => ({
    name: 'iova-alloc',
    domain: fields.word('iovad'),
    pfn: fields.hex('pfn') === 0 ? -1 : fields.hex('pfn'),
    pages: fields.decimal('pages'),
    limit: fields.hex('limit'),
  }),
  iova_free: (fields) => ({
    name: 'iova-free',
    domain: fields.word('iovad'),
    pfn: fields.hex('pfn'),
    pages: fields.decimal('pages'),
    limit: 0,
  }),
  fq_timeout: () => ({ name: 'flush-timer' }),
  fq_flush: () => ({ name: 'flush-queue' }),
  tracing_mark_write: (fields) => ({ name: 'mark', text: fields.text }),
};

/** `shown/real`. */
function countOf(word: string): number {
  const real = /^\d+\/(\d+)$/.exec(word)?.[1];
  if (real === undefined) throw new Torn('no entry count');
  if (Number(real) > MAX_ENTRIES) throw new Torn('the entry count is out of range');
  return Number(real);
}

function coherent(name: 'alloc' | 'free', fields: Fields): FtraceEvent {
  return { name, device: fields.device, address: fields.hex('dma_addr'), size: fields.decimal('size') };
}

function sync(owner: 'cpu' | 'device', fields: Fields): FtraceEvent {
  const { device, direction } = fields;
  return { name: 'sync', owner, device, direction, address: fields.hex('dma_addr'), size: fields.decimal('size') };
}

function iommu(name: IommuMapEvent['name'], fields: Fields): FtraceEvent {
  const [, from = '', to = ''] = fields.match(/^IOMMU: iova=0x([0-9a-f]+) - 0x([0-9a-f]+) /);
  return { name, from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) };
}

function flushRange(name: 'flush-range' | 'flush-range-new', fields: Fields): FtraceEvent {
  const [, domain, from = '', last = '', address = '', order = ''] = fields.match(
    / did (\d+) \[0x([0-9a-f]+)-0x([0-9a-f]+)\] addr 0x([0-9a-f]+) pages 0x[0-9a-f]+ mask 0x([0-9a-f]+)$/,
  );
  return {
    name,
    domain: Number(domain),
    from: Number.parseInt(from, 16),
    last: Number.parseInt(last, 16),
    address: Number.parseInt(address, 16),
    order: Number.parseInt(order, 16),
  };
}

/** Bits 4 and 5 of an IOTLB descriptor's first word: how much it invalidates (VT-d specification, 6.5.2.3). */
function scopeOf(kind: string, word: number): InvalidationEvent['scope'] {
  if (kind === 'cc_inv') return 'context';
  if (kind !== 'iotlb_inv') return 'other';
  const granularity = Math.floor(word / 16) % 4;
  if (granularity === 1) return 'iotlb-global';
  if (granularity === 2) return 'iotlb-domain';
  return granularity === 3 ? 'iotlb-page' : 'other';
}
