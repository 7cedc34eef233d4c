import { dirname, relative } from 'node:path';
import {
  DEFAULT_CHECK,
  LiveAudit,
  type LiveOptions,
  type LiveResult,
  rulesToRun,
  type Simulation,
  severities,
} from '../audit/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import type { Parser } from '../syntax/index.ts';
import { settingsFor } from './folders.ts';
import type { AnalysisSettings, SimulationQuery } from './messages.ts';

type Pause = Parameters<LiveAudit['step']>[0];

interface FolderAudit {
  readonly root: string | null;
  readonly audit: LiveAudit;
}

/** The live audits of all folders of a workspace, as one. */
export class Audits {
  readonly #audits: readonly FolderAudit[];
  #recent: LiveAudit | null = null;

  constructor(settings: readonly AnalysisSettings[], parser: Parser) {
    const plain = createModels(builtinModels);
    this.#audits = settings.map((one) => {
      const models = one.models.length > 0 ? createModels([...builtinModels, ...one.models]) : plain;
      return { root: one.root, audit: new LiveAudit(optionsOf(one), { models, parser }) };
    });
  }

  async setText(path: string, text: string): Promise<void> {
    this.#recent = this.#of(path) ?? null;
    await this.#recent?.setBuffer(path, text);
  }

  async close(path: string): Promise<void> {
    await this.#of(path)?.closeBuffer(path);
  }

  async refresh(path: string): Promise<void> {
    await this.#of(path)?.refresh(path);
  }

  simulate({ path, function: name, platforms, paths }: SimulationQuery): Simulation | null {
    return this.#of(path)?.simulate(path, name, platforms, paths) ?? null;
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
    return [...one.values()].flatMap((path) => this.#of(path)?.results(path) ?? []);
  }

  #of(path: string): LiveAudit | undefined {
    return settingsFor(this.#audits, path)?.audit;
  }
}

function optionsOf({ root, config }: AnalysisSettings): LiveOptions {
  const severityOf = severities(config, 'default');
  const isConfigured = config.rules !== undefined || config.overrides !== undefined;
  return {
    ...DEFAULT_CHECK,
    rules: isConfigured ? rulesToRun(config, 'default') : null,
    platforms: config.platforms ? new Set(config.platforms) : null,
    dialect: config.dialect === undefined || config.dialect === 'auto' ? null : config.dialect,
    severityOf: (rule, path, doubt) =>
      severityOf(rule, root === null ? path : relative(root, path).replaceAll('\\', '/'), doubt),
  };
}
