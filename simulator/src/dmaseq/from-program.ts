import type { Free, Operation, Program, Reference, Size, Unmap } from '../program/index.ts';
import type { Document, Fields, Name, Position, SizeText, Statement, Target } from './document.ts';

const NOWHERE: Position = { line: 1, column: 1 };

/**
 * Writes a program down as a document, for a bug report; every operation that makes a buffer or mapping has to have a number
 * of its own for it. What the program was handed is `given` first. `commentOn` may add a
 * line above an operation, such as its place in the source.
 */
export function documentOf(program: Program, commentOn: (index: number) => string | null = () => null): Document {
  const writer = new Writer();
  const operations = program.operations.flatMap((operation, index): Statement[] => {
    const comment = commentOn(index);
    const statement: Statement = { kind: 'operation', at: NOWHERE, op: operation.op, fields: writer.fields(operation) };
    return comment === null ? [statement] : [{ kind: 'comment', at: NOWHERE, text: oneLine(comment) }, statement];
  });
  return { name: program.name, dialect: program.dialect, platforms: [], statements: [...writer.given, ...operations] };
}

const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').trim();
const nameOf = (what: 'buffer' | 'mapping', id: number): Name => ({ at: NOWHERE, base: `${what}${id}`, index: null });

class Writer {
  readonly given: Statement[] = [];
  readonly #known = new Set<string>();

  fields(operation: Operation): Fields {
    const { op, api } = operation;
    const common: Fields = api === op ? {} : { api };
    switch (op) {
      case 'declare': {
        const within = operation.within === null ? {} : { within: this.#use('buffer', operation.within) };
        const { memory, name: title } = operation;
        const size = sizeFields(operation.size);
        const embedded: Fields = operation.embedded ? { embedded: true } : {};
        return {
          ...common,
          name: this.#make('buffer', operation.buffer),
          ...size,
          memory,
          ...embedded,
          ...within,
          title,
        };
      }
      case 'declare-mapping': {
        const target = this.#target(operation.buffer);
        const { direction, releasedBy } = operation;
        const name = this.#make('mapping', operation.mapping);
        return { ...common, name, target, direction, ...(releasedBy && { releasedBy }) };
      }
      case 'allocate': {
        const name = this.#make('buffer', operation.buffer);
        return { ...common, name, ...sizeFields(operation.size), memory: operation.memory, ...made(operation) };
      }
      case 'map': {
        const target = this.#target(operation.buffer);
        const { direction, mode } = operation;
        return {
          ...common,
          name: this.#make('mapping', operation.mapping),
          target,
          ...sizeFields(operation.size),
          direction,
          ...(mode === 'common' ? { mode } : {}),
          ...(operation.contents === undefined ? {} : { contents: operation.contents }),
          ...made(operation),
        };
      }
      case 'free':
        return {
          ...common,
          target: this.#target(operation.target),
          ...sizeFields(operation.size),
          ...released(operation),
        };
      case 'unmap': {
        const { direction, entries } = operation;
        return {
          ...common,
          target: this.#target(operation.target),
          ...sizeFields(operation.size),
          direction,
          ...released(operation),
          ...(entries === null ? {} : { entries }),
        };
      }
      case 'sync': {
        const { direction, entries, owner } = operation;
        const target = this.#target(operation.target);
        return {
          ...common,
          target,
          ...sizeFields(operation.size),
          owner,
          direction,
          ...(entries === null ? {} : { entries }),
        };
      }
      case 'check': {
        const { right, test } = operation;
        const told: Fields = { ...(right ? {} : { wrong: true }), ...(test === '' ? {} : { test }) };
        return { ...common, target: this.#target(operation.target), ...told };
      }
      case 'cpu-read':
      case 'cpu-write': {
        const { entry, value } = operation;
        return {
          ...common,
          target: this.#target(operation.target),
          ...(entry === undefined ? {} : { entry }),
          ...(value === undefined ? {} : { value }),
        };
      }
      case 'test-value':
        return { ...common, value: operation.value };
      case 'use-value':
        return { ...common, value: operation.value, as: operation.as };
      case 'return':
        return { ...common, ...(operation.failing ? { failing: true } : {}) };
      case 'hand-over':
      case 'export':
        return { ...common, target: this.#target(operation.target) };
      case 'translate':
        return { ...common, target: this.#target(operation.target), as: operation.as };
      case 'give':
        return {
          ...common,
          target: this.#target(operation.target),
          ...sizeFields(operation.size),
          through: operation.through,
          ...(operation.device ? { device: operation.device } : {}),
        };
      case 'wait':
        return { ...common, ...outcomeField(operation.outcome) };
      case 'device-start':
      case 'device-stop': {
        const { device, quiet } = operation;
        return { ...common, ...(quiet ? { quiet } : {}), ...(device === null ? {} : { device }) };
      }
      case 'set-mask': {
        const { bits, mode, device, outcome = 'ok' } = operation;
        const kind = mode === 'common' ? { mode } : {};
        const how = { ...kind, ...outcomeField(outcome), ...(device === null ? {} : { device }) };
        return { ...common, size: { bytes: bits }, ...how };
      }
      case 'set-attribute':
        return {
          ...common,
          target: this.#target(operation.target),
          access: operation.access,
          ...outcomeField(operation.outcome),
        };
      case 'convert': {
        const target = this.#target(operation.target);
        return {
          ...common,
          target,
          ...sizeFields(operation.size),
          to: operation.to,
          ...(operation.contents === undefined ? {} : { contents: operation.contents }),
          ...outcomeField(operation.outcome),
        };
      }
      case 'exit-boot-services':
        return { ...common, phase: operation.phase };
      case 'lose': {
        const { why, failing, certain = true } = operation;
        return {
          ...common,
          target: this.#target(operation.target),
          why,
          ...(failing ? { failing } : {}),
          ...(certain ? {} : { uncertain: true }),
        };
      }
      case 'memory-map-change':
      case 'atomic-enter':
      case 'atomic-leave':
      case 'sleep':
        return common;
    }
  }

  #make(what: 'buffer' | 'mapping', id: number): Name {
    const name = nameOf(what, id);
    this.#known.add(name.base);
    return name;
  }

  #use(what: 'buffer' | 'mapping', id: number): Name {
    const name = nameOf(what, id);
    if (this.#known.has(name.base)) return name;
    this.given.push({ kind: 'given', at: NOWHERE, what, name });
    return this.#make(what, id);
  }

  #target(reference: Reference): Target {
    switch (reference.to) {
      case 'null':
      case 'unknown':
        return { how: reference.to };
      case 'uninitialised':
        return { how: 'uninitialised', word: reference.name };
      case 'buffer':
      case 'mapping':
        return { how: reference.how, name: this.#use(reference.to, reference.id) };
    }
  }
}

const outcomeField = (outcome: 'ok' | 'failed' | 'short'): Fields => (outcome === 'ok' ? {} : { outcome });

function sizeFields({ bytes, key }: Size): { readonly size?: SizeText } {
  if (bytes !== null) return { size: { bytes } };
  return key === '?' ? {} : { size: { unknown: key } };
}

interface Made {
  readonly family: string;
  readonly releasedBy: readonly string[];
  readonly device: string | null;
  readonly outcome: 'ok' | 'failed' | 'short';
  readonly managed: boolean;
  readonly attributes: readonly string[];
}

function made({ family, releasedBy, device, outcome, managed, attributes }: Made): Fields {
  return {
    family,
    ...(releasedBy.length === 1 && releasedBy[0] === family ? {} : { releasedBy }),
    ...(device === null ? {} : { device }),
    ...(attributes.length === 0 ? {} : { attributes }),
    ...outcomeField(outcome),
    ...(managed ? { managed } : {}),
  };
}

function released({ family, device, channel }: Free | Unmap): Fields {
  return { family, ...(device === null ? {} : { device }), ...(channel === undefined ? {} : { channel }) };
}
