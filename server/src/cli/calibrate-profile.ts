import { readFile } from 'node:fs/promises';
import { COSTS, type CostFigure, type CostId } from '@dma-audit/simulator';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** Figures of one machine, in place of the published ones. */
export interface Profile {
  /** What machine, when: for words. */
  readonly title: string;
  readonly figures: Readonly<Partial<Record<CostId, MeasuredFigure>>>;
}

/** In the unit of the published figure: ns, or ns per byte. */
export interface MeasuredFigure {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
  readonly source: string;
}

export type Figures = Readonly<Record<CostId, CostFigure>>;

const isCostId = (id: string): id is CostId => Object.hasOwn(COSTS, id);

/** The figures to estimate with; without a profile the published ones. Throws a Failure for a faulty profile. */
export async function figuresWith(file: string | undefined): Promise<Figures> {
  if (file === undefined) return COSTS;
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Failure(EXIT.configuration, `--profile ${file}: ${reasonOf(error)}`);
  }
  const profile = parseProfile(value);
  if (typeof profile === 'string') throw new Failure(EXIT.configuration, `--profile ${file}: ${profile}`);
  return applied(profile);
}

export function applied({ title, figures }: Profile): Figures {
  const changed: Partial<Record<CostId, CostFigure>> = {};
  for (const [id, figure] of Object.entries(figures))
    if (isCostId(id)) changed[id] = { ...COSTS[id], ...figure, hardware: title, kind: 'measured' };
  return { ...COSTS, ...changed };
}

/** A profile, or what is wrong with it. */
export function parseProfile(value: unknown): Profile | string {
  if (!isObject(value)) return 'it must be an object';
  const { title, figures } = value;
  if (typeof title !== 'string') return 'title must be a text';
  if (!isObject(figures)) return 'figures must be an object';
  const read: Partial<Record<CostId, MeasuredFigure>> = {};
  for (const [id, figure] of Object.entries(figures)) {
    if (!isCostId(id)) return `figures.${id}: there is no such figure`;
    if (!isObject(figure)) return `figures.${id} must be an object`;
    const { low, typical, high, source } = figure;
    if (!isTime(low) || !isTime(typical) || !isTime(high) || low > typical || typical > high)
      return `figures.${id}: low, typical and high must be numbers from 0, in this order`;
    if (typeof source !== 'string') return `figures.${id}.source must be a text`;
    read[id] = { low, typical, high, source };
  }
  return { title, figures: read };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
