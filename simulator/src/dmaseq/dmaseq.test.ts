import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run } from '../machine/index.ts';
import { PLATFORMS, platformsFor } from '../platforms/named.ts';
import type { Operation, Program, Reference } from '../program/index.ts';
import { compileDmaseq } from './compile.ts';
import type { Document, Expectation, Fields, Name, Statement, Target } from './document.ts';
import { runDmaseq } from './execute.ts';
import { documentOf } from './from-program.ts';
import { parseDmaseq } from './parser.ts';
import { printDmaseq } from './printer.ts';
import { OPTIONS, SYNTAX, WORDS } from './syntax.ts';
import { VIOLATION_KINDS } from './violations.ts';

function documentFrom(text: string): Document {
  const result = parseDmaseq(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.document;
}

function compiledFrom(text: string) {
  const result = compileDmaseq(documentFrom(text));
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.compiled;
}

function errorsOf(text: string): readonly string[] {
  const parsed = parseDmaseq(text);
  const result = parsed.ok ? compileDmaseq(parsed.document) : parsed;
  return result.ok ? [] : result.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

function runOn(id: string, text: string) {
  const platform = PLATFORMS.find((one) => one.id === id);
  if (platform === undefined) throw new Error(`no platform ${id}`);
  return runDmaseq(compiledFrom(text), platform);
}

const FW_CFG = `
# One fw_cfg read by DMA.
program fw-cfg-read
dialect edk2
platform iommudxe-tdx, iommudxe-tdx-no-pool

allocate control 16
map control-map = control 16 bidirectional common
declare data 64K pages
map data-map = data 64K from-device
expect slots = 2 on iommudxe-tdx
unmap control-map
free control 16
unmap data-map from-device
expect clean
expect conversions = 0 on iommudxe-tdx
expect conversions = 4 on iommudxe-tdx-no-pool
`;

describe('a program', () => {
  it('is executed on its platforms, and its expectations are looked at', () => {
    for (const id of ['iommudxe-tdx', 'iommudxe-tdx-no-pool']) {
      const result = runOn(id, FW_CFG);
      expect(result.expectations.map(({ holds, found }) => [holds, found])).toEqual(
        id === 'iommudxe-tdx'
          ? [
              [true, '2'],
              [true, '0 violations'],
              [true, '0'],
            ]
          : [
              [true, '0 violations'],
              [true, '4'],
            ],
      );
      expect(result.passed).toBe(true);
    }
  });

  it('fails by an expectation that does not hold, and by a fault that nobody expects', () => {
    const leak = 'declare b heap\nmap m = b 4K to-device\nlose m failing\n';
    expect(runOn('swiotlb', leak)).toMatchObject({ passed: false, unexpected: [{ kind: 'mapping-leak' }] });
    expect(runOn('swiotlb', `${leak}expect mapping-leak times 1`).passed).toBe(true);
    expect(runOn('swiotlb', `${leak}expect mapping-leak breaks on swiotlb`).passed).toBe(true);
    expect(runOn('direct', `${leak}expect mapping-leak works`).passed).toBe(true);
    expect(runOn('direct', `${leak}expect mapping-leak breaks`).passed).toBe(false);
    expect(runOn('swiotlb', `${leak}expect mapping-leak times 2`).passed).toBe(false);
    expect(runOn('swiotlb', `${leak}expect mapping-leak\nexpect slots = 0`).passed).toBe(false);
    expect(runOn('swiotlb', `${leak}expect clean`).passed).toBe(false);
  });

  it('runs loops, with names for each round', () => {
    const text = `
declare buffer 1M pages
repeat 16 as i {
  map rx[i] = buffer 2K from-device
  expect slotsHighWater <= 16
}
expect slots = 16
repeat 15 as i {
  unmap rx[i]
}
expect slots = 1
unmap rx[15]
expect slots = 0`;
    const result = runOn('swiotlb', text);
    expect(result.passed).toBe(true);
    expect(result.timeline).toHaveLength(33);
    expect(result.timeline[1]).toMatchObject({ address: 'bounce', changes: { bytesToBounce: 2048, slots: 1 } });
  });

  it('tells what a platform would have refused', () => {
    const text =
      'declare b 1M pages\nmap m = b 1M from-device\nunmap m\nexpect refusal times 1 on swiotlb\nexpect clean';
    const result = runOn('swiotlb', text);
    expect(result.passed).toBe(true);
    expect(result.timeline[1]).toMatchObject({ address: 'none', refused: expect.stringContaining('512 slots') });
    expect(runOn('direct', text).passed).toBe(true);
  });

  it('knows what releases what unless it is told otherwise', () => {
    expect(runOn('direct', 'allocate a 4K\nfree a\nallocate b 4K pages\nfree b\nexpect clean').passed).toBe(true);
    expect(runOn('direct', 'allocate a 4K\nfree a family=pool\nexpect api-mismatch').passed).toBe(true);
  });
});

describe('an error has its line and column', () => {
  it.each([
    ['mapp m = b', "1:1: there is no statement 'mapp'; did you mean 'map'?"],
    ['\n  map m b', "2:9: expected '=', found 'b'"],
    ['map m = ', '1:9: expected a name, found the end of the line'],
    ['map null = x', "1:5: 'null' has a meaning of its own and cannot be a name"],
    ['unmap m', "1:7: nothing is called 'm' here"],
    ['declare b heap heap', "1:16: 'heap' says again what was said before"],
    ['declare b to-device', "1:11: 'declare' takes no 'to-device'; it takes dma, heap, pages"],
    ['declare b family=x', "1:11: there is no 'family=' here; there is in=, name=, api="],
    ['sync m', "1:1: 'sync' needs one of for-cpu, for-device"],
    ['declare b 4KB', "1:11: '4KB' is no number: write 4096, 0x1000 or 4K; K, M and G are powers of 1024"],
    ['declare b 4.5k', "1:11: '4.5k' is no number"],
    ['\uFEFFdeclare b heap heap', "1:16: 'heap' says again what was said before"],
    ['declare b "heap', `1:11: expected a word or key=value, found '"'`],
    ['repeat 3 {\nmemory-map-change', '1:1: this loop is not closed by }'],
    ['}', '1:1: there is no loop that this } closes'],
    ['repeat 3 { unmap m', "1:12: expected the end of the line, found 'unmap'"],
    ['repeat 2 as i {\ngiven buffer b[j]\n}', "2:14: no loop counts 'j' here"],
    ['expect slot = 3', "1:8: there is no counter and no violation 'slot'; did you mean 'slots'?"],
    ['expect slots == 3', "1:15: expected a number, found '='"],
    ['dialect windows', "1:9: expected one of linux, edk2, found 'windows'"],
    ['memory-map-change\ndialect linux', "2:1: 'dialect' has to stand above the operations"],
    ['dialect linux\ndialect linux', "2:1: 'dialect' was said before"],
    ['repeat 1000000000 {\n}', '1:1: a loop runs 100000 times at most'],
    ['repeat 400 {\nrepeat 400 {\nmemory-map-change\n}\n}', '3:1: more than 100000 operations, loops unrolled'],
    ['repeat 100000 {\nrepeat 100000 {\n}\n}', '2:1: the loops run more than 1000000 times in all'],
    ['declare b 99999999999999999999', "1:11: expected a number below 2^53, found '99999999999999999999'"],
    ['given mapping m\ndeclare b heap in=m', "2:19: 'm' is a mapping, and cannot hold a buffer"],
  ])('%j', (text, message) => {
    expect(errorsOf(text)[0]?.startsWith(message) ? message : errorsOf(text)).toBe(message);
  });

  it('and all faulty lines are told', () => {
    expect(errorsOf('mapp\nunmap\ndeclare b heap\nfree').map((line) => line.slice(0, 2))).toEqual(['1:', '2:', '4:']);
  });
});

const AT = { line: 1, column: 1 };
const base = fc.constantFrom('a', 'ring', 'rx-map', 'desc.next', '_x1');
const name: fc.Arbitrary<Name> = fc.record({
  at: fc.constant(AT),
  base,
  index: fc.option(fc.record({ variable: fc.option(fc.constantFrom('i', 'n')), number: fc.nat(99) })),
});
const word = fc.oneof(fc.constantFrom('dma_map_single', 'null', 'PciIo->Map', 'a "b" \\ c', '4096', ''), fc.string());
const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ how: fc.constantFrom('exact', 'offset', 'address-of', 'other-role'), name }),
  fc.record({ how: fc.constant('uninitialised' as const), word }),
  fc.record({ how: fc.constantFrom('null', 'unknown') }),
);
const size = fc.oneof(
  fc.record({ bytes: fc.oneof(fc.nat(), fc.constantFrom(4096, 2 ** 20, 3 * 2 ** 30, 2 ** 52)) }),
  fc.record({ unknown: word.filter((key) => key !== '') }),
);

/** Any fields that an operation may have. */
function fieldsOf(op: Operation['op']): fc.Arbitrary<Fields> {
  const { positional, words, options, required } = SYNTAX[op];
  const parts: fc.Arbitrary<Fields>[] = [];
  const add = (part: fc.Arbitrary<Fields>, needed: boolean): void => {
    parts.push(needed ? part : fc.oneof(fc.constant({}), part));
  };
  for (const one of positional) {
    if (one === 'name') add(fc.record({ name }), true);
    else if (one === 'target') add(fc.record({ target }), true);
    else if (one === 'size') add(fc.record({ size }), required.includes('size'));
  }
  for (const one of words) add(fc.constantFrom(...WORDS[one].words.values()), required.includes(one));
  for (const key of options) {
    const { value, field } = OPTIONS[key];
    const values: fc.Arbitrary<unknown> =
      field === 'entries'
        ? fc.constantFrom('original', 'mapped', 'unknown')
        : value === 'text'
          ? word
          : value === 'name'
            ? name
            : fc.array(word).filter((list) => list.length !== 1 || list[0] !== '');
    add(
      values.map((one): Fields => ({ [field]: one })),
      false,
    );
  }
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all));
}

const operation: fc.Arbitrary<Statement> = fc
  .constantFrom(...(Object.keys(SYNTAX) as Operation['op'][]))
  .chain((op) => fieldsOf(op).map((fields) => ({ kind: 'operation', at: AT, op, fields })));
const times = fc.option(fc.nat(20));
const expectation: fc.Arbitrary<Expectation> = fc.oneof(
  fc.record({ kind: fc.constant('clean' as const) }),
  fc.record({ kind: fc.constant('refusal' as const), times }),
  fc.record({
    kind: fc.constant('violation' as const),
    violation: fc.constantFrom(...VIOLATION_KINDS),
    times,
    verdict: fc.constantFrom(null, 'breaks', 'works'),
  }),
  fc.record({
    kind: fc.constant('counter' as const),
    counter: fc.constantFrom('slots', 'bytesToBounce'),
    comparison: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
    value: fc.nat(),
  }),
);
const platformIds = fc.array(fc.constantFrom(...PLATFORMS.map(({ id }) => id)), { maxLength: 3 });
const { statement } = fc.letrec<{ statement: Statement }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    operation,
    fc.record({ kind: fc.constant('expect' as const), at: fc.constant(AT), what: expectation, on: platformIds }),
    fc.record({
      kind: fc.constant('given' as const),
      at: fc.constant(AT),
      what: fc.constantFrom('buffer', 'mapping'),
      name,
    }),
    fc.record({
      kind: fc.constant('comment' as const),
      at: fc.constant(AT),
      text: fc.constantFrom('', 'one', '# two', 'map m = b'),
    }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at: fc.constant(AT),
      times: fc.nat(5),
      variable: fc.option(fc.constantFrom('i', 'n')),
      body: fc.array(tie('statement'), { maxLength: 3 }),
    }),
  ),
}));
const document: fc.Arbitrary<Document> = fc.record({
  name: word,
  dialect: fc.constantFrom('linux', 'edk2'),
  platforms: platformIds,
  statements: fc.array(statement, { maxLength: 8 }),
});

/** The same value with every position at 1:1. */
function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, key === 'at' ? AT : withoutPlaces(item)]));
}

const reference = (to: 'buffer' | 'mapping'): fc.Arbitrary<Reference> =>
  fc.oneof(
    fc.record({ to: fc.constant(to), id: fc.integer({ min: 1, max: 6 }), how: fc.constantFrom('exact', 'other-role') }),
    fc.constant({ to: 'null' as const }),
  );
const programSize = fc.constantFrom({ bytes: 512, key: '512' }, { bytes: null, key: '?' }, { bytes: null, key: 'len' });
const common = { site: 0, api: 'call' };
const families = { family: 'f', releasedBy: ['f', 'g'], device: null, managed: false, attributes: [] } as const;
const outcome = fc.constantFrom('ok', 'failed', 'short');
const id = fc.integer({ min: 1, max: 6 });
const programOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .record({ buffer: id, size: programSize, outcome })
    .map((one) => ({ ...common, ...families, ...one, op: 'allocate' as const, memory: 'dma' as const })),
  fc
    .record({
      mapping: id,
      buffer: reference('buffer'),
      size: programSize,
      outcome,
      direction: fc.constantFrom('to-device', 'from-device', 'bidirectional'),
      mode: fc.constantFrom('streaming', 'common'),
    })
    .map((one) => ({ ...common, ...families, ...one, op: 'map' as const })),
  fc
    .record({ target: reference('mapping'), size: programSize, direction: fc.constantFrom('to-device', 'unknown') })
    .map((one) => ({ ...common, ...one, op: 'unmap' as const, family: 'f', device: null, entries: null })),
  fc
    .record({ target: reference('buffer'), size: programSize })
    .map((one) => ({ ...common, ...one, op: 'free' as const, family: 'g', device: null })),
  reference('mapping').map((target) => ({ ...common, op: 'check' as const, target, right: true, test: '!' })),
  reference('buffer').map((target) => ({ ...common, op: 'cpu-write' as const, target })),
  fc.record({ target: reference('mapping'), certain: fc.boolean() }).map((one) => ({
    ...common,
    ...one,
    op: 'lose' as const,
    why: 'returning' as const,
    failing: true,
  })),
);
/** No two operations make the same number. */
const program: fc.Arbitrary<Program> = fc.record({
  name: fc.constant('p'),
  dialect: fc.constantFrom('linux', 'edk2'),
  operations: fc.uniqueArray(programOperation, {
    maxLength: 20,
    selector: (one) => (one.op === 'map' ? one.mapping : one.op === 'allocate' ? -one.buffer : one),
  }),
});

describe('the printer', () => {
  it('writes what the parser reads: any document comes back', () => {
    fc.assert(
      fc.property(document, (given) => {
        expect(withoutPlaces(documentFrom(printDmaseq(given)))).toEqual(withoutPlaces(given));
      }),
    );
  });

  it('gives the same text again', () => {
    const text = printDmaseq(documentFrom(FW_CFG));
    expect(printDmaseq(documentFrom(text))).toBe(text);
    expect(text).toContain('map data-map = data 64K from-device\n');
  });

  it('writes down any program so that it has the same faults, counts and refusals', () => {
    fc.assert(
      fc.property(program.map(wellFormed), (given) => {
        const read = compiledFrom(printDmaseq(documentOf(given))).program;
        for (const platform of platformsFor(given.dialect)) {
          const { violations, counters, refusals } = run(given, platform);
          expect(run(read, platform)).toEqual({ violations, counters, refusals });
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the parser', () => {
  it('never throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('map', 'm', '=', '4K', '?', '[', ']', '"', '{', '}', ',', 'repeat', 'as', 'expect'))
        .map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const result = parseDmaseq(lines.join('\n'));
        if (result.ok) compileDmaseq(result.document);
        else for (const { line: at, column } of result.errors) expect(Math.min(at, column)).toBeGreaterThan(0);
      }),
    );
  });
});

/** Without the operations that make something under a name that was used before: such a program cannot be. */
function wellFormed(given: Program): Program {
  const used = new Set<string>();
  const operations = given.operations.filter((operation) => {
    const made =
      operation.op === 'map'
        ? `mapping ${operation.mapping}`
        : operation.op === 'allocate' || operation.op === 'declare'
          ? `buffer ${operation.buffer}`
          : null;
    if (made !== null && used.has(made)) return false;
    const references = [
      operation.op === 'map' ? operation.buffer : null,
      'target' in operation ? operation.target : null,
    ];
    for (const reference of references) if (reference && 'id' in reference) used.add(`${reference.to} ${reference.id}`);
    if (made !== null) used.add(made);
    return true;
  });
  return { ...given, operations };
}
