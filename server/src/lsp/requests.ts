import { basename, dirname, join } from 'node:path';
import { DEFAULT_PLATFORM_IDS, PLATFORMS, platformsFor } from '@dma-audit/simulator';
import { CancellationToken, type ServerCapabilities } from 'vscode-languageserver';
import type { Simulation } from '../audit/index.ts';
import { ChangedDirectories } from './changed-directories.ts';
import { byCost, costMarkdown } from './cost-report.ts';
import { type Document, pathOf, uriOf } from './document.ts';
import { notify } from './notify.ts';
import { chosenPlatform, platformChoice } from './platform.ts';
import { abortOf } from './progress.ts';
import {
  AuditWorkspaceRequest,
  type AuditWorkspaceResult,
  COMMANDS,
  CostRequest,
  type CostResult,
  ExplainRuleRequest,
  PlatformsRequest,
  type SimulateParams,
  SimulateRequest,
  type SimulateResult,
} from './protocol.ts';
import { explainRule } from './rule-page.ts';
import type { Session } from './session.ts';
import { countersText, timeText } from './words.ts';
import { auditWorkspace, type FileDiagnostics } from './workspace-audit.ts';

/** For clients that do not have the commands themselves. */
export const COMMAND_CAPABILITY: ServerCapabilities = { executeCommandProvider: { commands: Object.values(COMMANDS) } };

/** Answers the requests of `protocol.ts`, and executes its commands. */
export class Requests {
  readonly #session: Session;
  /** URIs of closed files that have diagnostics of the last audit. */
  readonly #audited = new Set<string>();
  /** Since the last audit. */
  readonly #changed = new ChangedDirectories('none');
  #keepsUp = false;

  constructor(session: Session) {
    this.#session = session;
    const { connection } = session;
    connection.onRequest(PlatformsRequest, () => PLATFORMS.map(platformChoice));
    connection.onRequest(SimulateRequest, (params, token) => this.#simulate(params, token));
    connection.onRequest(CostRequest, ({ uri, platforms }, token) => this.#cost(uri, platforms ?? null, token));
    connection.onRequest(ExplainRuleRequest, ({ rule }) => explainRule(rule));
    connection.onRequest(AuditWorkspaceRequest, async ({ folders, workDoneToken }, token) => {
      const progress = connection.window.attachWorkDoneProgress(workDoneToken);
      const roots = folders && new Set(folders.map((uri) => pathOf(uri)));
      return this.#audit(roots ?? null, progress, abortOf(token));
    });
    connection.onExecuteCommand(({ command, arguments: given = [] }, token) => this.#execute(command, given, token));
  }

  /**
   * Files have changed on disk. Once the workspace has been audited, what was found in their directories is kept up to date; where
   * nothing was found, nothing shown is old.
   */
  changed(paths: readonly string[]): void {
    const shown = new Set([...this.#audited].map((uri) => dirname(pathOf(uri))));
    this.#look(paths.filter((path) => shown.has(dirname(path))));
  }

  /** A file was closed: what is found in it on disk is shown on. `hasFindings`: in its text of the editor there were some. */
  closed({ uri, path }: Document, hasFindings: boolean): void {
    if (hasFindings || this.#audited.has(uri)) this.#look([path]);
  }

  #look(paths: readonly string[]): void {
    if (this.#keepsUp && paths.length > 0) this.#changed.add(paths);
  }

  async #keepUp(): Promise<void> {
    if (this.#keepsUp) return;
    this.#keepsUp = true;
    for (;;) {
      const directories = await this.#changed.take(CancellationToken.None);
      await this.#publishAudit(null, directories, () => {}, new AbortController().signal).catch((error: unknown) =>
        this.#session.connection.console.error(`${error}`),
      );
    }
  }

  async #simulate(params: SimulateParams, token: CancellationToken): Promise<SimulateResult | null> {
    const { documents, analysis, settings } = this.#session;
    const document = documents.at(params.uri);
    if (!document?.isSource) return null;
    const result = await documents.result(document, () => true, token);
    if (!result?.dialect) return null;
    const offset = params.position && document.offsetAt(params.position);
    const around = result.functions.find(({ start, end }) => offset !== undefined && start <= offset && offset < end);
    const name = params.function ?? around?.name;
    if (name === undefined) return null;
    const chosen = chosenPlatform(settings.platform, result.dialect).id;
    const usual = settings.platforms.length > 0 ? settings.platforms : [...DEFAULT_PLATFORM_IDS];
    const platforms = params.platforms ?? [...new Set([chosen, ...usual])];
    const { path } = document;
    const simulation = await analysis.ask(
      { ask: 'simulation', path, function: name, platforms, paths: params.paths ?? 'success' },
      token,
    );
    return simulation && { simulation, files: filesOf(simulation, path) };
  }

  async #cost(uri: string, asked: readonly string[] | null, token: CancellationToken): Promise<CostResult | null> {
    const { documents, analysis, settings } = this.#session;
    const document = documents.at(uri);
    const dialect = document && documents.told(document)?.result.dialect;
    if (!document || !dialect) return null;
    const known = new Set(platformsFor(dialect, new Set(asked ?? [])).map(({ id }) => id));
    const platforms = asked?.filter((id) => known.has(id)) ?? [chosenPlatform(settings.platform, dialect).id];
    const costs = await analysis.ask({ ask: 'cost', path: document.path, platforms }, token);
    if (!costs) return null;
    const functions = costs.toSorted(byCost(platforms[0] ?? ''));
    return { platforms, functions, markdown: costMarkdown(basename(document.path), functions, platforms) };
  }

  /** With progress; null when it was cancelled. */
  async #audit(
    folders: ReadonlySet<string> | null,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<AuditWorkspaceResult | null> {
    const report = (done: number, total: number): void =>
      progress.report(Math.floor((100 * done) / Math.max(1, total)), `${done} of ${total} files`);
    progress.begin('DMA audit', 0, 'listing files', true);
    try {
      const result = await this.#publishAudit(folders, null, report, signal);
      void this.#keepUp();
      return result;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    } finally {
      progress.done();
    }
  }

  /** Publishes what is found in files that are not open. */
  async #publishAudit(
    folders: ReadonlySet<string> | null,
    directories: ReadonlySet<string> | null,
    progress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<AuditWorkspaceResult> {
    const { connection, documents } = this.#session;
    const before = new Set(this.#audited);
    const found = (files: readonly FileDiagnostics[]): void => {
      for (const { uri, diagnostics } of files) {
        before.delete(uri);
        // It may have been opened meanwhile.
        if (documents.at(uri)) continue;
        if (diagnostics.length > 0) this.#audited.add(uri);
        else if (!this.#audited.delete(uri)) continue;
        void connection.sendDiagnostics({ uri, diagnostics: [...diagnostics] });
      }
    };
    const result = await auditWorkspace(this.#session, { folders, directories, progress, signal, found });
    const isGone = (uri: string): boolean => folders === null && (directories?.has(dirname(pathOf(uri))) ?? true);
    found([...before].filter(isGone).map((uri) => ({ uri, diagnostics: [] })));
    return result;
  }

  async #execute(command: string, [first, second]: readonly unknown[], token: CancellationToken): Promise<unknown> {
    const { connection } = this.#session;
    const argument = typeof first === 'string' ? first : '';
    switch (command) {
      case COMMANDS.simulateFunction: {
        const result = await this.#simulate(
          { uri: argument, function: typeof second === 'string' ? second : '' },
          token,
        );
        if (result) notify(connection, 'information', simulationText(result.simulation));
        return result?.simulation ?? null;
      }
      case COMMANDS.explainRule: {
        const explanation = await explainRule(argument);
        if (explanation) await this.#show(explanation.uri, explanation.summary);
        return explanation;
      }
      case COMMANDS.costReport: {
        const result = await this.#cost(argument, null, token);
        if (result) notify(connection, 'information', result.markdown);
        return result;
      }
      case COMMANDS.choosePlatform:
        return this.#choose(argument);
      case COMMANDS.auditWorkspace: {
        const progress = await connection.window.createWorkDoneProgress();
        const result = await this.#audit(null, progress, abortOf(token, progress.token));
        if (result)
          notify(connection, 'information', `DMA audit: ${result.diagnostics} findings in ${result.files} files`);
        return result;
      }
      default:
        return null;
    }
  }

  async #show(uri: string, instead: string): Promise<void> {
    const { client, connection } = this.#session;
    if (client.window?.showDocument?.support) await connection.window.showDocument({ uri, external: false });
    else notify(connection, 'information', `${instead}\n${uri}`);
  }

  async #choose(id: string): Promise<string | null> {
    const { connection } = this.#session;
    if (PLATFORMS.some((platform) => platform.id === id)) {
      this.#session.choosePlatform(id);
      return id;
    }
    const choices = PLATFORMS.map((platform) => ({ title: platform.title, id: platform.id }));
    const chosen = await connection.window.showInformationMessage('Platform of hovers and lenses', ...choices);
    return chosen ? this.#choose(chosen.id) : null;
  }
}

type Progress = ReturnType<Session['connection']['window']['attachWorkDoneProgress']>;

/** All lie in one directory. */
function filesOf({ file, sources, paths }: Simulation, path: string): Readonly<Record<string, string>> {
  const names = [
    file,
    ...sources.map((one) => one.file),
    ...paths.flatMap(({ steps }) => steps.map((one) => one.file)),
  ];
  return Object.fromEntries([...new Set(names)].map((name) => [name, uriOf(join(dirname(path), name))]));
}

/** In a few lines, for clients that have nothing to show it with. */
function simulationText({ function: name, paths, platforms }: Simulation): string {
  const [path] = paths;
  if (!path) return `${name}: nothing happens to DMA memory`;
  const steps = path.steps.filter(({ operation, what }) => operation !== null && what !== 'declare' && what !== 'lose');
  const runs = path.runs.map(({ platform, counters, cost }) => {
    const told = [...countersText(counters), timeText(cost) ?? ''].filter((text) => text !== '').join(', ');
    return `${platforms.find(({ id }) => id === platform)?.title ?? platform}: ${told === '' ? 'costs nothing' : told}`;
  });
  return [`${name}:`, ...steps.map(({ line, what, text }) => `${line}: ${what}: ${text}`), ...runs].join('\n');
}
