import type { Operation, Platform } from '@dma-audit/simulator';
import { type Budget, type Code, type Exploration, sequences } from '../sequence/index.ts';
import type { FunctionReport } from './diagnostic.ts';
import { execute, type RawFinding } from './findings.ts';
import { hintFindings } from './simulate-hints.ts';
import { plainName, type Unit } from './unit.ts';

/** What the check of one function found. */
export interface FunctionResult {
  readonly report: FunctionReport;
  readonly findings: readonly RawFinding[];
  readonly operations: readonly OperationPlace[];
  /** Mappings that begin and end on one path of it, both in what it calls. */
  readonly completed: number;
  /** `file:function` of everything that was looked into, the function itself included. */
  readonly entered: ReadonlySet<string>;
}

/** A place in the function's own text where a path maps, unmaps, allocates or frees. */
export interface OperationPlace {
  /** Offsets from the beginning of the function. */
  readonly start: number;
  readonly end: number;
  readonly op: 'map' | 'unmap' | 'allocate' | 'free';
  readonly api: string;
  /** Indices of the operations that begin or end the same mapping or buffer on some path. */
  readonly partners: readonly number[];
}

/**
 * Explores one function and executes its paths. `hintPlatforms`: those on which hints at cost are weighed; none = no hints. A mistake of ours costs this function, not the run. */
export function checkFunction(
  code: Code,
  unit: Unit,
  name: string,
  budget: Budget,
  platforms: readonly Platform[],
  hintPlatforms: readonly Platform[] = [],
  distrustsHost = false,
): FunctionResult {
  const about = { file: unit.path, function: name };
  const source = code.function(name, unit.path);
  if (!source || source.file !== unit.path)
    return {
      report: { ...about, state: 'skipped', reasons: ['not found again'] },
      findings: [],
      operations: [],
      completed: 0,
      entered: new Set(),
    };
  const entry = { atExitBootServices: unit.data.exitBootHandlers.has(plainName(name)), distrustsHost };
  const exploration = sequences(code, source, budget, entry);
  const { degraded, entered } = exploration;
  return {
    report: { ...about, state: degraded.length ? 'degraded' : 'analysed', reasons: degraded },
    findings: [...execute(exploration, platforms), ...hintFindings(exploration, hintPlatforms)],
    operations: operationPlaces(exploration, unit.functions.get(name)?.item.start ?? 0),
    completed: completedMappings(exploration),
    entered,
  };
}

function operationPlaces(exploration: Exploration, origin: number): readonly OperationPlace[] {
  const indices = new Map<number, number>();
  const found: (Omit<OperationPlace, 'partners'> & { readonly partners: Set<number> })[] = [];
  const indexOf = (op: OperationPlace['op'], { site, api }: Operation): number | null => {
    const known = indices.get(site);
    if (known !== undefined) return known;
    const place = exploration.place(site);
    if (place.function !== exploration.function || place.file !== exploration.file) return null;
    const index =
      found.push({ start: place.start - origin, end: place.end - origin, op, api, partners: new Set() }) - 1;
    indices.set(site, index);
    return index;
  };
  for (const { program } of exploration.paths) {
    const begun = new Map<number, number>();
    for (const operation of program.operations) {
      const { op } = operation;
      if (op !== 'map' && op !== 'unmap' && op !== 'allocate' && op !== 'free') continue;
      const index = indexOf(op, operation);
      if (index === null) continue;
      if (operation.op === 'map') begun.set(operation.mapping, index);
      else if (operation.op === 'allocate') begun.set(operation.buffer, index);
      else if ('target' in operation && 'id' in operation.target) {
        const beginning = begun.get(operation.target.id);
        if (beginning === undefined) continue;
        found[beginning]?.partners.add(index);
        found[index]?.partners.add(beginning);
      }
    }
  }
  return found.map((one) => ({ ...one, partners: [...one.partners] }));
}

/** By the places where they begin. */
function completedMappings({ paths, place, function: name, file }: Exploration): number {
  const isOwn = (site: number): boolean => place(site).function === name && place(site).file === file;
  const completed = new Set<number>();
  for (const { program } of paths) {
    const begun = new Map<number, number>();
    for (const operation of program.operations) {
      if (operation.op === 'map' && !isOwn(operation.site)) begun.set(operation.mapping, operation.site);
      if (operation.op !== 'unmap' || operation.target.to !== 'mapping' || isOwn(operation.site)) continue;
      const site = begun.get(operation.target.id);
      if (site !== undefined) completed.add(site);
    }
  }
  return completed.size;
}
