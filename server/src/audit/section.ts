import type { Dialect } from '../models/index.ts';
import { type FunctionItem, maskSource, sliceTopLevel } from '../source/index.ts';
import { fieldsMapped, type MappedField } from './mapped-fields.ts';
import { type UnseenCode, unseenIn } from './unseen.ts';

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
  /** Fields that are given to dma_mapping_error () by a function that does not assign them. */
  readonly checkedFields: readonly string[];
  readonly mappedFields: readonly MappedField[];
  /** Fields that are asked whether they are null. */
  readonly testedFields: readonly string[];
  /** Fields that hold device addresses, with the field beside them whose memory is mapped. */
  readonly mappedBeside: ReadonlyMap<string, string>;
  /** Variables at file scope that are arrays. */
  readonly arrays: readonly string[];
  /** Structure fields by name: arrays in every structure that has them, in some, in none. */
  readonly fields: ReadonlyMap<string, ArrayKind>;
  /** Fields that are aligned to a cache line, or stand behind one that is. */
  readonly alignedFields: readonly string[];
  /** Functions registered to be called at ExitBootServices. */
  readonly exitBootHandlers: readonly string[];
  readonly unseen: readonly UnseenCode[];
}

export function readSection(text: string, dialect: Dialect, trigger: RegExp): Section {
  const masked = maskSource(text, dialect);
  const functions: FunctionContent[] = [];
  const checkedFields: string[] = [];
  const mappedFields: MappedField[] = [];
  const testedFields: string[] = [];
  const mappedBeside = new Map<string, string>();
  const arrays: string[] = [];
  const fields = new Map<string, ArrayKind>();
  const alignedFields: string[] = [];
  const exitBootHandlers: string[] = [];
  const items = sliceTopLevel(text, masked);
  for (const item of items) {
    if (item.kind === 'variable' || item.kind === 'table') {
      const head = masked.slice(item.start, Math.min(item.end, item.start + 300)).split('=')[0] ?? '';
      if (/\]\s*(=|;|$)/.test(head)) arrays.push(item.name);
    }
    if (item.kind === 'struct') {
      const aligned = fieldsAligned(text.slice(item.start, item.end));
      for (const { name, arrayLength } of item.fields) {
        const last = name.slice(name.lastIndexOf('.') + 1);
        fields.set(last, combine(fields.get(last), arrayLength !== null ? 'always' : 'never'));
        if (aligned.has(last)) alignedFields.push(last);
      }
    }
    if (item.kind !== 'function') continue;
    const body = masked.slice(item.start, item.end);
    const content = readFunction(text, body, item, trigger);
    functions.push(content);
    // Who makes a handle tests it for himself only.
    for (const field of fieldsChecked(body)) if (!content.assigns.has(field)) checkedFields.push(field);
    if (dialect === 'edk2') mappedFields.push(...fieldsMapped(body));
    testedFields.push(...fieldsTested(body));
    for (const [handle, memory] of mappedBesideIn(body)) mappedBeside.set(handle, memory);
    exitBootHandlers.push(...handlersIn(body));
  }
  return {
    functions,
    checkedFields,
    testedFields,
    mappedFields,
    mappedBeside,
    arrays,
    fields,
    alignedFields,
    exitBootHandlers,
    unseen: unseenIn(text, masked, items, trigger),
  };
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

const NEGATED =
  /(?:!|\bIS_ERR(?:_OR_NULL)?\s*\()\s*\(*\s*[\w>.[\]-]*?(?:->|\.)\s*(\w+)\s*(?:\[[^\]]*\]\s*)*(?:[);?]|&&|\|\|)/g;
const NULLNESS = /(?:->|\.)\s*(\w+)\s*(?:\[[^\]]*\]\s*)*==\s*(?:NULL|0)\b/g;

function* fieldsTested(body: string): Iterable<string> {
  for (const pattern of [NEGATED, NULLNESS]) for (const [, field] of body.matchAll(pattern)) if (field) yield field;
}

/** Names behind the first alignment in a structure, its own line included. */
function fieldsAligned(body: string): Set<string> {
  const marker = /cacheline_aligned|__aligned\b|MINALIGN|__dma_from_device_group/.exec(body);
  if (!marker) return new Set();
  const start = body.lastIndexOf('\n', marker.index);
  return new Set(body.slice(start + 1).match(/\w+/g));
}

/** `p->addr = dma_map_single (dev, p->buffer, …)` */
function* mappedBesideIn(body: string): Iterable<[string, string]> {
  const pattern = /((?:\w+(?:->|\.))+)(\w+)\s*=\s*dma_map_single\s*\([^,;]+,\s*((?:\w+(?:->|\.))+)(\w+)\s*,/g;
  for (const [, owner, handle, other, memory] of body.matchAll(pattern))
    if (owner === other && handle && memory) yield [handle, memory];
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
