import type { Dialect } from '../models/index.ts';
import { type FunctionItem, type MacroKnowledge, maskSource, sliceTopLevel } from '../source/index.ts';
import { type DataFact, dataFacts, fieldsWritten } from './data-facts.ts';
import { type Mention, mentionsIn } from './roles.ts';
import { type UnseenCode, unseenIn } from './unseen.ts';

/** What is known of a function by its text alone. */
export interface FunctionContent {
  /** Offsets in the section. */
  readonly item: FunctionItem;
  readonly text: string;
  readonly masked: string;
  /** Names that are called in it. */
  readonly calls: ReadonlySet<string>;
  /** Names a DMA API itself. */
  readonly touchesApi: boolean;
  /** Field names that its own text assigns, or hands out by their address. */
  readonly assigns: ReadonlySet<string>;
  /** Field names in its own text. */
  readonly fields: ReadonlySet<string>;
}

/** What a section asks of the macros of its file, at an offset in the section. */
export interface MacroQuestion {
  readonly ask: keyof MacroKnowledge;
  readonly name: string;
  readonly at: number;
  readonly answer: boolean | number | null;
}

/** What is known of one section of a file, by its text and the answers to what it asked. */
export interface Section {
  readonly asked: readonly MacroQuestion[];
  readonly functions: readonly FunctionContent[];
  readonly facts: readonly DataFact[];
  readonly unseen: readonly UnseenCode[];
  /** Where functions are named, by name. */
  readonly mentions: ReadonlyMap<string, readonly Mention[]>;
}

/** `macros` is asked with offsets of `text`. */
export function readSection(text: string, dialect: Dialect, trigger: RegExp, macros: MacroKnowledge): Section {
  const asked: MacroQuestion[] = [];
  const masked = maskSource(text, dialect, recorded(macros, asked));
  const items = sliceTopLevel(text, masked);
  let mentions: Section['mentions'] | null = null;
  return {
    asked,
    get mentions() {
      return (mentions ??= mentionsIn(text));
    },
    functions: items.flatMap((item) =>
      item.kind === 'function' ? [readFunction(text, masked.slice(item.start, item.end), item, trigger)] : [],
    ),
    facts: [...dataFacts(text, masked, items, dialect)],
    unseen: unseenIn(text, masked, items, trigger),
  };
}

function recorded(macros: MacroKnowledge, asked: MacroQuestion[]): MacroKnowledge {
  return {
    isDefined: (name, at) => {
      const answer = macros.isDefined(name, at);
      asked.push({ ask: 'isDefined', name, at, answer });
      return answer;
    },
    numberOf: (name, at) => {
      const answer = macros.numberOf(name, at);
      asked.push({ ask: 'numberOf', name, at, answer });
      return answer;
    },
  };
}

function readFunction(text: string, masked: string, item: FunctionItem, trigger: RegExp): FunctionContent {
  let fields: ReadonlySet<string> | null = null;
  return {
    item,
    text: text.slice(item.start, item.end),
    masked,
    get fields() {
      return (fields ??= namedFields(masked));
    },
    calls: calledNames(masked),
    touchesApi: trigger.test(masked),
    assigns: fieldsWritten(masked),
  };
}

const KEYWORDS = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'do', 'else', 'typeof', 'defined']);

function calledNames(body: string): Set<string> {
  const names = new Set<string>();
  for (const [, name] of body.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) if (name && !KEYWORDS.has(name)) names.add(name);
  return names;
}

function namedFields(body: string): Set<string> {
  const fields = new Set<string>();
  for (const [, field] of body.matchAll(/(?:->|\.)\s*([A-Za-z_]\w*)/g)) if (field) fields.add(field);
  // dma_unmap_addr (entry, field)
  for (const [, field] of body.matchAll(/\bdma_unmap_(?:addr|len)\s*\([^,]*,\s*(\w+)\s*\)/g))
    if (field) fields.add(field);
  return fields;
}
