import { basename, dirname, join, relative } from 'node:path';
import {
  type Baseline,
  DEFAULT_CHECK,
  LiveAudit,
  type LiveOptions,
  type LiveResult,
  rulesToRun,
  severities,
} from '../audit/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import type { Budget } from '../sequence/index.ts';
import type { Parser } from '../syntax/index.ts';
import { Answerer } from './answers.ts';
import { settingsFor } from './folders.ts';
import type { AnalysisSettings, Answers, Query } from './messages.ts';

type Pause = Parameters<LiveAudit['step']>[0];

interface FolderAudit {
  readonly root: string | null;
  readonly audit: LiveAudit;
  readonly budget: Budget;
}

/** The live audits of all folders of a workspace, as one. */
export class Audits {
  readonly #audits: readonly FolderAudit[];
  readonly #answerer = new Answerer();
  #recent: LiveAudit | null = null;

  constructor(settings: readonly AnalysisSettings[], parser: Parser) {
    const plain = createModels(builtinModels);
    this.#audits = settings.map((one) => {
      const models = one.models.length > 0 ? createModels([...builtinModels, ...one.models]) : plain;
      return { root: one.root, budget: one.budget, audit: new LiveAudit(checkOptions(one), { models, parser }) };
    });
  }

  async setText(path: string, text: string): Promise<void> {
    this.#recent = this.#of(path)?.audit ?? null;
    await this.#recent?.setBuffer(path, text);
  }

  async close(path: string): Promise<void> {
    await this.#of(path)?.audit.closeBuffer(path);
  }

  async refresh(path: string): Promise<void> {
    await this.#of(path)?.audit.refresh(path);
  }

  /** Null: there is no such thing in the open files, or `isStale` said that the answer is not wanted any more. */
  answer(query: Query, isStale: () => boolean): Answers[Query['ask']] | null {
    const folder = this.#of(query.path);
    const live = folder?.audit.at(query.path);
    return folder && live ? this.#answerer.answer(query, live, folder.budget, isStale) : null;
  }

  get isEditPending(): boolean {
    return this.#recent?.isEditPending ?? false;
  }

  /** As of `LiveAudit`: the folder of the last edit goes first. */
  step(pause: Pause): boolean {
    if (this.#recent?.step(pause)) return true;
    return !pause.isStale() && this.#audits.some(({ audit }) => audit !== this.#recent && audit.step(pause));
  }

  /** Results of the open files among `paths`, and of those in the same directories. */
  results(paths: readonly string[]): readonly LiveResult[] {
    const one = new Map(paths.map((path) => [dirname(path), path]));
    return [...one.values()].flatMap((path) => this.#of(path)?.audit.results(path) ?? []);
  }

  #of(path: string): FolderAudit | undefined {
    return settingsFor(this.#audits, path);
  }
}

/** How the files of a folder are checked. */
export function checkOptions({ root, config, budget, baseline }: AnalysisSettings): LiveOptions {
  const severityOf = severities(config, 'default');
  const isConfigured = config.rules !== undefined || config.overrides !== undefined;
  return {
    ...DEFAULT_CHECK,
    budget,
    rules: isConfigured ? rulesToRun(config, 'default') : null,
    platforms: config.platforms ? new Set(config.platforms) : null,
    dialect: config.dialect === undefined || config.dialect === 'auto' ? null : config.dialect,
    baselineOf: (directory) => (root !== null && baseline ? baselineIn(directory, root, baseline) : null),
    severityOf: (rule, path, doubt) =>
      severityOf(rule, root === null ? path : relative(root, path).replaceAll('\\', '/'), doubt),
  };
}

/** The part that is about the files of a directory, named by their last part. */
function baselineIn(directory: string, root: string, { entries }: Baseline): Baseline {
  return {
    entries: entries.flatMap((entry) => {
      const path = join(root, entry.file);
      return dirname(path) === directory ? [{ ...entry, file: basename(path) }] : [];
    }),
  };
}
