import type { Dialect, Models } from '../models/index.ts';
import type { Code, FunctionSource } from '../sequence/index.ts';
import type { Parser } from '../syntax/index.ts';
import type { Unit, UnitFunction } from './unit.ts';
import { weights } from './weights.ts';

/** In characters. */
const WEIGHT_STEP = 512;

/** Files that are looked at together: one file, or the files of a driver's directory. */
export class Project implements Code {
  readonly dialect: Dialect;
  readonly models: Models;
  readonly checkedFields: ReadonlySet<string>;
  private readonly arrayFields = new Map<string, 'always' | 'sometimes' | 'never'>();
  private readonly units: ReadonlyMap<string, Unit>;
  private readonly parser: Parser;
  private readonly byName = new Map<string, UnitFunction[]>();
  private readonly relevant: ReadonlySet<string>;
  private weights: ReadonlyMap<UnitFunction, number> | null = null;
  private readonly sources = new Map<UnitFunction, FunctionSource>();

  constructor(units: readonly Unit[], models: Models, parser: Parser) {
    this.models = models;
    this.parser = parser;
    this.dialect = units[0]?.dialect ?? 'linux';
    this.units = new Map(units.map((u) => [u.path, u]));
    const checked = new Set<string>();
    for (const unit of units) {
      for (const field of unit.checkedFields) checked.add(field);
      for (const [field, isArray] of unit.fields)
        this.arrayFields.set(field, combine(this.arrayFields.get(field), isArray));
      for (const f of unit.functions.values()) this.byName.set(f.name, [...(this.byName.get(f.name) ?? []), f]);
    }
    this.checkedFields = checked;
    this.relevant = this.reaching();
  }

  /** Names of functions from which a DMA API can be reached. */
  private reaching(): Set<string> {
    const callers = new Map<string, string[]>();
    const reached = new Set<string>();
    const work: string[] = [];
    for (const [name, functions] of this.byName) {
      for (const f of functions) {
        for (const callee of f.calls) {
          const list = callers.get(callee);
          if (list) list.push(name);
          else callers.set(callee, [name]);
        }
        if (f.touchesApi && !reached.has(name)) {
          reached.add(name);
          work.push(name);
        }
      }
    }
    for (let name = work.pop(); name !== undefined; name = work.pop())
      for (const caller of callers.get(name) ?? [])
        if (!reached.has(caller)) {
          reached.add(caller);
          work.push(caller);
        }
    return reached;
  }

  unit(path: string): Unit | undefined {
    return this.units.get(path);
  }

  isRelevant(name: string): boolean {
    return this.relevant.has(name);
  }

  function(name: string, file: string): FunctionSource | null {
    const found = this.find(name, file);
    if (!found) return null;
    const known = this.sources.get(found);
    if (known) return known;
    const unit = this.units.get(found.file);
    if (!unit) return null;
    const source = lazySource(found.file, this.relevant.has(name), {
      graph: () => unit.graph(found, this.parser),
      weight: () => roundedWeight(this.weightOf(found)),
      assigns: () => this.assignsOf(found),
      releases: () => this.releasesOf(found),
    });
    this.sources.set(found, source);
    return source;
  }

  isArray(name: string, file: string): boolean {
    return this.units.get(file)?.arrays.has(name) ?? false;
  }

  private weightOf(f: UnitFunction): number {
    this.weights ??= weights(
      [...this.byName.values()].flat().filter(({ name }) => this.relevant.has(name)),
      ({ item }) => item.end - item.start,
      (caller) => this.relevantCallees(caller),
    );
    return this.weights.get(f) ?? f.item.end - f.item.start;
  }

  private relevantCallees(f: UnitFunction): readonly UnitFunction[] {
    return [...f.calls].flatMap((callee) => {
      const target = this.relevant.has(callee) ? this.find(callee, f.file) : undefined;
      return target && target !== f ? [target] : [];
    });
  }

  /** The definition of `name` as seen from `file`. */
  private find(name: string, file: string): UnitFunction | undefined {
    const candidates = this.byName.get(name);
    return candidates?.find((f) => f.file === file) ?? (candidates?.length === 1 ? candidates[0] : undefined);
  }

  /** Families that it or what it calls in turn may release. */
  private releasesOf(start: UnitFunction): Set<string> {
    const families = new Set<string>();
    const seen = new Set<UnitFunction>();
    const work = [start];
    for (let f = work.pop(); f && seen.size < 200; f = work.pop()) {
      if (seen.has(f)) continue;
      seen.add(f);
      for (const callee of f.calls) {
        for (const family of releasedFamilies(this.models).get(callee) ?? []) families.add(family);
        if (this.relevant.has(callee)) work.push(...(this.byName.get(callee) ?? []));
      }
    }
    return families;
  }

  arrayField(field: string): 'always' | 'sometimes' | 'never' {
    return this.arrayFields.get(field) ?? 'never';
  }

  private assignsOf(start: UnitFunction): Set<string> {
    const all = new Set<string>();
    const seen = new Set<UnitFunction>();
    const work = [start];
    for (let f = work.pop(); f && seen.size < 200; f = work.pop()) {
      if (seen.has(f)) continue;
      seen.add(f);
      for (const field of f.assigns) all.add(field);
      for (const callee of f.calls) work.push(...(this.byName.get(callee) ?? []));
    }
    return all;
  }
}

type Lazy = 'graph' | 'weight' | 'assigns' | 'releases';

/** Most of what may be asked of a function never is. */
function lazySource(
  file: string,
  relevant: boolean,
  make: { readonly [K in Lazy]: () => FunctionSource[K] },
): FunctionSource {
  const known: { -readonly [K in Lazy]?: FunctionSource[K] } = {};
  return {
    file,
    relevant,
    get graph() {
      return (known.graph ??= make.graph());
    },
    get weight() {
      return (known.weight ??= make.weight());
    },
    get assigns() {
      return (known.assigns ??= make.assigns());
    },
    get releases() {
      return (known.releases ??= make.releases());
    },
  };
}

/** In steps, so that a keystroke seldom changes what is entered. */
const roundedWeight = (weight: number): number => Math.round(weight / WEIGHT_STEP) * WEIGHT_STEP;

function combine(
  before: 'always' | 'sometimes' | 'never' | undefined,
  now: 'always' | 'sometimes' | 'never',
): 'always' | 'sometimes' | 'never' {
  return before === undefined || before === now ? now : 'sometimes';
}

const RELEASED = new WeakMap<Models, ReadonlyMap<string, ReadonlySet<string>>>();

/** Families that a call of each name may release. */
function releasedFamilies(models: Models): ReadonlyMap<string, ReadonlySet<string>> {
  const known = RELEASED.get(models);
  if (known) return known;
  const families = new Map<string, Set<string>>();
  for (const { name, action, family } of models.entries)
    if (action === 'free' || action === 'unmap' || action === 'channel-release')
      families.set(name, (families.get(name) ?? new Set()).add(family ?? name));
  RELEASED.set(models, families);
  return families;
}
