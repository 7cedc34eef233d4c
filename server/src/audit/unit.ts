import { type FunctionGraph, type LoweringOptions, lowerFunction } from '../flow/index.ts';
import type { ApiModel, Dialect, Models } from '../models/index.ts';
import { detectDialect, type FunctionItem, LineIndex, maskSource, sliceTopLevel } from '../source/index.ts';
import type { Parser } from '../syntax/index.ts';

export interface UnitFunction {
  readonly name: string;
  readonly file: string;
  readonly item: FunctionItem;
  /** Names that are called in it. */
  readonly calls: ReadonlySet<string>;
  /** Names a DMA API itself. */
  readonly touchesApi: boolean;
  /** Field names that its own text assigns. */
  readonly assigns: ReadonlySet<string>;
}

/**
 * One file, sliced into its top-level items. Functions are lowered only when somebody wants them.
 * `path` is how the file is named in reports.
 */
export class Unit {
  readonly path: string;
  readonly text: string;
  readonly dialect: Dialect;
  readonly functions = new Map<string, UnitFunction>();
  readonly checkedFields = new Set<string>();
  readonly arrays = new Set<string>();
  /** Structure fields by name: arrays in every structure that has them, in some, in none. */
  readonly fields = new Map<string, 'always' | 'sometimes' | 'never'>();
  /** Functions registered to be called at ExitBootServices. */
  readonly exitBootHandlers = new Set<string>();
  private readonly masked: string;
  private readonly models: Models;
  private readonly graphs = new Map<string, FunctionGraph>();
  private lineIndex: LineIndex | null = null;

  constructor(path: string, text: string, models: Models, dialect: Dialect | null) {
    this.path = path;
    this.text = text;
    this.models = models;
    this.dialect = dialect ?? detectDialect(path, text);
    this.masked = maskSource(text, this.dialect);
    const trigger = models.triggerPattern(this.dialect);
    for (const item of sliceTopLevel(text, this.masked)) {
      if (item.kind === 'variable' || item.kind === 'table') {
        if (
          /\]\s*(=|;|$)/.test(this.masked.slice(item.start, Math.min(item.end, item.start + 300)).split('=')[0] ?? '')
        )
          this.arrays.add(item.name);
      }
      if (item.kind === 'struct')
        for (const { name, arrayLength } of item.fields) {
          const last = name.slice(name.lastIndexOf('.') + 1);
          const kind = arrayLength !== null ? 'always' : 'never';
          const before = this.fields.get(last);
          this.fields.set(last, before === undefined || before === kind ? kind : 'sometimes');
        }
      if (item.kind !== 'function') continue;
      const body = this.masked.slice(item.start, item.end);
      this.functions.set(item.name, {
        name: item.name,
        file: path,
        item,
        calls: calledNames(body),
        touchesApi: trigger.test(body),
        assigns: assignedFields(body),
      });
      for (const [, argument] of body.matchAll(/\bdma_mapping_error\s*\([^,]+,([^;]*?)\)\s*\)?/g)) {
        const field = /(\w+)\s*(?:\[[^\]]*\])?\s*\)*$/.exec(argument ?? '')?.[1];
        if (field && /->|\./.test(argument ?? '')) this.checkedFields.add(field);
      }
      for (const name of exitBootHandlers(body)) this.exitBootHandlers.add(name);
    }
  }

  get lines(): LineIndex {
    this.lineIndex ??= new LineIndex(this.text);
    return this.lineIndex;
  }

  graph(name: string, parser: Parser): FunctionGraph | null {
    const known = this.graphs.get(name);
    if (known) return known;
    const found = this.functions.get(name);
    if (!found) return null;
    const { item } = found;
    const tree = parser.parse(this.masked.slice(item.start, item.end), item.start);
    const graph = lowerFunction(tree, this.text, loweringOptions(this.models, this.dialect));
    const named = { ...graph, name, returnType: item.returnType || graph.returnType, isStatic: item.isStatic };
    this.graphs.set(name, named);
    return named;
  }
}

const OPTIONS = new WeakMap<Models, Map<Dialect, LoweringOptions>>();

/** What lowering must know of the API tables: it knows no API by name itself. */
function loweringOptions(models: Models, dialect: Dialect): LoweringOptions {
  const byDialect = OPTIONS.get(models) ?? new Map<Dialect, LoweringOptions>();
  OPTIONS.set(models, byDialect);
  let options = byDialect.get(dialect);
  if (!options) {
    const functions = models.entries.filter((m) => m.call === 'function' && m.dialects.includes(dialect));
    const named = (test: (m: ApiModel) => boolean) => new Set(functions.filter(test).map((m) => m.name));
    options = {
      transparent: named((m) => m.action === 'pass' && m.result === 'boolean'),
      noReturn: named((m) => m.action === 'no-return'),
    };
    byDialect.set(dialect, options);
  }
  return options;
}

const KEYWORDS = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'do', 'else', 'typeof', 'defined']);

function calledNames(body: string): Set<string> {
  const names = new Set<string>();
  for (const [, name] of body.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) if (name && !KEYWORDS.has(name)) names.add(name);
  return names;
}

function assignedFields(body: string): Set<string> {
  const fields = new Set<string>();
  for (const [, field] of body.matchAll(/(?:->|\.)\s*(\w+)\s*(?:\[[^\]]*\]\s*)*(?:[-+*/|&^%]|<<|>>)?=(?!=)/g))
    if (field) fields.add(field);
  return fields;
}

/** Callbacks handed to an event that is signalled at ExitBootServices. */
function* exitBootHandlers(body: string): Iterable<string> {
  for (const [, name] of body.matchAll(/\bEVT_SIGNAL_EXIT_BOOT_SERVICES\s*,[^,;]*,\s*&?\s*(\w+)\s*,/g))
    if (name) yield name;
  for (const [, name] of body.matchAll(
    /\bCreateEventEx\s*\([^,;]*,[^,;]*,\s*&?\s*(\w+)\s*,[^,;]*,\s*&?\s*gEfiEvent(?:Before)?ExitBootServices/g,
  ))
    if (name) yield name;
}
