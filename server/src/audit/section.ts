import type { Dialect } from '../models/index.ts';
import { type FunctionItem, maskSource, sliceTopLevel } from '../source/index.ts';
import { fieldsMapped, type MappedField } from './mapped-fields.ts';

export type ArrayKind = 'always' | 'sometimes' | 'never';

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
  /** Field names that its own text assigns. */
  readonly assigns: ReadonlySet<string>;
  /** Field names in its own text. */
  readonly fields: ReadonlySet<string>;
}

/** What is known of one section of a file, by its text alone. */
export interface Section {
  readonly functions: readonly FunctionContent[];
  /** Fields that are given to dma_mapping_error (). */
  readonly checkedFields: readonly string[];
  readonly mappedFields: readonly MappedField[];
  /** Variables at file scope that are arrays. */
  readonly arrays: readonly string[];
  /** Structure fields by name: arrays in every structure that has them, in some, in none. */
  readonly fields: ReadonlyMap<string, ArrayKind>;
  /** Functions registered to be called at ExitBootServices. */
  readonly exitBootHandlers: readonly string[];
}

export function readSection(text: string, dialect: Dialect, trigger: RegExp): Section {
  const masked = maskSource(text, dialect);
  const functions: FunctionContent[] = [];
  const checkedFields: string[] = [];
  const mappedFields: MappedField[] = [];
  const arrays: string[] = [];
  const fields = new Map<string, ArrayKind>();
  const exitBootHandlers: string[] = [];
  for (const item of sliceTopLevel(text, masked)) {
    if (item.kind === 'variable' || item.kind === 'table') {
      const head = masked.slice(item.start, Math.min(item.end, item.start + 300)).split('=')[0] ?? '';
      if (/\]\s*(=|;|$)/.test(head)) arrays.push(item.name);
    }
    if (item.kind === 'struct')
      for (const { name, arrayLength } of item.fields) {
        const last = name.slice(name.lastIndexOf('.') + 1);
        fields.set(last, combine(fields.get(last), arrayLength !== null ? 'always' : 'never'));
      }
    if (item.kind !== 'function') continue;
    const body = masked.slice(item.start, item.end);
    functions.push(readFunction(text, body, item, trigger));
    checkedFields.push(...fieldsChecked(body));
    if (dialect === 'edk2') mappedFields.push(...fieldsMapped(body));
    exitBootHandlers.push(...handlersIn(body));
  }
  return { functions, checkedFields, mappedFields, arrays, fields, exitBootHandlers };
}

export function combine(before: ArrayKind | undefined, now: ArrayKind): ArrayKind {
  return before === undefined || before === now ? now : 'sometimes';
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
    assigns: assignedFields(masked),
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

function assignedFields(body: string): Set<string> {
  const fields = new Set<string>();
  for (const [, field] of body.matchAll(/(?:->|\.)\s*(\w+)\s*(?:\[[^\]]*\]\s*)*(?:[-+*/|&^%]|<<|>>)?=(?!=)/g))
    if (field) fields.add(field);
  return fields;
}

function* fieldsChecked(body: string): Iterable<string> {
  for (const [, argument = ''] of body.matchAll(/\bdma_mapping_error\s*\([^,]+,([^;]*?)\)\s*\)?/g)) {
    const field = /(\w+)\s*(?:\[[^\]]*\])?\s*\)*$/.exec(argument)?.[1];
    if (field && /->|\./.test(argument)) yield field;
  }
}

/** Callbacks handed to an event that is signalled at ExitBootServices. */
function* handlersIn(body: string): Iterable<string> {
  for (const [, name] of body.matchAll(/\bEVT_SIGNAL_EXIT_BOOT_SERVICES\s*,[^,;]*,\s*&?\s*(\w+)\s*,/g))
    if (name) yield name;
  for (const [, name] of body.matchAll(
    /\bCreateEventEx\s*\([^,;]*,[^,;]*,\s*&?\s*(\w+)\s*,[^,;]*,\s*&?\s*gEfiEventExitBootServices/g,
  ))
    if (name) yield name;
}
