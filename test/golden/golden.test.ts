import { gzipSync } from 'node:zlib';
import { expect, describe as group, test } from 'vitest';
import { replayDirectory } from './replay-directory.ts';
import { replayLines } from './replay-file.ts';
import { describe } from './report.ts';
import { linesOf, readTraceBytes } from './trace-file.ts';

const data = `${import.meta.dirname}/data`;

group('the simulator answers as the real code did', () => {
  const replayed = [...replayDirectory(data)];

  test.each(replayed.map(({ path, result }) => [path.slice(data.length + 1), result] as const))(
    '%s',
    (path, result) => {
      expect(describe(result, path).join('\n')).toMatch(/: [1-9]\d* operations, 0 mismatches {2}/);
    },
  );
});

group('a trace that is not as it should be', () => {
  const header = {
    system: 'linux-iova',
    version: '6.12.117',
    scenario: 'tree',
    parameters: { cpus: 1, granule: 4096, start_pfn: 1, limit: '4294967295' },
  };
  const first = { op: 'alloc', id: 0, pages: 1, limit_pfn: 9, size_aligned: 1, pfn: 9, nodes: 1, max32: 1048576 };
  const replay = (...lines: readonly (object | string)[]) =>
    replayLines(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))));

  test('a wrong field is a mismatch, with both values', () => {
    const result = replay(header, first, { ...first, id: 1, pfn: 7, nodes: 2 });
    expect(result).toMatchObject({ operations: 2, mismatches: 1, unreadable: 0 });
    expect(describe(result, 'file')).toEqual([
      'linux-iova/tree: 2 operations, 1 mismatches  (file)',
      expect.stringContaining('  mismatch at line 3: {"op":"alloc","id":1'),
      '    pfn: recorded 7, computed 8',
    ]);
  });

  test('a field that nothing computes is a mismatch', () => {
    expect(replay(header, { ...first, colour: 1 }).firstMismatch?.differences).toEqual([
      { field: 'colour', recorded: 1, computed: undefined },
    ]);
  });

  test('a missing output is a mismatch', () => {
    const { nodes: _, ...rest } = first;
    expect(replay(header, rest).firstMismatch?.differences).toEqual([
      { field: 'nodes', recorded: undefined, computed: 1 },
    ]);
  });

  test('a torn line is counted, the others are replayed', () => {
    const result = replay(header, first, '{"op":"alloc","id":1,"pa');
    expect(result).toMatchObject({ operations: 1, mismatches: 0, unreadable: 1 });
    expect(result.firstUnreadable).toEqual({ line: 3, why: 'torn or not JSON: {"op":"alloc","id":1,"pa' });
  });

  test.each([
    [{ op: 'teleport' }, 'unknown operation "teleport"'],
    [{ op: 'toString' }, 'unknown operation "toString"'],
    [{ id: 3 }, 'no "op"'],
    [[1, 2], 'not a JSON object'],
    [{ op: 'free', id: 12 }, 'range 12 does not exist'],
    [{ ...first, pages: 'many' }, '"pages" is not a number'],
  ])('a foreign line %j is counted and said', (line, why) => {
    expect(replay(header, line, first)).toMatchObject({
      operations: 1,
      unreadable: 1,
      firstUnreadable: { line: 2, why },
    });
  });

  test('a file of an unknown system is not replayed', () => {
    const result = replay({ ...header, system: 'abacus' }, first);
    expect(result).toMatchObject({ name: 'abacus/tree', operations: 0, unreadable: 1 });
    expect(result.firstUnreadable?.why).toBe('no replayer for system "abacus"');
  });

  test('an empty file, and one without a header, are said', () => {
    expect(replay()).toMatchObject({ operations: 0, unreadable: 1, firstUnreadable: { why: 'the file is empty' } });
    expect(replay(first)).toMatchObject({ name: '?/?', operations: 0, unreadable: 1 });
  });

  test('what precedes the damage of a cut archive is read', () => {
    const text = `${JSON.stringify(header)}\n`.repeat(1000);
    const packed = gzipSync(text);
    const { bytes, damage } = readTraceBytes(packed.subarray(0, packed.length - 9), true);
    expect(damage).toBe('unexpected end of file');
    expect([...linesOf(bytes)][0]).toBe(JSON.stringify(header));
  });
});
