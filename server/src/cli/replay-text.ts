import { COUNTER_NAMES, COUNTERS, type CounterName, estimate, renderCell } from '@dma-audit/simulator';
import pc from 'picocolors';
import { costText } from './commands/figures.ts';
import { aligned, counted, grouped } from './commands/table.ts';
import type { RecordedPool } from './replay-recorded.ts';
import type { Replay } from './replay-run.ts';
import type { TraceScan } from './replay-scan.ts';
import { printable } from './terminal.ts';

const SLOTS_PER_MIB = 512;
const mebibytes = (slots: number): string => `${grouped(slots / SLOTS_PER_MIB)} MiB`;

/** The report of `dma-audit replay` for people. */
export function replayText(file: string, replay: Replay, colour: boolean): string {
  const paint = pc.createColors(colour);
  const sections = [head(file, replay), recordedPool(replay), bounced(replay), translated(replay), platforms(replay)];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map(([title = '', ...lines]) => [paint.bold(title), ...lines].join('\n'))
    .join('\n\n')}\n`;
}

function head(file: string, { scan, maps, bytes, guessed, unmatched }: Replay): readonly string[] {
  const { firstForeign, firstBackwards } = scan;
  return [
    `${printable(file)}: ${counted(scan.events, 'DMA event')} in ${counted(scan.lines, 'line')}, ${scan.seconds.toFixed(3)} s on ${counted(scan.cpus, 'CPU')}`,
    `  ${counted(maps, 'streaming mapping')} of ${grouped(bytes)} bytes in all`,
    ...(scan.foreign > 0
      ? [
          `  ${counted(scan.foreign, 'line')} not understood${firstForeign === null ? '' : `, the first is line ${grouped(firstForeign.line)}: ${printable(firstForeign.why)}`}`,
        ]
      : []),
    ...(firstBackwards === null
      ? []
      : [
          `  the time runs backwards ${counted(scan.backwards, 'time')}, first at line ${grouped(firstBackwards)}: these are several recordings, or lines out of order`,
        ]),
    ...(scan.lost > 0 ? [`  the kernel lost ${counted(scan.lost, 'event')}: figures are too low`] : []),
    ...(guessed > 0
      ? [`  ${counted(guessed, 'scatterlist')} merged or cut off in the trace: their pieces count as pages`]
      : []),
    ...(unmatched > 0 ? [`  ${counted(unmatched, 'release')} of what the trace did not see being made`] : []),
  ];
}

function recordedPool({ recorded, scan }: Replay): readonly string[] {
  if (recorded === null) return [];
  const { slots, highWater, held, bytesIn, bytesBack, right, compared, refused } = recorded;
  return [
    `The pool of the recorded kernel (${mebibytes(slots)}, ${grouped(slots)} slots)`,
    `  high-water mark ${grouped(highWater)} slots${kernelText(recorded, scan)}`,
    `  ${grouped(bytesIn)} bytes copied in, ${grouped(bytesBack)} back, ${counted(refused, 'refusal')}, ${grouped(held)} slots still held`,
    `  ${grouped(right)} of ${grouped(compared)} slot addresses as predicted`,
  ];
}

/** A mark that says how many the kernel counted until then. */
function kernelText({ highWater, kernelHighWater, highWaterAtMark }: RecordedPool, scan: TraceScan): string {
  if (kernelHighWater === null) return '';
  const same = kernelHighWater === highWaterAtMark ? ', the same' : '';
  if (highWaterAtMark === highWater) return `; the kernel counted ${grouped(kernelHighWater)}${same}`;
  const at = `${scan.recordedHighWater?.seconds.toFixed(6)} s`;
  return `; ${grouped(highWaterAtMark ?? 0)} until ${at}, when the kernel counted ${grouped(kernelHighWater)}${same}`;
}

function bounced({ pools, peak, suggestion, recorded }: Replay): readonly string[] {
  if (peak.at === null) return [];
  const { at, devices } = peak;
  const rows = pools.map(({ slots, failures, highWater }) => [
    mebibytes(slots),
    grouped(slots),
    grouped(highWater),
    failures === 0 ? 'fits' : `${counted(failures, 'mapping')} refused`,
  ]);
  const advice =
    suggestion === null
      ? '  no pool up to 512 MiB is large enough'
      : `  swiotlb=${suggestion.advised} (${mebibytes(suggestion.advised)}) leaves as much again in reserve; least that fits: swiotlb=${suggestion.least}`;
  return [
    'If everything is bounced (SEV and TDX guests, swiotlb=force)',
    ...aligned([['pool', 'slots', 'most held', ''], ...rows], [true, true, true]).map((row) => `  ${row}`),
    advice,
    ...(recorded !== null && recorded.refused > 0
      ? [
          `  the recorded pool was exhausted (${counted(recorded.refused, 'refusal')}), and how long these would have been held is not known: this is a lower bound`,
        ]
      : []),
    `  peak of ${grouped(peak.slots)} slots at ${at.seconds.toFixed(6)} s, line ${grouped(at.line)}, ${printable(at.task)}: ${devices
      .map(([device, slots]) => `${printable(device)} ${grouped(slots)}`)
      .join(', ')}`,
  ];
}

function translated({ invalidations: { strict, lazy, lazyShared } }: Replay): readonly string[] {
  const time = (count: number): string => renderCell(estimate({ 'vtd-iotlb': count }), 'time');
  const rows = [
    ['strict', grouped(strict), '', '0', time(strict)],
    ['lazy', grouped(lazy.flushes), grouped(lazy.full), grouped(lazy.open), time(lazy.flushes)],
    [
      'lazy, one queue',
      grouped(lazyShared.flushes),
      grouped(lazyShared.full),
      grouped(lazyShared.open),
      time(lazyShared.flushes),
    ],
  ];
  return [
    'Behind an IOMMU: strict against lazy invalidation',
    ...aligned(
      [['', 'invalidations', 'by a full queue', 'ranges open at most', 'time (VT-d)'], ...rows],
      [false, true, true, true, true],
    ).map((row) => `  ${row}`),
  ];
}

/** What the table of invalidations tells better, because it knows the times. */
const ELSEWHERE: ReadonlySet<CounterName> = new Set([
  'invalidations',
  'pendingInvalidations',
  'slots',
  'bouncePages',
  'iovaPages',
  'tceEntries',
]);

function platforms({ platforms: runs }: Replay): readonly string[] {
  const shown = COUNTER_NAMES.filter(
    (name) => !ELSEWHERE.has(name) && runs.some(({ counters }) => counters[name] !== 0),
  );
  const head = ['', ...runs.map(({ platform }) => platform.id)];
  const rows = shown.map((name) => [
    COUNTERS[name].title,
    ...runs.map(({ counters }) => grouped(counters[name]).replace(/^0$/, '·')),
  ]);
  const times = runs.map(({ platform, cost, startup }) => [
    platform.id,
    costText(cost),
    startup.pagesShared > 0 ? `once at boot: ${grouped(startup.pagesShared)} pages made shared` : '',
  ]);
  return [
    'On other platforms (on one CPU, every buffer on a page of its own)',
    ...aligned([head, ...rows], [false, ...runs.map(() => true)]).map((row) => `  ${row}`),
    '',
    ...aligned(times).map((row) => `  ${row}`),
  ];
}
