import type { SimulatedPath, SimulatedRun } from '../../server/src/audit/index.ts';
import { grouped, svg } from './dom.ts';
import { laneClass, laneWords } from './words.ts';

const LABELS = 190;
/** Of a step, pixels: the fewer there are, the wider. */
const COLUMN = { least: 24, most: 64 } as const;
const ROW = 26;
const GRAPH = 44;
const GAP = 8;

/**
 * Draws a run: time on x, a column for each operation; a row for each buffer, then the pool and the IOVA space as areas.
 * Decoration for the eye only: the table of steps says the same in words.
 */
export function drawChart(
  path: SimulatedPath,
  run: SimulatedRun,
  selected: number,
  /** Pixels that it should not exceed, unless there are too many steps. */
  room: number,
  select: (operation: number) => void,
): SVGSVGElement {
  const columns = run.entries.length;
  const column = Math.max(COLUMN.least, Math.min(COLUMN.most, (room - LABELS - GAP) / Math.max(1, columns)));
  const graphs = [
    { label: 'bounce slots, pages', values: run.entries.map(({ slots }) => slots) },
    { label: 'IOVA pages, TCEs', values: run.entries.map(({ iovaPages }) => iovaPages) },
    { label: 'IOTLB invalidations', values: sums(run.entries.map(({ changes }) => changes.invalidations ?? 0)) },
    {
      label: 'pages converted',
      values: sums(run.entries.map(({ changes }) => (changes.pagesShared ?? 0) + (changes.pagesPrivate ?? 0))),
    },
  ].filter(({ values }) => values.some((value) => value > 0));
  const lanesTop = ROW;
  const graphsTop = lanesTop + path.lanes.length * ROW + GAP;
  const height = graphsTop + graphs.length * (GRAPH + GAP) + GAP;
  const width = LABELS + columns * column + GAP;
  const chart = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true', class: 'chart' });
  chart.append(svg('rect', { class: 'selected', x: LABELS + selected * column, y: 0, width: column, height }));
  path.lanes.forEach(({ label, kind }, lane) => {
    const y = lanesTop + lane * ROW;
    chart.append(text(0, y + 17, kind === 'mapping' ? `mapping of ${label}` : label, 26));
    chart.append(svg('line', { class: 'axis', x1: LABELS, x2: width, y1: y + ROW - 3, y2: y + ROW - 3 }));
    run.entries.forEach((entry, index) => {
      const state = entry.lanes[lane];
      if (state === undefined || state.owner === 'absent') return;
      chart.append(
        svg(
          'rect',
          { class: `lane ${laneClass(state)}`, x: LABELS + index * column, y: y + 3, width: column, height: ROW - 9 },
          svg('title', {}, `${label}: ${laneWords(state)}`),
        ),
      );
      if (state.shared)
        chart.append(
          svg('line', {
            class: 'sharing',
            x1: LABELS + index * column,
            x2: LABELS + (index + 1) * column,
            y1: y + 3,
            y2: y + 3,
          }),
        );
    });
  });
  for (const { lane, operation } of path.steps) {
    if (lane === null || operation === null) continue;
    const x = LABELS + operation * column + column / 2;
    chart.append(svg('circle', { class: 'mark', cx: x, cy: lanesTop + lane * ROW + ROW / 2 - 2, r: 4 }));
  }
  run.entries.forEach(({ violations, refused }, index) => {
    if (violations.length === 0 && refused === null) return;
    const x = LABELS + index * column + column / 2;
    chart.append(svg('text', { class: 'fault', x, y: 17, 'text-anchor': 'middle' }, '✗'));
  });
  graphs.forEach(({ label, values }, i) => {
    const top = graphsTop + i * (GRAPH + GAP);
    const most = Math.max(...values);
    chart.append(text(0, top + 17, label, 26), text(0, top + 33, `at most ${grouped(most)}`, 26));
    const points = values.flatMap((value, index) => {
      const y = top + GRAPH - (value / most) * (GRAPH - 4);
      return [`${LABELS + index * column},${y}`, `${LABELS + (index + 1) * column},${y}`];
    });
    const bottom = top + GRAPH;
    const area = [`${LABELS},${bottom}`, ...points, `${LABELS + columns * column},${bottom}`].join(' ');
    chart.append(svg('polygon', { class: 'area', points: area }));
    chart.append(svg('line', { class: 'axis', x1: LABELS, x2: width, y1: bottom, y2: bottom }));
  });
  chart.addEventListener('click', (event) => {
    const x = event.clientX - chart.getBoundingClientRect().left - LABELS;
    const index = Math.floor(x / column);
    if (index >= 0 && index < columns) select(index);
  });
  return chart;
}

function text(x: number, y: number, words: string, most: number): SVGTextElement {
  const short = words.length > most ? `${words.slice(0, most - 1)}…` : words;
  return svg('text', { x, y, class: 'label' }, short, svg('title', {}, words));
}

function sums(values: readonly number[]): readonly number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
