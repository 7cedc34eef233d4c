import { COUNTER_NAMES, COUNTERS, renderCell } from '@dma-audit/simulator';
import type { SimulatedPath, SimulatedStep, Simulation } from '../../server/src/audit/index.ts';
import { element, grouped } from './dom.ts';

/** Counters of every platform side by side, the chosen one marked, with the time and where its figures come from. */
export function countersTable({ platforms }: Simulation, { runs }: SimulatedPath, chosen: number): HTMLElement {
  const shown = COUNTER_NAMES.filter((name) => runs.some(({ counters }) => counters[name] !== 0));
  const cell = (i: number, words: string): HTMLElement => element('td', i === chosen ? { class: 'chosen' } : {}, words);
  const rows = shown.map((name) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, COUNTERS[name].title),
      ...runs.map(({ counters }, i) => cell(i, counters[name] === 0 ? '·' : grouped(counters[name]))),
    ),
  );
  const times = element(
    'tr',
    {},
    element('th', { scope: 'row' }, 'time'),
    ...runs.map(({ cost }, i) => {
      const missing = cost.unpriced.map(({ event, count }) => `no figure: ${grouped(count)} × ${event}`);
      const known = renderCell(cost, 'time');
      return cell(i, [...(known === 'none' && missing.length > 0 ? [] : [known]), ...missing].join(', '));
    }),
  );
  const once = element(
    'tr',
    {},
    element('th', { scope: 'row' }, 'once at boot'),
    ...runs.map(({ startup }, i) =>
      cell(i, startup.pagesShared > 0 ? `${grouped(startup.pagesShared)} pages shared` : '·'),
    ),
  );
  const head = element(
    'tr',
    {},
    element('td'),
    ...runs.map(({ platform }, i) =>
      element(
        'th',
        { scope: 'col', title: platforms[i]?.title ?? '', ...(i === chosen ? { class: 'chosen' } : {}) },
        platform,
      ),
    ),
  );
  return element(
    'div',
    { class: 'scroll' },
    element('table', { class: 'counters' }, element('thead', {}, head), element('tbody', {}, ...rows, times, once)),
  );
}

/** The figures by which the times were estimated: what, how much, from where. */
export function figuresList({ figures }: Simulation): HTMLElement {
  const items = figures.map(({ operation, unit, low, typical, high, kind, source, hardware }) => {
    const values = [...new Set([low, typical, high].filter((value) => value !== null))];
    const range = values.map((value) => (unit === 'ns' ? renderCell(value, 'ns') : `${value} ${unit}`)).join(' – ');
    const origin = [kind, source, hardware].filter((part) => part !== '').join('; ');
    return element('li', {}, `${operation}: ${range === '' ? 'unknown' : range} (${origin})`);
  });
  return element('ul', {}, ...items);
}

export function assumptionsList({ assumptions, guesses }: SimulatedPath): HTMLElement {
  const from = {
    page: 'assumed: a page',
    user: 'as you said',
    comment: 'as a comment says',
    configuration: 'as the configuration says',
  } as const;
  const items = assumptions.map((one) =>
    element(
      'li',
      {},
      element('code', {}, one.name),
      ` = ${grouped(one.bytes)} bytes (${from[one.from]}), ${one.file}:${one.line}`,
    ),
  );
  const others = guesses.map(({ what, value, text, file, line }) =>
    element('li', {}, `${what} of `, element('code', {}, text), ` = ${value}, ${file}:${line}`),
  );
  return element('ul', {}, ...items, ...others);
}

/** The function around a step, its line marked. */
export function sourceListing({ sources }: Simulation, step: SimulatedStep): HTMLElement {
  const source = sources.find((one) => one.file === step.file && one.function === step.function);
  if (source === undefined) return element('p', {}, 'The text is not in this report.');
  const lines = source.text.split(/\r\n|\n|\r/).map((text, i) => {
    const number = source.line + i;
    const here = number === step.line;
    return element(
      'div',
      here ? { class: 'line here', 'aria-current': 'true' } : { class: 'line' },
      element('span', { class: 'number' }, `${number}`),
      element('code', {}, text),
    );
  });
  return element(
    'div',
    { class: 'listing', tabindex: 0, role: 'region', 'aria-label': `Source of ${source.function}` },
    ...lines,
  );
}
