/**
 * `DMA_AUDIT_LINUX=TREE npm run bench`, or `npm run bench:lsp -- FILE.c [EDITS]`: how soon the language server answers, beside
 * clangd on the same edits. Of a Linux tree it takes bnxt.c, 16,000 lines; without one
 * it is skipped.
 *
 * Somebody types a statement at the top of a function's body, letter by letter, and deletes it again, in functions spread over
 * the file. Measured from sending the edit to the diagnostics of that version of the text. While clangd is measured, it has no
 * compile commands, as is usual in kernel trees that were never built: it parses the file with what it finds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
} from 'vscode-languageserver/node';
import { type Status, StatusNotification } from '../../server/src/lsp/protocol.ts';
import { type ServerProcess, startServer } from '../lsp/connection.ts';

const TYPED = 'len = min(len, 8);';
const FUNCTIONS = 12;

/** What the project promises of its own server: milliseconds and MiB. */
const PROMISED = { opened: 500, p50: 20, p95: 60, megabytes: 300 } as const;

const { DMA_AUDIT_LINUX: tree } = process.env;
const [file = tree && join(tree, 'drivers/net/ethernet/broadcom/bnxt/bnxt.c'), count = '240'] = process.argv.slice(2);
if (file === undefined || !existsSync(file)) {
  console.log(
    `language server: skipped (${file ?? 'DMA_AUDIT_LINUX names no Linux tree'}${file ? ' is not there' : ''})`,
  );
  process.exit(0);
}
const text = readFileSync(file, 'utf8');
const uri = pathToFileURL(file).href;
const edits = Number(count);
const places = functionBodies(text);

console.log(`${basename(file)}: ${text.split('\n').length} lines, ${edits} edits in ${places.length} functions`);
const own = join(dirname(process.argv[1] ?? ''), '../../../server/bin/dma-audit.js');
await measure('dma-audit', startServer(process.execPath, [own, 'lsp', '--stdio']), true);
try {
  await measure('clangd', startServer('clangd', ['--log=error', '--background-index=false'], 'ignore'), false);
} catch (error) {
  console.log(`clangd: skipped (${error instanceof Error ? error.message : error})`);
}
process.exit(0);

/** Offsets of lines and characters behind the opening braces of functions, spread over the file. */
function functionBodies(source: string): readonly number[] {
  const lines = source.split('\n');
  const bodies = lines.flatMap((line, i) => (line === '{' ? [i + 1] : []));
  const step = Math.max(1, Math.floor(bodies.length / FUNCTIONS));
  return bodies.filter((_, i) => i % step === 0).slice(0, FUNCTIONS);
}

async function measure(name: string, { process: child, connection }: ServerProcess, isOwn: boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  let version = 1;
  let heard: (() => void) | null = null;
  let settled: (() => void) | null = null;
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    if (params.version === version) heard?.();
  });
  connection.onNotification(StatusNotification, (status: Status) => {
    if (status.version === version && status.pending === 0) settled?.();
  });
  connection.onRequest('client/registerCapability', () => null);
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: { textDocument: { publishDiagnostics: { versionSupport: true } } },
  });
  await connection.sendNotification(InitializedNotification.type, {});
  const answered = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  const done = (): Promise<void> => (isOwn ? new Promise((resolve) => (settled = resolve)) : Promise.resolve());

  const start = performance.now();
  const first = answered();
  const all = done();
  void connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: 'c', version, text },
  });
  await first;
  const opened = performance.now() - start;
  await all;
  const complete = performance.now() - start;

  const times: number[] = [];
  let peak = residentMegabytes(child.pid);
  for (let i = 0; i < edits; i++) {
    const line = places[Math.floor(i / (2 * TYPED.length)) % places.length] ?? 0;
    const step = i % (2 * TYPED.length);
    const isTyping = step < TYPED.length;
    const at = isTyping ? step : 2 * TYPED.length - 1 - step;
    const range = { start: { line, character: at }, end: { line, character: isTyping ? at : at + 1 } };
    version++;
    const sent = performance.now();
    const reply = answered();
    const end = done();
    void connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges: [{ range, text: isTyping ? (TYPED[step] ?? '') : '' }],
    });
    await reply;
    times.push(performance.now() - sent);
    // A fast typist: what is not done by then is given up.
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 120))]);
    peak = Math.max(peak, residentMegabytes(child.pid));
  }
  child.kill();
  const p50 = quantile(times, 0.5);
  const p95 = quantile(times, 0.95);
  console.log(
    `${name}: open to first diagnostics ${opened.toFixed(0)} ms${isOwn ? `, to all ${complete.toFixed(0)} ms` : ''}; ` +
      `keystroke to diagnostics p50 ${ms(p50)}, p95 ${ms(p95)}, worst ${ms(quantile(times, 1))}; ` +
      `resident ${peak} MiB at most`,
  );
  if (!isOwn) return;
  const missed = [
    opened < PROMISED.opened ? '' : `open < ${PROMISED.opened} ms`,
    p50 < PROMISED.p50 ? '' : `p50 < ${PROMISED.p50} ms`,
    p95 < PROMISED.p95 ? '' : `p95 < ${PROMISED.p95} ms`,
    peak < PROMISED.megabytes ? '' : `memory < ${PROMISED.megabytes} MiB`,
  ].filter((text) => text !== '');
  console.log(missed.length === 0 ? 'promises: kept' : `promises: missed on this machine now: ${missed.join(', ')}`);
}

function ms(time: number): string {
  return `${time.toFixed(1)} ms`;
}

function quantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

function residentMegabytes(pid: number | undefined): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
