import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic as LspDiagnostic } from 'vscode-languageserver';
import {
  type AuditResult,
  audit,
  type Diagnostic,
  type Notice,
  readSource,
  resultOf,
  settle,
  walk,
} from '../audit/index.ts';
import { checkOptions } from './audits.ts';
import { lspDiagnostics } from './diagnostics.ts';
import { Document, uriOf } from './document.ts';
import type { Encoding } from './encoding.ts';
import { settingsFor } from './folders.ts';
import type { AnalysisSettings } from './messages.ts';
import type { OpenDocuments } from './open-documents.ts';
import type { AuditWorkspaceResult } from './protocol.ts';

/** The bundled worker lies beside the bundled server. */
const WORKER = new URL('./worker.js', import.meta.url);

/** The answers to the editor come from another thread than these. */
const JOBS = Math.max(2, availableParallelism() - 1);

export interface FileDiagnostics {
  readonly uri: string;
  readonly diagnostics: readonly LspDiagnostic[];
}

export interface AuditWish {
  readonly settings: readonly AnalysisSettings[];
  /** Absolute paths; null = all folders. */
  readonly folders: ReadonlySet<string> | null;
  /** Absolute paths of directories; null = all that the folders have. */
  readonly directories: ReadonlySet<string> | null;
  readonly documents: OpenDocuments;
  readonly encoding: Encoding;
  readonly signal: AbortSignal;
  /** Files done and in all. */
  readonly progress: (done: number, total: number) => void;
  /** Files that are not open, with all that is known of them so far: again when there is more. */
  readonly found: (files: readonly FileDiagnostics[]) => void;
}

/** Audits the folders of a workspace as they are on disk and in the editor. Rejects with the signal's reason only. */
export async function auditWorkspace(wish: AuditWish): Promise<AuditWorkspaceResult> {
  const start = performance.now();
  const results: { readonly audited: AuditResult; readonly told: number }[] = [];
  const folders = await Promise.all(wish.settings.map((one) => filesOf(one, wish)));
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  let before = 0;
  for (const { settings, root, files } of folders) {
    results.push(
      await auditFolder(settings, root, files, { ...wish, progress: (done) => wish.progress(before + done, total) }),
    );
    before += files.length;
  }
  const sum = (count: (audited: AuditResult) => number): number =>
    results.reduce((all, { audited }) => all + count(audited), 0);
  return {
    files: sum(({ files }) => files),
    analysed: sum(({ functions }) => functions.analysed),
    degraded: sum(({ functions }) => functions.degraded),
    skipped: sum(({ functions }) => functions.skipped),
    diagnostics: results.reduce((all, { told }) => all + told, 0),
    milliseconds: Math.round(performance.now() - start),
  };
}

interface FolderFiles {
  readonly settings: AnalysisSettings;
  readonly root: string;
  readonly files: readonly string[];
}

/** A file in a folder within a folder belongs to the inner one. */
async function filesOf(
  settings: AnalysisSettings,
  { folders, directories, settings: all }: AuditWish,
): Promise<FolderFiles> {
  const { root } = settings;
  if (root === null || (folders && !folders.has(root))) return { settings, root: root ?? '', files: [] };
  const files = await walk(root, []);
  const isWanted = (path: string): boolean => directories === null || directories.has(join(path, '..'));
  return { settings, root, files: files.filter((path) => isWanted(path) && settingsFor(all, path) === settings) };
}

async function auditFolder(
  settings: AnalysisSettings,
  root: string,
  files: readonly string[],
  wish: AuditWish,
): Promise<{ readonly audited: AuditResult; readonly told: number }> {
  const { severityOf, dialect, ...options } = checkOptions(settings);
  const policy = {
    severityOf: (rule: string, file: string, doubt: Diagnostic['doubt']) => severityOf(rule, join(root, file), doubt),
    baseline: null,
  };
  const texts = new Map(wish.documents.all.map(({ path, text }) => [path, text]));
  // Diagnostics of a file come with those that call it: what was told before is told again with what is new.
  const known = new Map<string, readonly Diagnostic[]>();
  const told = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  const tell = (diagnostics: readonly Diagnostic[], notices: readonly Notice[], names: Iterable<string>): void => {
    last = last.then(async () => wish.found(await fileDiagnostics(root, diagnostics, notices, [...names], wish)));
  };
  const audited = await audit(
    {
      root,
      files,
      options,
      dialect,
      models: settings.models,
      jobs: JOBS,
      worker: WORKER,
      shard: null,
      cache: null,
      texts,
    },
    {
      signal: wish.signal,
      progress: wish.progress,
      result: (result) => {
        const { diagnostics } = settle(resultOf([], [result]), { ...policy, scope: 'files' });
        for (const one of diagnostics) {
          known.set(one.file, [...(known.get(one.file) ?? []), one]);
          told.add(one.file);
        }
        const names = new Set(diagnostics.map(({ file }) => file));
        tell(
          [...names].flatMap((name) => known.get(name) ?? []),
          [],
          names,
        );
      },
    },
  );
  const scope = wish.directories === null ? 'root' : 'directories';
  const settled = settle(audited, { ...policy, scope });
  const all = new Set([
    ...told,
    ...settled.diagnostics.map(({ file }) => file),
    ...settled.notices.map(({ file }) => file),
  ]);
  tell(settled.diagnostics, settled.notices, wish.directories === null ? all : new Set([...all, ...audited.checked]));
  await last;
  return { audited, told: settled.diagnostics.length };
}

/** As a client shows them, for each of `names` that is not open: the open ones are told of while they are edited. */
async function fileDiagnostics(
  root: string,
  diagnostics: readonly Diagnostic[],
  notices: readonly Notice[],
  names: readonly string[],
  { documents, encoding }: AuditWish,
): Promise<readonly FileDiagnostics[]> {
  const closed = names.filter((name) => documents.byPath(join(root, name)) === undefined);
  return Promise.all(
    closed.map(async (name) => {
      const path = join(root, name);
      const own = diagnostics.filter(({ file }) => file === name);
      const ownNotices = notices.filter(({ file }) => file === name);
      // The text is needed where columns are not counted in UTF-16 units.
      const source = encoding !== 'utf-16' && own.length > 0 ? await readSource(path) : null;
      const document = new Document(uriOf(path), 'c', 0, source?.ok ? source.text : '', encoding);
      const places = { pathOf: (file: string) => join(root, file), documentAt: (at: string) => documents.byPath(at) };
      return {
        uri: document.uri,
        diagnostics: lspDiagnostics({ diagnostics: own, notices: ownNotices }, document, places),
      };
    }),
  );
}
