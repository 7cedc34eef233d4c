import { type FunctionGraph, type LoweringOptions, lowerFunction, shiftGraph } from '../flow/index.ts';
import type { ApiModel, Dialect, Models } from '../models/index.ts';
import {
  detectDialect,
  type FunctionItem,
  LineIndex,
  type MacroKnowledge,
  type PlacedSection,
  sectionsOf,
} from '../source/index.ts';
import type { Parser } from '../syntax/index.ts';
import { type DataFact, DataFacts, isSameData } from './data-facts.ts';
import { Macros } from './macros.ts';
import type { Mention } from './roles.ts';
import { type FunctionContent, readSection, type Section } from './section.ts';
import type { UnseenCode } from './unseen.ts';

/** Names by the member of a table that they are put into. */
export type Tables = ReadonlyMap<string, ReadonlySet<string>>;

export interface UnitFunction {
  readonly name: string;
  readonly file: string;
  readonly item: FunctionItem;
  /** Names that are called in it. */
  readonly calls: ReadonlySet<string>;
  /** The same object as long as the text is the same. */
  readonly content: FunctionContent;
}

/**
 * One file, sliced into its top-level items. Functions are lowered only when somebody wants them.
 * `path` is how the file is named in reports.
 */
export class Unit {
  readonly path: string;
  readonly text: string;
  readonly dialect: Dialect;
  /** By name. Of several definitions, one for each arm of a conditional, one has the name and the others are `name#1`, `name#2`, … */
  readonly functions = new Map<string, UnitFunction>();
  /** Code with DMA that belongs to none of them. */
  readonly unseen: readonly UnseenCode[];
  /** The same object as long as nothing of it changes. */
  readonly data: DataFacts;
  private readonly models: Models;
  private readonly sections: readonly PlacedSection<Section>[];
  /** With the place where the function was when it was lowered. */
  private readonly graphs: WeakMap<FunctionContent, { readonly graph: FunctionGraph; readonly start: number }>;
  private lineIndex: LineIndex | null = null;
  private tables: Tables | null = null;
  /** Sections that name functions, once somebody asks. */
  private named: readonly PlacedSection<Section>[] | null = null;

  /**
   * `before`: the same file before an edit. What did not change is taken over, to the same objects. `macros`: those of the
   * files around it too.
   */
  constructor(
    path: string,
    text: string,
    models: Models,
    dialect: Dialect | null,
    before?: Unit,
    macros = new Macros([{ name: path, text }]),
  ) {
    this.path = path;
    this.text = text;
    this.models = models;
    this.dialect = dialect ?? detectDialect(path, text);
    const known =
      before?.path === path && before.dialect === this.dialect && before.models === models ? before : undefined;
    this.graphs = known?.graphs ?? new WeakMap();
    const trigger = triggerOf(models, this.dialect);
    const knowledge = macros.knowledgeOf(path);
    const read = (own: string, start: number) => readSection(own, this.dialect, trigger, shifted(knowledge, start));
    this.sections = sectionsOf(text, read, known?.sections).map((one) =>
      holds(one, knowledge) ? one : { ...one, section: read(one.text, one.start) },
    );
    this.unseen = this.sections.flatMap(({ section }) => section.unseen);
    const definitions = this.sections.flatMap(({ start, section }) =>
      section.functions.map((content): Definition => ({ content, item: moved(content.item, start) })),
    );
    this.data = known && isSameFacts(known.sections, this.sections) ? known.data : new DataFacts(this.facts);
    for (const { name, content, item } of named(definitions)) {
      // Its own name, in its head, would mean another definition.
      const calls = name === item.name ? content.calls : without(content.calls, item.name);
      this.functions.set(name, { name, file: path, item, calls, content });
    }
  }

  /** What its text tells, one by one. */
  get facts(): readonly DataFact[] {
    return this.sections.flatMap(({ section }) => section.facts);
  }

  /** Whether the macros say the same as when the unit was made. */
  agreesWith(macros: Macros): boolean {
    const knowledge = macros.knowledgeOf(this.path);
    return this.sections.every((one) => holds(one, knowledge));
  }

  /** Where its text names a function. */
  mentions(name: string): readonly Mention[] {
    this.named ??= this.sections.filter(({ section }) => section.mentions.size > 0);
    return this.named.flatMap(({ section }) => section.mentions.get(name) ?? []);
  }

  /** What its text puts into members of tables, by member, but for tables whose members the kernel or the firmware calls. */
  get ownTables(): Tables {
    if (this.tables) return this.tables;
    const tables = new Map<string, Set<string>>();
    for (const { section } of this.sections)
      for (const [name, mentions] of section.mentions)
        for (const one of mentions) {
          if (
            typeof one === 'string' ||
            !('member' in one) ||
            this.models.entryPoint(one.member, one.table, this.dialect)
          )
            continue;
          const names = tables.get(one.member);
          if (names) names.add(name);
          else tables.set(one.member, new Set([name]));
        }
    this.tables = tables;
    return tables;
  }

  /** Names that its text puts into this member of tables with this tag, by its name or by its position. */
  namesIn(member: string, position: number | undefined, table: string): readonly string[] {
    this.named ??= this.sections.filter(({ section }) => section.mentions.size > 0);
    const isThere = (one: Mention): boolean =>
      typeof one !== 'string' &&
      one.table === table &&
      ('member' in one ? one.member === member : one.position === position);
    return this.named.flatMap(({ section }) =>
      [...section.mentions].flatMap(([name, mentions]) => (mentions.some(isThere) ? [name] : [])),
    );
  }

  get lines(): LineIndex {
    this.lineIndex ??= new LineIndex(this.text);
    return this.lineIndex;
  }

  /** The graph of one of its functions. */
  graph({ name, content, item }: UnitFunction, parser: Parser): FunctionGraph {
    const known = this.graphs.get(content);
    if (known?.graph.name === name) return shiftGraph(known.graph, item.start - known.start);
    const tree = parser.parse(content.masked, item.start);
    const graph = lowerFunction(tree, this.text, loweringOptions(this.models, this.dialect));
    const whole = { ...graph, name, returnType: item.returnType || graph.returnType, isStatic: item.isStatic };
    this.graphs.set(content, { graph: whole, start: item.start });
    return whole;
  }
}

/** Asked with offsets of a section, not of the file. */
const shifted = ({ isDefined, numberOf }: MacroKnowledge, by: number): MacroKnowledge => ({
  isDefined: (name, at) => isDefined(name, at + by),
  numberOf: (name, at) => numberOf(name, at + by),
});

/** Whether what a section was told of macros is still so. */
const holds = ({ section, start }: PlacedSection<Section>, macros: MacroKnowledge): boolean =>
  section.asked.every(({ ask, name, at, answer }) => macros[ask](name, start + at) === answer);

interface Definition {
  readonly content: FunctionContent;
  readonly item: FunctionItem;
}

/** Gives every definition a name of its own. Who calls the function means the last that names a DMA API, or else the longest: no stub. */
function named(definitions: readonly Definition[]): readonly (Definition & { readonly name: string })[] {
  const byName = new Map<string, Definition[]>();
  for (const one of definitions) {
    const others = byName.get(one.item.name);
    if (others) others.push(one);
    else byName.set(one.item.name, [one]);
  }
  return definitions.map((one) => {
    const all = byName.get(one.item.name) ?? [];
    const meant = all.findLast(({ content }) => content.touchesApi) ?? longest(all);
    return { ...one, name: one === meant ? one.item.name : `${one.item.name}#${all.indexOf(one) + 1}` };
  });
}

const longest = (all: readonly Definition[]): Definition | undefined =>
  all.reduce<Definition | undefined>((best, one) => (best && lengthOf(best) > lengthOf(one) ? best : one), undefined);

const lengthOf = ({ item }: Definition): number => item.end - item.start;

/** The name of a function as its source has it. */
export const plainName = (name: string): string => name.replace(/#\d+$/, '');

const without = (names: ReadonlySet<string>, name: string): ReadonlySet<string> =>
  new Set([...names].filter((one) => one !== name));

function moved(item: FunctionItem, by: number): FunctionItem {
  const { parameters } = item;
  return {
    ...item,
    start: item.start + by,
    end: item.end + by,
    bodyStart: item.bodyStart + by,
    bodyEnd: item.bodyEnd + by,
    parameters: { start: parameters.start + by, end: parameters.end + by },
  };
}

const isSameFacts = (before: readonly PlacedSection<Section>[], now: readonly PlacedSection<Section>[]): boolean =>
  before.length === now.length &&
  now.every(
    ({ section }, i) => section === before[i]?.section || isSameData(section.facts, before[i]?.section.facts ?? []),
  );

const TRIGGERS = new WeakMap<Models, Partial<Record<Dialect, RegExp>>>();

/** Matches text that uses a DMA API. */
export function triggerOf(models: Models, dialect: Dialect): RegExp {
  const byDialect = TRIGGERS.get(models) ?? {};
  TRIGGERS.set(models, byDialect);
  return (byDialect[dialect] ??= models.triggerPattern(dialect));
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
