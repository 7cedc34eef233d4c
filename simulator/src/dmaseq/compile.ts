import type { Dialect } from '../machine/memory-system.ts';
import type { BufferId, Operation, Program, Reference, Size } from '../program/index.ts';
import type {
  DmaseqError,
  Document,
  ExpectStatement,
  Fields,
  Name,
  OperationStatement,
  Position,
  SizeText,
  Statement,
  Target,
} from './document.ts';
import { nameText } from './printer.ts';

/** Operations that a document may have once its loops are unrolled. */
export const MAX_OPERATIONS = 100_000;

/** Turns of all loops together: those that hold no operation take time as well. */
const MAX_TURNS = 10 * MAX_OPERATIONS;

/** A document ready to be run. The site of an operation is its line. */
export interface CompiledProgram {
  readonly program: Program;
  readonly platforms: readonly string[];
  /** In the order in which they are met; `after`: operations that come before. One in a loop is met each time. */
  readonly expectations: readonly { readonly after: number; readonly statement: ExpectStatement }[];
  /** The statement of each operation. */
  readonly statements: readonly OperationStatement[];
}

export type CompileResult =
  | { readonly ok: true; readonly compiled: CompiledProgram }
  | { readonly ok: false; readonly errors: readonly DmaseqError[] };

/** Unrolls the loops and turns names into numbers. `fallbackName` is for a document that has none. */
export function compileDmaseq(document: Document, fallbackName = 'program'): CompileResult {
  const compiler = new Compiler(document.dialect);
  const error = compiler.block(document.statements);
  if (error !== null) return { ok: false, errors: [error] };
  const { operations, expectations, statements } = compiler;
  const program = { name: document.name || fallbackName, dialect: document.dialect, operations };
  return { ok: true, compiled: { program, platforms: document.platforms, expectations, statements } };
}

interface Entry {
  readonly to: 'buffer' | 'mapping';
  readonly id: number;
  /** Right way to release it. */
  readonly family: string;
}

/** Ends the compilation; caught at its door. */
class Fault extends Error {
  readonly error: DmaseqError;

  constructor(at: Position, message: string) {
    super(message);
    this.error = { ...at, message };
  }
}

const MAPPING_FAMILY: Readonly<Record<Dialect, string>> = { linux: 'single', edk2: 'pci-io' };
const BUFFER_FAMILY: Readonly<Record<Dialect, string>> = { linux: 'coherent', edk2: 'pci-io' };

class Compiler {
  readonly operations: Operation[] = [];
  readonly statements: OperationStatement[] = [];
  readonly expectations: { readonly after: number; readonly statement: ExpectStatement }[] = [];
  readonly #dialect: Dialect;
  readonly #names = new Map<string, Entry>();
  readonly #variables = new Map<string, number>();
  #next = 1;
  #turns = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  block(statements: readonly Statement[]): DmaseqError | null {
    try {
      this.#run(statements);
      return null;
    } catch (fault) {
      if (fault instanceof Fault) return fault.error;
      throw fault;
    }
  }

  #run(statements: readonly Statement[]): void {
    for (const statement of statements) {
      switch (statement.kind) {
        case 'comment':
          break;
        case 'given':
          this.#enter(statement.name, statement.what, this.#familyOf(statement.what));
          break;
        case 'expect':
          this.expectations.push({ after: this.operations.length, statement });
          this.#limit(statement.at);
          break;
        case 'repeat':
          this.#repeat(statement);
          break;
        case 'operation':
          this.operations.push(this.#operation(statement));
          this.statements.push(statement);
          this.#limit(statement.at);
      }
    }
  }

  #limit(at: Position): void {
    if (this.operations.length > MAX_OPERATIONS || this.expectations.length > MAX_OPERATIONS)
      throw new Fault(at, `more than ${MAX_OPERATIONS} operations, loops unrolled`);
  }

  #repeat({ times, variable, body, at }: Statement & { readonly kind: 'repeat' }): void {
    if (times > MAX_OPERATIONS) throw new Fault(at, `a loop runs ${MAX_OPERATIONS} times at most`);
    const outer = variable === null ? undefined : this.#variables.get(variable);
    for (let count = 0; count < times; count += 1) {
      this.#turns += 1;
      if (this.#turns > MAX_TURNS) throw new Fault(at, `the loops run more than ${MAX_TURNS} times in all`);
      if (variable !== null) this.#variables.set(variable, count);
      this.#run(body);
    }
    if (variable === null) return;
    if (outer === undefined) this.#variables.delete(variable);
    else this.#variables.set(variable, outer);
  }

  #resolve(name: Name): string {
    const { base, index, at } = name;
    if (index === null) return base;
    if (index.variable === null) return `${base}[${index.number}]`;
    const value = this.#variables.get(index.variable);
    if (value === undefined) throw new Fault(at, `no loop counts '${index.variable}' here`);
    return `${base}[${value + index.number}]`;
  }

  #enter(name: Name, to: Entry['to'], family: string): number {
    const id = this.#next;
    this.#next += 1;
    this.#names.set(this.#resolve(name), { to, id, family });
    return id;
  }

  #find(name: Name): Entry {
    const entry = this.#names.get(this.#resolve(name));
    if (entry === undefined) throw new Fault(name.at, `nothing is called '${nameText(name)}' here`);
    return entry;
  }

  #reference(target: Target | undefined): { readonly reference: Reference; readonly family: string | null } {
    if (target === undefined) return { reference: { to: 'unknown' }, family: null };
    switch (target.how) {
      case 'null':
      case 'unknown':
        return { reference: { to: target.how }, family: null };
      case 'uninitialised':
        return { reference: { to: 'uninitialised', name: target.word }, family: null };
      case 'exact':
      case 'offset':
      case 'address-of':
      case 'other-role': {
        const { to, id, family } = this.#find(target.name);
        return { reference: { to, id, how: target.how }, family };
      }
    }
  }

  #familyOf(to: Entry['to']): string {
    return (to === 'mapping' ? MAPPING_FAMILY : BUFFER_FAMILY)[this.#dialect];
  }

  #within(name: Name | undefined): BufferId | null {
    if (name === undefined) return null;
    const { to, id } = this.#find(name);
    if (to !== 'buffer') throw new Fault(name.at, `'${nameText(name)}' is a mapping, and cannot hold a buffer`);
    return id;
  }

  #operation({ op, fields, at }: OperationStatement): Operation {
    const {
      device = null,
      direction = 'unknown',
      attributes = [],
      managed = false,
      outcome = 'ok',
      entries = null,
    } = fields;
    const common = { site: at.line, api: fields.api ?? op };
    const size = sizeOf(fields.size);
    const channel = fields.channel === undefined ? {} : { channel: fields.channel };
    const contents = fields.contents === undefined ? {} : { contents: fields.contents };
    const { reference: target, family: released } = this.#reference(fields.target);
    switch (op) {
      case 'declare': {
        const within = this.#within(fields.within);
        const { memory = 'unknown' } = fields;
        const buffer = this.#enter(nameIn(fields), 'buffer', 'memory');
        const embedded = fields.embedded === true ? { embedded: true } : {};
        const name = fields.title ?? nameText(nameIn(fields));
        return { ...common, op, buffer, memory, name, size, within, ...embedded };
      }
      case 'declare-mapping':
        return {
          ...common,
          op,
          mapping: this.#enter(nameIn(fields), 'mapping', this.#familyOf('mapping')),
          buffer: target,
          direction,
          ...(fields.releasedBy && { releasedBy: fields.releasedBy }),
        };
      case 'allocate': {
        const { memory = 'dma' } = fields;
        const family = fields.family ?? (memory === 'dma' ? this.#familyOf('buffer') : 'memory');
        const buffer = this.#enter(nameIn(fields), 'buffer', family);
        const { releasedBy = [family] } = fields;
        return { ...common, op, buffer, memory, family, releasedBy, device, size, outcome, managed, attributes };
      }
      case 'free':
        return { ...common, op, target, family: fields.family ?? released ?? 'memory', device, size, ...channel };
      case 'map': {
        const family = fields.family ?? this.#familyOf('mapping');
        const mapping = this.#enter(nameIn(fields), 'mapping', family);
        const { releasedBy = [family], mode = 'streaming' } = fields;
        const how = { direction, mode, device, outcome, managed, attributes, ...contents } as const;
        return { ...common, op, mapping, buffer: target, size, family, releasedBy, ...how };
      }
      case 'unmap': {
        const family = fields.family ?? released ?? this.#familyOf('mapping');
        return { ...common, op, target, family, device, size, direction, entries, ...channel };
      }
      case 'sync':
        return { ...common, op, target, owner: fields.owner ?? 'cpu', direction, size, entries };
      case 'check':
        return { ...common, op, target, right: fields.wrong !== true, test: fields.test ?? '' };
      case 'cpu-read':
      case 'cpu-write':
        return {
          ...common,
          op,
          target,
          ...(fields.entry === undefined ? {} : { entry: fields.entry }),
          ...(fields.value === undefined ? {} : { value: fields.value }),
        };
      case 'test-value':
        return { ...common, op, value: fields.value ?? '' };
      case 'use-value':
        return { ...common, op, value: fields.value ?? '', as: fields.as === 'length' ? 'length' : 'index' };
      case 'hand-over':
      case 'export':
        return { ...common, op, target };
      case 'translate':
        return {
          ...common,
          op,
          target,
          as: fields.as === undefined || fields.as === 'index' || fields.as === 'length' ? 'virtual' : fields.as,
        };
      case 'give':
        return {
          ...common,
          op,
          target,
          through: fields.through ?? 'descriptor',
          size,
          ...(device === null ? {} : { device }),
        };
      case 'wait':
        return { ...common, op, outcome };
      case 'device-start':
      case 'device-stop':
        return { ...common, op, device, quiet: fields.quiet === true };
      case 'set-mask': {
        const { bytes: bits } = size;
        if (bits === null || bits < 1 || bits > 64) throw new Fault(at, 'a mask has 1 to 64 bits');
        const { mode = 'streaming' } = fields;
        return { ...common, op, device, bits, mode, ...(outcome === 'ok' ? {} : { outcome }) };
      }
      case 'set-attribute':
        return { ...common, op, target, access: fields.access ?? 'unknown', outcome };
      case 'convert':
        return { ...common, op, target, to: fields.to ?? 'shared', size, outcome, ...contents };
      case 'memory-map-change':
      case 'atomic-enter':
      case 'atomic-leave':
      case 'sleep':
        return { ...common, op };
      case 'exit-boot-services':
        return { ...common, op, phase: fields.phase ?? 'begin' };
      case 'return':
        return { ...common, op, failing: fields.failing === true };
      case 'lose':
        return {
          ...common,
          op,
          target,
          why: fields.why ?? 'returning',
          failing: fields.failing === true,
          ...(fields.uncertain === true ? { certain: false } : {}),
        };
    }
  }
}

function nameIn({ name }: Fields): Name {
  if (name === undefined) throw new RangeError('the parser lets no such statement through without a name');
  return name;
}

function sizeOf(size: SizeText | undefined): Size {
  if (size === undefined) return { bytes: null, key: '?' };
  return 'bytes' in size ? { bytes: size.bytes, key: `${size.bytes}` } : { bytes: null, key: size.unknown };
}
