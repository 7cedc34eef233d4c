import type { Dialect } from '../models/index.ts';
import type { TopLevelItem } from '../source/index.ts';
import { fieldsMapped } from './mapped-fields.ts';

export type ArrayKind = 'always' | 'sometimes' | 'never';

/** An array is aligned to a cache line, stands behind a field that is, or is all that its structure has. */
export type FieldKind = 'array' | 'aligned-array' | 'other';

/** Something that a text tells of a field, a variable or a callback by its name. */
export type DataFact =
  | {
      readonly is:
        | /** A field that is given to dma_mapping_error () by a function that does not assign it. */ 'checked'
        | /** A field that is asked whether it is null. */ 'tested'
        | /** What a number of scatterlist entries is compared with, to refuse longer lists: without spaces. */ 'entry-bound'
        | /** Up to which something is counted, or from which it is counted down: in capitals, as macros are. */ 'count'
        | /** A variable at file scope that is an array. */ 'array'
        | /** A structure that is aligned to a cache line, as a whole. */ 'aligned-type'
        | /** A function registered to be called at ExitBootServices. */ 'exit-boot-handler'
        | /** A field that holds memory which the device shares. */ 'shared'
        | /** An attribute by which a driver asks for 64-bit addresses. */ 'wide-attribute';
      readonly name: string;
    }
  /** A field of the structure that has one of these names, and what it is or points to. */
  | {
      readonly is: 'field';
      readonly name: string;
      readonly of: readonly string[];
      readonly kind: FieldKind;
      readonly type: string;
    }
  /** A macro that gets from the address of `field` to the object that has it. */
  | { readonly is: 'container'; readonly name: string; readonly field: string }
  /** A macro that counts from 0 upwards, as the head of a loop, and which of its arguments does so. */
  | { readonly is: 'counting-macro'; readonly name: string; readonly argument: number }
  /** A field that holds the token of a mapping, or its device address, and the field beside it whose memory was mapped. */
  | { readonly is: 'token' | 'handle'; readonly name: string; readonly memory: string };

/** Everything that some texts tell, by name. */
export class DataFacts {
  readonly checkedFields = new Set<string>();
  readonly testedFields = new Set<string>();
  readonly entryBounds = new Set<string>();
  /** Structure fields: arrays in every structure that has them, in some, in none. */
  readonly fields = new Map<string, ArrayKind>();
  /** What structure fields are or point to; null where structures do not agree. */
  readonly fieldTypes = new Map<string, string | null>();
  /** By `struct.field`. */
  readonly fieldsOf = new Map<string, { readonly kind: FieldKind; readonly type: string }>();
  readonly alignedTypes = new Set<string>();
  readonly mappedFields = new Map<string, readonly string[]>();
  readonly mappedBeside = new Map<string, string>();
  readonly counts = new Set<string>();
  /** Macros that count upwards as the head of a loop, and which argument does so; null where definitions do not agree. */
  readonly countingMacros = new Map<string, number | null>();
  readonly arrays = new Set<string>();
  readonly exitBootHandlers = new Set<string>();
  readonly wideAttributes = new Set<string>();
  readonly sharedFields = new Set<string>();
  /** Macros that get from a field to the object that has it, with that field; null where definitions do not agree. */
  readonly containers = new Map<string, string | null>();

  constructor(facts: Iterable<DataFact>) {
    for (const fact of facts) this.add(fact);
  }

  private add(fact: DataFact): void {
    const { name } = fact;
    switch (fact.is) {
      case 'checked':
        this.checkedFields.add(name);
        return;
      case 'tested':
        this.testedFields.add(name);
        return;
      case 'entry-bound':
        this.entryBounds.add(name);
        return;
      case 'count':
        this.counts.add(name);
        return;
      case 'array':
        this.arrays.add(name);
        return;
      case 'aligned-type':
        this.alignedTypes.add(name);
        return;
      case 'exit-boot-handler':
        this.exitBootHandlers.add(name);
        return;
      case 'shared':
        this.sharedFields.add(name);
        return;
      case 'wide-attribute':
        this.wideAttributes.add(name);
        return;
      case 'field': {
        const kind = fact.kind === 'other' ? 'never' : 'always';
        const before = this.fields.get(name);
        this.fields.set(name, before === undefined || before === kind ? kind : 'sometimes');
        this.fieldTypes.set(name, before === undefined || this.fieldTypes.get(name) === fact.type ? fact.type : null);
        for (const struct of fact.of) this.fieldsOf.set(`${struct}.${name}`, fact);
        return;
      }
      case 'counting-macro': {
        const known = this.countingMacros.get(name);
        this.countingMacros.set(name, known === undefined || known === fact.argument ? fact.argument : null);
        return;
      }
      case 'token': {
        const known = this.mappedFields.get(name) ?? [];
        if (!known.includes(fact.memory)) this.mappedFields.set(name, [...known, fact.memory]);
        return;
      }
      case 'container':
        this.containers.set(name, (this.containers.get(name) ?? fact.field) === fact.field ? fact.field : null);
        return;
      case 'handle':
        this.mappedBeside.set(name, fact.memory);
        return;
      default:
        fact satisfies never;
    }
  }
}

/** What a section of a file tells; `items` are those of its text. */
export function* dataFacts(
  text: string,
  masked: string,
  items: readonly TopLevelItem[],
  dialect: Dialect,
): Iterable<DataFact> {
  for (const [, name = '', parameter, pointer, field = ''] of text.matchAll(CONTAINER))
    if (parameter === pointer) yield { is: 'container', name, field };
  for (const item of items) {
    if (item.kind === 'variable' || item.kind === 'table') {
      const head = masked.slice(item.start, Math.min(item.end, item.start + 300)).split('=')[0] ?? '';
      if (/\]\s*(=|;|$)/.test(head)) yield { is: 'array', name: item.name };
    }
    if (item.kind === 'struct') {
      const aligned = fieldsAligned(text.slice(item.start, item.end));
      const of = [item.name, ...item.aliases].filter((name) => name !== '');
      if (ALIGNED.test(text.slice(text.lastIndexOf('}', item.end), item.end)))
        for (const name of of) yield { is: 'aligned-type', name };
      for (const { name: path, type, arrayLength } of item.fields) {
        const name = path.slice(path.lastIndexOf('.') + 1);
        const isAlone = aligned.has(name) || item.fields.length === 1;
        const kind = arrayLength === null ? 'other' : isAlone ? 'aligned-array' : 'array';
        yield { is: 'field', name, of, kind, type };
      }
    }
    if (item.kind === 'macro' && item.parameters) {
      const counter = COUNTING.exec(text.slice(item.body.start, item.body.end))?.[1];
      const argument = counter === undefined ? -1 : item.parameters.indexOf(counter);
      if (argument >= 0) yield { is: 'counting-macro', name: item.name, argument };
    }
    if (item.kind === 'function') yield* factsOfFunction(masked.slice(item.start, item.end), dialect);
  }
}

/** `#define RING_FROM_PORT(a) CR (a, RING, Port, RING_SIGNATURE)` */
const CONTAINER =
  /#\s*define\s+(\w+)\s*\(\s*(\w+)\s*\)\s*(?:\\\s*)?\(?\s*(?:(?:BASE_)?CR|container_of)\s*\(\s*\(?\s*(\w+)\s*\)?\s*,[^,()]*,[\s\\]*([\w.]+)/g;

/** `for ((i) = 0; …`, perhaps behind a line continuation */
const COUNTING = /^[\s\\]*for\s*\(\s*\(?\s*(\w+)\s*\)?\s*=\s*0\s*;/;

function* factsOfFunction(body: string, dialect: Dialect): Iterable<DataFact> {
  // Who makes a handle tests it for himself only.
  for (const name of fieldsChecked(body)) if (!assignedFields(body).has(name)) yield { is: 'checked', name };
  if (dialect === 'edk2')
    for (const { token, memory } of fieldsMapped(body)) yield { is: 'token', name: token, memory };
  for (const name of fieldsTested(body)) yield { is: 'tested', name };
  for (const [, bound = ''] of body.matchAll(ENTRY_BOUND)) yield { is: 'entry-bound', name: bound.replace(/\s+/g, '') };
  for (const [name, memory] of mappedBesideIn(body)) yield { is: 'handle', name, memory };
  for (const name of countsIn(body)) yield { is: 'count', name };
  for (const name of handlersIn(body)) yield { is: 'exit-boot-handler', name };
  for (const [, name = ''] of body.matchAll(SHARED[dialect])) yield { is: 'shared', name };
  if (dialect === 'edk2')
    for (const name of new Set(body.match(/\b\w+_DUAL_ADDRESS_CYCLE\b/g))) yield { is: 'wide-attribute', name };
}

export const isSameData = (a: readonly DataFact[], b: readonly DataFact[]): boolean =>
  a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b));

/** Names of fields that a function's masked text assigns, counts, or hands out by their address. */
export function fieldsWritten(body: string): ReadonlySet<string> {
  const fields = new Set(assignedFields(body));
  for (const pattern of [COUNTED, HANDED_OUT])
    for (const [, field] of body.matchAll(pattern)) if (field) fields.add(field);
  return fields;
}

/** `queue->entries++` */
const COUNTED = /(?:->|\.)\s*(\w+)\s*(?:\+\+|--)/g;

/** `of_property_read_u32 (node, "channels", &engine->channels)` */
const HANDED_OUT = /&\s*\w+(?:\s*(?:->|\.)\s*\w+)*?\s*(?:->|\.)\s*(\w+)\s*[,)]/g;

function assignedFields(body: string): ReadonlySet<string> {
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

/** `sg_nents_for_len (list, length) > BOUND` */
const ENTRY_BOUND = /\bsg_nents(?:_for_len)?\s*\([^();]*\)\s*>=?\s*([\w\s*/+-]+?)\s*(?:\)|\|\||&&)/g;

/** `ring->descriptors = dma_alloc_coherent (…)`, `AllocateBuffer (…, &Ring->Descriptors, …)` */
const SHARED: Readonly<Record<Dialect, RegExp>> = {
  linux: /(?:->|\.)\s*(\w+)\s*=\s*(?:\([^()]*\)\s*)?(?:dmam?_alloc_coherent|dma_pool_z?alloc)\s*\(/g,
  edk2: /\bAllocateBuffer\s*\([^;]*?&\s*\(?\s*\w+\s*->\s*(\w+)\s*\)?\s*,[^,;]*\)\s*;/g,
};

/** To a few bytes is no alignment to cache lines. */
const ALIGNED =
  /cacheline_aligned|__aligned\b(?!\s*\(\s*(?:sizeof\b|(?:[1-9]|1\d)\s*\)))|MINALIGN|__dma_from_device_group/;

/** Names behind the first alignment in a structure, its own line included. */
function fieldsAligned(body: string): Set<string> {
  const marker = ALIGNED.exec(body);
  if (!marker) return new Set();
  const start = body.lastIndexOf('\n', marker.index);
  return new Set(body.slice(start + 1).match(/\w+/g));
}

/** `p->addr = dma_map_single (dev, p->buffer, …)` */
function* mappedBesideIn(body: string): Iterable<[string, string]> {
  if (!body.includes('dma_map_single')) return;
  const pattern = /((?:\w+(?:->|\.))+)(\w+)\s*=\s*dma_map_single\s*\([^,;]+,\s*((?:\w+(?:->|\.))+)(\w+)\s*,/g;
  for (const [, owner, handle, other, memory] of body.matchAll(pattern))
    if (owner === other && handle && memory) yield [handle, memory];
}

const LOOP_HEAD = /\bfor\s*\(([^;{}]*;[^;{}]*);/g;
const STEPPED = /(\w+)\s*(?:\+\+|--|[-+]=)|(?:\+\+|--)\s*(?:\w+(?:->|\.))*(\w+)/g;
/** From the operator on: what looks for words first looks at all of them. */
const COMPARED = /(?:[<>]=?|[=!]=)(?=\s*([A-Z][A-Z0-9_]*)\b)(?<=(\w+)\s*(?:\+\+|--)?\s*(?:[<>]=?|[=!]=))/g;
const CONSTANT_NAME = /\b[A-Z][A-Z0-9_]*\b/g;

/** `for (i = 0; i < RING_SIZE; i++)`, `for (i = RING_SIZE - 1; i >= 0; i--)`, `if (++filled == RING_SIZE)` */
function countsIn(body: string): ReadonlySet<string> {
  const names = new Set([...body.matchAll(LOOP_HEAD)].flatMap(([, head = '']) => head.match(CONSTANT_NAME) ?? []));
  const compared = [...body.matchAll(COMPARED)];
  if (compared.length === 0) return names;
  const stepped = new Set([...body.matchAll(STEPPED)].flatMap(([, before = '', behind = '']) => [before, behind]));
  for (const [, name = '', counter = ''] of compared) if (stepped.has(counter)) names.add(name);
  return names;
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
