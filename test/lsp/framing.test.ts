import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { FramingCheck } from '../../server/src/lsp/framing.ts';
import { BIN, Client } from './client.ts';

const frame = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const GOOD = [
  frame('{"é": "\r\n\r\n"}'),
  frame(''),
  `Content-Type: x\r\ncontent-length:2  \r\n\r\n{}`,
  frame('x'.repeat(5000)),
];

/** What is told of a stream that comes in these pieces. */
function told(stream: string, cuts: readonly number[]): readonly string[] {
  const bytes = Buffer.from(stream);
  const faults: string[] = [];
  const check = new FramingCheck((why) => faults.push(why));
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  for (const [i, from] of [0, ...places].entries()) check.push(bytes.subarray(from, places[i]));
  return faults;
}

describe('the headers of messages', () => {
  const pieces = fc.array(fc.nat(20_000), { maxLength: 20 });

  it('are taken in whatever pieces they come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...GOOD), { minLength: 1 }), pieces, (messages, cuts) => {
        expect(told(messages.join(''), cuts)).toEqual([]);
      }),
    );
  });

  it.each([
    ['Content-Length: abc', 'Content-Length: abc\r\n\r\n'],
    ['Content-Length: -5', 'Content-Length: -5\r\n\r\n'],
    ['Content-Length: 2 3', 'Content-Length: 2 3\r\n\r\n'],
    ['a header without Content-Length', 'Length: 5\r\n\r\n'],
    ['a message of 9999999999 bytes', 'Content-Length: 9999999999\r\n\r\n'],
    ['no end of a header in 4096 bytes', 'x'.repeat(5000)],
  ])('that are none are told once: %s', (why, bad) => {
    fc.assert(
      fc.property(pieces, (cuts) => {
        expect(told(`${GOOD.join('')}${bad}${GOOD.join('')}`, cuts)).toEqual([why]);
      }),
      { numRuns: 30 },
    );
  });

  it('that are none end the server, which says why', async () => {
    const server = spawn(process.execPath, [BIN, 'lsp', '--stdio']);
    const stderr = text(server.stderr);
    server.stdin.write('Content-Length: abc\r\n\r\n{}');
    const [status] = await once(server, 'exit');
    expect(status).toBe(1);
    expect(await stderr).toMatch(/what was read is no message \("Content-Length: abc"\)/);
  });
});

describe('parameters that no handler can read', () => {
  it.each([
    ['textDocument/hover', null],
    ['textDocument/hover', { textDocument: { uri: 7 }, position: { line: 0, character: 0 } }],
    ['textDocument/hover', { textDocument: { uri: 'untitled:a.c' }, position: { line: -1, character: 0 } }],
    ['textDocument/codeAction', { textDocument: { uri: 'untitled:a.c' } }],
    ['textDocument/completion', [1, 2]],
    ['workspace/executeCommand', {}],
    ['dmaAudit/cost', null],
  ])('are refused as such: %s %j', async (method, params) => {
    const client = await new Client().start();
    const answer: unknown = await client.connection.sendRequest(method, params).catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(ResponseError);
    expect(answer).toMatchObject({ code: ErrorCodes.InvalidParams, message: expect.stringContaining(method) });
    expect(await client.stop()).toBe(0);
  });
});
