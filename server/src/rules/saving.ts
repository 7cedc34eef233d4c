import { type CounterName, costOf, type Saving, subtract } from '@dma-audit/simulator';

/** What is compared, in words for one and for several. */
const COMPARED: Partial<Record<CounterName, readonly [string, string]>> = {
  refusals: ['refused mapping', 'refused mappings'],
  conversions: ['conversion', 'conversions'],
  invalidations: ['IOTLB invalidation', 'IOTLB invalidations'],
  hypercalls: ['hypercall', 'hypercalls'],
};

/** "4 conversions → 0, 16,384 bytes copied → 0, saves 26.3 – 47.1 µs (tdvmcall, tdx-accept-4k)". */
export function platformSaving(saving: Saving): string {
  const parts = [...countWords(saving), ...byteWords(saving)];
  const time = timeWords(saving);
  return `${parts.join(', ')}${time === '' ? '' : `; ${time}`}`;
}

export const savingWords = (saving: Saving): string => `on ${saving.platform.id} ${platformSaving(saving)}`;

function countWords({ now, instead }: Saving): string[] {
  return (Object.keys(COMPARED) as CounterName[]).flatMap((name) => {
    const words = COMPARED[name];
    if (words === undefined || now[name] === instead[name]) return [];
    return [
      `${now[name].toLocaleString('en')} ${words[now[name] === 1 ? 0 : 1]} → ${instead[name].toLocaleString('en')}`,
    ];
  });
}

function byteWords({ now, instead }: Saving): string[] {
  const copied = now.bytesToBounce + now.bytesFromBounce;
  const then = instead.bytesToBounce + instead.bytesFromBounce;
  return copied === then ? [] : [`${copied.toLocaleString('en')} bytes copied → ${then.toLocaleString('en')}`];
}

/** The range of time, with the figures that it was estimated by; what nobody has published is unknown, never 0. */
function timeWords({ platform, now, instead }: Saving): string {
  const { known, unknown, unpriced, sources } = costOf(subtract(now, instead), platform.description.costs);
  const missing = new Set<string>(unknown.map(({ id }) => id));
  const figures = sources.filter((id) => !missing.has(id));
  const isUnknown = unknown.length + unpriced.length > 0;
  if (known.high <= 0) return isUnknown ? 'its time is not published' : '';
  const range =
    known.low === known.high ? microseconds(known.low) : `${microseconds(known.low)} – ${microseconds(known.high)}`;
  return `saves ${range} µs (${figures.join(', ')})${isUnknown ? ' and what is not published' : ''}`;
}

const microseconds = (ns: number): string => `${Number((ns / 1000).toPrecision(3))}`;
