/**
 * The page of a simulation: the same in the editor's panel and as a report in a single file. It is handed a `Simulation` as
 * JSON, in `<script id="simulation">` or by a message `{ type: 'simulation', simulation }`; in the editor it tells what is
 * clicked by `{ type: 'open', file, line, column }`, and goes to a step on `{ type: 'reveal', file, line }`.
 */
import type {
  SimulatedEntry,
  SimulatedPath,
  SimulatedRun,
  SimulatedStep,
  Simulation,
} from '../../server/src/audit/index.ts';
import { drawChart } from './chart.ts';
import { element } from './dom.ts';
import { assumptionsList, countersTable, figuresList, sourceListing } from './tables.ts';
import { addressWords, changeWords, laneWords, pathWords, stepWords } from './words.ts';

interface Editor {
  postMessage(message: unknown): void;
}
declare function acquireVsCodeApi(): Editor;

const editor: Editor | null = typeof acquireVsCodeApi === 'function' ? acquireVsCodeApi() : null;

class Page {
  readonly #simulation: Simulation;
  #path = 0;
  #run = 0;
  #operation = 0;
  /** The platform that was shown before: what differs from it is marked. */
  #before: number | null = null;
  readonly #chart = element('div', { class: 'scroll' });
  readonly #steps = element('tbody');
  readonly #state = element('div', { class: 'state', 'aria-live': 'polite' });
  readonly #source = element('div', { class: 'source' });
  readonly #numbers = element('div');
  readonly #about = element('div');
  readonly #slider = element('input', { type: 'range', min: 0, value: 0, 'aria-label': 'Step' });

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  show(): void {
    const { function: name, file, line, dialect, degraded, platforms, paths } = this.#simulation;
    const platform = choice(
      'Platform',
      platforms.map(({ id, title }) => `${id}: ${title}`),
      this.#run,
      (i) => {
        this.#before = this.#run;
        this.#run = i;
        this.#update();
      },
    );
    const path = choice('Path', paths.map(pathWords), this.#path, (i) => {
      this.#path = i;
      this.#operation = 0;
      this.#update();
    });
    this.#slider.addEventListener('input', () => this.#select(Number(this.#slider.value)));
    const button = (label: string, words: string, to: () => number): HTMLElement => {
      const made = element('button', { type: 'button', title: words, 'aria-label': words }, label);
      made.addEventListener('click', () => this.#select(to()));
      return made;
    };
    document.body.replaceChildren(
      element(
        'header',
        {},
        element('h1', {}, name),
        element('p', { class: 'place' }, `${file}:${line} · ${dialect}`),
        ...degraded.map((reason) => element('p', { class: 'warning' }, `Not explored in full: ${reason}`)),
        element('div', { class: 'choices' }, platform, path),
      ),
      element(
        'main',
        {},
        element(
          'div',
          { class: 'toolbar', role: 'toolbar', 'aria-label': 'Steps' },
          button('|◀', 'First step (Home)', () => 0),
          button('◀', 'Step back (←)', () => this.#operation - 1),
          this.#slider,
          button('▶', 'Step forward (→)', () => this.#operation + 1),
          button('▶|', 'Last step (End)', () => this.#last),
        ),
        this.#chart,
        legend(),
        element('section', { class: 'now' }, this.#state, this.#source),
        section(
          'Steps',
          element('div', { class: 'scroll' }, element('table', { class: 'steps' }, stepsHead(), this.#steps)),
        ),
        section('Counters and time', this.#numbers),
        this.#about,
      ),
    );
    this.#update();
  }

  /** What the page before it showed, as far as that is there: the same function after an edit. */
  keep(before: Page): void {
    const { function: name, platforms, paths } = this.#simulation;
    if (before.#simulation.function !== name) return;
    const shown = before.#simulation.platforms[before.#run]?.id;
    this.#run = Math.max(
      0,
      platforms.findIndex(({ id }) => id === shown),
    );
    this.#path = Math.min(before.#path, paths.length - 1);
    this.#operation = Math.min(before.#operation, this.#last);
  }

  /** The room may have changed. */
  draw(): void {
    this.#update();
  }

  reveal(file: string, line: number): void {
    const step = this.#current?.path.steps.find(
      (one) => one.file === file && one.line === line && one.operation !== null,
    );
    if (step?.operation !== null && step?.operation !== undefined) this.#select(step.operation);
  }

  get #current(): { readonly path: SimulatedPath; readonly run: SimulatedRun } | null {
    const path = this.#simulation.paths[this.#path];
    const run = path?.runs[this.#run];
    return path === undefined || run === undefined ? null : { path, run };
  }

  get #last(): number {
    return (this.#current?.run.entries.length ?? 1) - 1;
  }

  key(event: KeyboardEvent): void {
    const target = event.target;
    if (target instanceof HTMLSelectElement || target instanceof HTMLInputElement) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowLeft: this.#operation - 1, ArrowRight: this.#operation + 1, Home: 0, End: this.#last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#select(to);
  }

  #select(operation: number): void {
    this.#operation = Math.max(0, Math.min(operation, this.#last));
    this.#update();
  }

  #update(): void {
    const now = this.#current;
    if (now === null) return;
    const { path, run } = now;
    this.#slider.max = `${Math.max(0, run.entries.length - 1)}`;
    this.#slider.value = `${this.#operation}`;
    this.#chart.replaceChildren(
      drawChart(path, run, this.#operation, this.#chart.clientWidth, (to) => this.#select(to)),
    );
    this.#replaceRows(path, run);
    this.#numbers.replaceChildren(countersTable(this.#simulation, path, this.#run), figuresList(this.#simulation));
    this.#about.replaceChildren(
      ...(path.assumptions.length + path.guesses.length > 0 ? [section('Assumptions', assumptionsList(path))] : []),
    );
    const step = path.steps.find((one) => one.operation === this.#operation);
    const entry = run.entries[this.#operation];
    if (step === undefined || entry === undefined) return;
    this.#slider.setAttribute(
      'aria-valuetext',
      `step ${this.#operation + 1} of ${run.entries.length}: ${stepWords(step)} ${step.text}`,
    );
    this.#state.replaceChildren(...this.#told(path, step, entry));
    this.#source.replaceChildren(sourceListing(this.#simulation, step));
    const here = this.#source.querySelector('.here');
    const listing = this.#source.firstElementChild;
    // Not scrollIntoView: it would move the whole page as well.
    if (here instanceof HTMLElement && listing !== null) listing.scrollTop = here.offsetTop - listing.clientHeight / 2;
  }

  /** Whoever goes through the rows by keyboard stays where they are. */
  #replaceRows(path: SimulatedPath, run: SimulatedRun): void {
    const focused = [...this.#steps.querySelectorAll<Element>('button')].indexOf(document.activeElement ?? this.#steps);
    this.#steps.replaceChildren(...this.#rows(path, run));
    if (focused >= 0) this.#steps.querySelectorAll('button')[focused]?.focus({ preventScroll: true });
  }

  #told(path: SimulatedPath, step: SimulatedStep, entry: SimulatedEntry): readonly HTMLElement[] {
    const address = addressWords(entry);
    const lanes = entry.lanes.flatMap((state, i) =>
      state.owner === 'absent' ? [] : [element('li', {}, `${path.lanes[i]?.label ?? ''}: ${laneWords(state)}`)],
    );
    return [
      element('h2', {}, `Step ${this.#operation + 1}: ${stepWords(step)}`),
      element('p', {}, element('code', {}, step.text), ' ', this.#place(step)),
      ...(address === '' ? [] : [element('p', {}, `The device gets ${address}.`)]),
      ...changeWords(entry).map((words) => element('p', {}, words)),
      ...(entry.refused === null ? [] : [element('p', { class: 'warning' }, `Refused here: ${entry.refused}`)]),
      ...entry.violations.map(({ kind, message, consequence }) =>
        element(
          'p',
          { class: consequence === null ? 'warning' : 'error' },
          `✗ ${kind}: ${message}. `,
          consequence === null ? 'Here it happens to work.' : `Here: ${consequence}.`,
        ),
      ),
      element('ul', {}, ...lanes),
    ];
  }

  #rows(path: SimulatedPath, run: SimulatedRun): readonly HTMLElement[] {
    const before = this.#before === null ? undefined : path.runs[this.#before];
    return path.steps.map((step) => {
      const { operation } = step;
      const entry = operation === null ? undefined : run.entries[operation];
      if (operation === null || entry === undefined)
        return element(
          'tr',
          { class: 'decision' },
          element('td', {}, this.#place(step)),
          element('td', { colspan: 4 }, element('code', {}, step.text), ` ${stepWords(step)}`),
        );
      const took = changeWords(entry).join(', ');
      const other = before?.entries[operation];
      const differs =
        other !== undefined && (changeWords(other).join(', ') !== took || other.address !== entry.address);
      const faults = [
        ...entry.violations.map(({ kind }) => `✗ ${kind}`),
        ...(entry.refused === null ? [] : ['✗ refused']),
      ];
      const go = element('button', { type: 'button', class: 'link' }, stepWords(step));
      go.addEventListener('click', () => this.#select(operation));
      return element(
        'tr',
        { ...(operation === this.#operation ? { class: 'chosen', 'aria-current': 'step' } : {}) },
        element('td', {}, this.#place(step)),
        element('td', {}, go, ' ', element('code', {}, step.text)),
        element('td', {}, addressWords(entry)),
        element(
          'td',
          differs ? { class: 'differs', title: `Other than on ${before?.platform}` } : {},
          differs ? `≠ ${took === '' ? 'nothing' : took}` : took,
        ),
        element('td', { class: 'error' }, faults.join(', ')),
      );
    });
  }

  /** In the editor, a button that opens the place; in a file, its name. */
  #place(step: SimulatedStep): HTMLElement {
    const words = `${/[^/]+$/.exec(step.file)?.[0] ?? step.file}:${step.line}`;
    if (editor === null) {
      const go = element('button', { type: 'button', class: 'link place' }, words);
      go.addEventListener('click', () => {
        if (step.operation !== null) this.#select(step.operation);
        else this.#source.replaceChildren(sourceListing(this.#simulation, step));
      });
      return go;
    }
    const open = element('button', { type: 'button', class: 'link place', title: `Open ${step.file}` }, words);
    open.addEventListener('click', () => {
      editor.postMessage({ type: 'open', file: step.file, line: step.line, column: step.column });
    });
    return open;
  }
}

const section = (title: string, ...children: readonly Node[]): HTMLElement =>
  element('section', {}, element('h2', {}, title), ...children);

const stepsHead = (): HTMLElement =>
  element(
    'thead',
    {},
    element(
      'tr',
      {},
      ...['line', 'operation', 'the device gets', 'what it took', 'faults'].map((words) =>
        element('th', { scope: 'col' }, words),
      ),
    ),
  );

function legend(): HTMLElement {
  const items = [
    ['cpu', 'the CPU has it'],
    ['device', 'the device has it'],
    ['device bounced', 'the device has a bounce buffer of it'],
    ['lent', 'mapped, lent to the CPU'],
    ['freed', 'freed'],
    ['lost', 'lost or unseen'],
  ] as const;
  return element(
    'p',
    { class: 'legend' },
    ...items.map(([name, words]) => element('span', {}, element('span', { class: `swatch ${name}` }), words)),
    element('span', {}, element('span', { class: 'swatch sharing' }), 'shared with the host'),
  );
}

function choice(
  label: string,
  options: readonly string[],
  chosen: number,
  choose: (index: number) => void,
): HTMLElement {
  const items = options.map((words, i) => element('option', { value: i, selected: i === chosen }, words));
  const select = element('select', {}, ...items);
  select.addEventListener('change', () => choose(select.selectedIndex));
  return element('label', {}, `${label} `, select);
}

let page: Page | null = null;

function show(simulation: Simulation): void {
  const before = page;
  page = new Page(simulation);
  if (before !== null) page.keep(before);
  page.show();
}

document.addEventListener('keydown', (event) => page?.key(event));
window.addEventListener('resize', () => page?.draw());

const embedded = document.getElementById('simulation')?.textContent;
if (embedded) show(JSON.parse(embedded));
if (editor !== null) {
  window.addEventListener('message', ({ data }: MessageEvent) => {
    if (data?.type === 'simulation') show(data.simulation);
    if (data?.type === 'reveal') page?.reveal(data.file, data.line);
  });
  editor.postMessage({ type: 'ready' });
}
