import { COUNTERS, type CounterName, type Counters, type PlatformCost, renderCell } from '@dma-audit/simulator';

export const counted = (n: number, noun: string): string => `${grouped(n)} ${n === 1 ? noun : `${noun}s`}`;

const grouped = (n: number): string => n.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** 2048 → `2 KiB`. */
export function bytesText(bytes: number): string {
  if (bytes >= 1 << 20 && bytes % (1 << 20) === 0) return `${grouped(bytes >> 20)} MiB`;
  if (bytes >= 1 << 10 && bytes % (1 << 10) === 0) return `${grouped(bytes >> 10)} KiB`;
  return `${grouped(bytes)} B`;
}

/** `~40 µs`, or `5 µs – 16 µs` where no middle is known; null when nothing that costs time happened. What has no figure is told. */
export function timeText({ known, unknown, unpriced }: PlatformCost): string | null {
  const { low, typical, high } = known;
  const range = low === high ? renderCell(low, 'ns') : `${renderCell(low, 'ns')} – ${renderCell(high, 'ns')}`;
  const time = high === 0 ? null : typical === null ? range : `~${renderCell(typical, 'ns')}`;
  const isOpen = unknown.length + unpriced.length > 0;
  if (time === null) return isOpen ? 'time unknown' : null;
  return isOpen ? `${time} + unknown` : time;
}

/** The same, empty when nothing is known: for places where there is room for facts only. */
export const knownTime = (cost: PlatformCost): string => (cost.known.high === 0 ? '' : (timeText(cost) ?? ''));

/** What people look at first. */
export function countersText(counters: Counters): readonly string[] {
  const bounced = counters.bytesToBounce + counters.bytesFromBounce + counters.bytesStashed;
  return [
    counters.conversions > 0 ? counted(counters.conversions, 'conversion') : '',
    bounced > 0 ? `${bytesText(bounced)} copied` : '',
    counters.invalidations > 0 ? counted(counters.invalidations, 'IOTLB invalidation') : '',
    counters.hypercalls > 0 ? counted(counters.hypercalls, 'hypercall') : '',
    counters.cacheMaintenance > 0 ? counted(counters.cacheMaintenance, 'cache maintenance call') : '',
  ].filter((text) => text !== '');
}

/** Every counter that changed, in words: `pages made shared 2, slots held -1`. */
export function changesText(changes: Readonly<Partial<Counters>>): readonly string[] {
  return (Object.entries(COUNTERS) as [CounterName, { readonly title: string }][]).flatMap(([name, { title }]) => {
    const change = changes[name];
    return change === undefined ? [] : [`${title}: ${change > 0 ? '+' : '−'}${grouped(Math.abs(change))}`];
  });
}
