import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnostic as LspDiagnostic } from 'vscode-languageserver';
import {
  type AuditResult,
  audit,
  type FilesResult,
  type LiveDiagnostic,
  type Notice,
  readSource,
  resultOf,
  type Scope,
  settle,
  walk,
} from '../audit/index.ts';
import { checkOptions } from './audits.ts';
import { lspDiagnostics } from './diagnostics.ts';
import { Document, uriOf } from './document.ts';
import { settingsFor } from './folders.ts';
import type { AnalysisSettings } from './messages.ts';
import type { AuditWorkspaceResult } from './protocol.ts';
import type { Session } from './session.ts';

/** The bundled worker lies beside the bundled server. */
const WORKER = new URL('./worker.js', import.meta.url);

/** The answers to the editor come from another thread than these. */
const JOBS = Math.max(2, availableParallelism() - 1);

export interface FileDiagnostics {
  readonly uri: string;
  readonly diagnostics: readonly LspDiagnostic[];
}

export interface AuditWish {
  /** Absolute paths; null = all folders. */
  readonly folders: ReadonlySet<string> | null;
  /** Absolute paths of directories; null = all that the folders have. */
  readonly directories: ReadonlySet<string> | null;
  readonly signal: AbortSignal;
  /** Files done and in all. */
  readonly progress: (done: number, total: number) => void;
  /** Files that are not open, with all that is known of them so far: again when there is more. */
  readonly found: (files: readonly FileDiagnostics[]) => void;
}

/**
 * Audits the folders of a workspace as they are on disk and in the editor. Rejects with the signal's reason, or with an
 * IgnoreFileError.
 */
export async function auditWorkspace(session: Session, wish: AuditWish): Promise<AuditWorkspaceResult> {
  const start = performance.now();
  await session.configured;
  const folders: FolderAudit[] = [];
  for (const settings of session.folders) {
    const { root } = settings;
    if (root === null || (wish.folders && !wish.folders.has(root))) continue;
    const files = await filesOf(root, settings, session.folders);
    folders.push(
      new FolderAudit(
        session,
        settings,
        root,
        files.filter((path) => isIn(wish.directories, path)),
      ),
    );
  }
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  const results: FolderResult[] = [];
  let before = 0;
  for (const folder of folders) {
    results.push(await folder.run({ ...wish, progress: (done) => wish.progress(before + done, total) }));
    before += folder.files.length;
  }
  const sum = (count: (result: FolderResult) => number): number => results.reduce((all, one) => all + count(one), 0);
  return {
    files: sum(({ audited }) => audited.files),
    analysed: sum(({ audited }) => audited.functions.analysed),
    degraded: sum(({ audited }) => audited.functions.degraded),
    skipped: sum(({ audited }) => audited.functions.skipped),
    diagnostics: sum(({ told }) => told),
    milliseconds: Math.round(performance.now() - start),
  };
}

/** A file in a folder within a folder belongs to the inner one. */
const filesOf = async (
  root: string,
  settings: AnalysisSettings,
  all: readonly AnalysisSettings[],
): Promise<readonly string[]> => (await walk(root, [])).filter((path) => settingsFor(all, path) === settings);

const isIn = (directories: ReadonlySet<string> | null, path: string): boolean =>
  directories === null || directories.has(dirname(path));

interface FolderResult {
  readonly audited: AuditResult;
  readonly told: number;
}

/** What was found in files, by their names relative to the root. */
interface Found {
  readonly diagnostics: readonly LiveDiagnostic[];
  readonly notices: readonly Notice[];
}

class FolderAudit {
  readonly files: readonly string[];
  readonly #session: Session;
  readonly #settings: AnalysisSettings;
  readonly #root: string;

  constructor(session: Session, settings: AnalysisSettings, root: string, files: readonly string[]) {
    this.#session = session;
    this.#settings = settings;
    this.#root = root;
    this.files = files;
  }

  async run({ directories, signal, progress, found }: AuditWish): Promise<FolderResult> {
    const root = this.#root;
    const { severityOf, dialect, baselineOf: _, ...options } = checkOptions(this.#settings);
    const settled = (result: AuditResult, scope: Scope): Found => {
      const { diagnostics, known, notices } = settle(result, {
        severityOf: (rule, file, doubt) => severityOf(rule, join(root, file), doubt),
        baseline: this.#settings.baseline,
        scope,
      });
      const all = [
        ...diagnostics.map((one) => ({ ...one, isKnown: false })),
        ...known.map((one) => ({ ...one, isKnown: true })),
      ];
      return { diagnostics: all, notices };
    };
    const texts = new Map(this.#session.documents.all.map(({ path, text }) => [path, text]));
    const known = new Map<string, readonly LiveDiagnostic[]>();
    let last: Promise<void> = Promise.resolve();
    const tell = (about: Found, names: ReadonlySet<string>): void => {
      last = last.then(async () => found(await this.#inWords(about, names)));
    };
    // What is found in a file comes with those that call it: what was told before is told again with what is new.
    const tellSome = (result: FilesResult): void => {
      const { diagnostics } = settled(resultOf([], [result]), 'files');
      for (const one of diagnostics) known.set(one.file, [...(known.get(one.file) ?? []), one]);
      const names = new Set(diagnostics.map(({ file }) => file));
      if (names.size > 0)
        tell({ diagnostics: [...names].flatMap((name) => known.get(name) ?? []), notices: [] }, names);
    };
    const { models } = this.#settings;
    const audited = await audit(
      {
        root,
        files: this.files,
        options,
        dialect,
        models,
        jobs: JOBS,
        worker: WORKER,
        shard: null,
        cache: null,
        texts,
      },
      { signal, progress, result: tellSome },
    );
    const all = settled(audited, directories === null ? 'root' : 'directories');
    const files = [...known.keys(), ...[...all.diagnostics, ...all.notices].map(({ file }) => file)];
    tell(all, new Set(directories === null ? files : [...files, ...audited.checked]));
    await last;
    return { audited, told: all.diagnostics.filter(({ isKnown }) => !isKnown).length };
  }

  /** As a client shows it, for each of `names` that is not open: the open ones are told of while they are edited. */
  async #inWords({ diagnostics, notices }: Found, names: ReadonlySet<string>): Promise<readonly FileDiagnostics[]> {
    const { documents, encoding } = this.#session;
    const pathOf = (file: string): string => join(this.#root, file);
    const documentAt = (path: string): Document | undefined => documents.byPath(path);
    const closed = [...names].filter((name) => documentAt(pathOf(name)) === undefined);
    return Promise.all(
      closed.map(async (name) => {
        const own = diagnostics.filter(({ file }) => file === name);
        const ownNotices = notices.filter(({ file }) => file === name);
        // The text is needed where columns are not counted in UTF-16 units.
        const source = encoding !== 'utf-16' && own.length > 0 ? await readSource(pathOf(name)) : null;
        const document = new Document(uriOf(pathOf(name)), 'c', 0, source?.ok ? source.text : '', encoding);
        const found = { diagnostics: own, notices: ownNotices };
        return { uri: document.uri, diagnostics: lspDiagnostics(found, document, { pathOf, documentAt }) };
      }),
    );
  }
}
