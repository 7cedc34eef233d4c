import { PLATFORMS } from '@dma-audit/simulator';
import type { ClientCapabilities } from 'vscode-languageserver';
import type { Config } from '../audit/index.ts';
import { ruleById } from '../rules/index.ts';
import { type Budget, DEFAULT_BUDGET } from '../sequence/index.ts';

/** What a user sets in the editor, in the section `dmaAudit`. A `dma-audit.json` of the folder goes before it. */
export interface Settings {
  readonly dialect: 'auto' | 'linux' | 'edk2';
  /** Identifiers; empty = those that the checker uses. */
  readonly platforms: readonly string[];
  readonly rules: NonNullable<Config['rules']>;
  /** The platform of hovers, code lenses and hints; null = one of a confidential guest. */
  readonly platform: string | null;
  readonly codeLens: boolean;
  readonly inlayHints: boolean;
  /** Factor of what one function may cost, 0.25 to 8: with more of it fewer functions are degraded, and an edit takes longer. */
  readonly budget: number;
}

export const DEFAULT_SETTINGS: Settings = {
  dialect: 'auto',
  platforms: [],
  rules: {},
  platform: null,
  codeLens: true,
  inlayHints: false,
  budget: 1,
};

/** What a client may say at the beginning, beside the settings. */
export interface StartOptions {
  /** It has the commands of `COMMANDS` itself. */
  readonly clientCommands: boolean;
  /** Whether diagnostics are sent or asked for. Those that are sent come earlier: asked for only by clients that want it so. */
  readonly diagnostics: 'push' | 'pull';
  /** Whether a client that asks is told of files as well that are not open: the whole workspace is audited then. */
  readonly workspaceDiagnostics: boolean;
}

export function readStartOptions(value: unknown, { textDocument }: ClientCapabilities = {}): StartOptions {
  const { clientCommands, diagnostics, workspaceDiagnostics } = isRecord(value) ? value : {};
  const isPullOnly = textDocument?.diagnostic !== undefined && textDocument.publishDiagnostics === undefined;
  return {
    clientCommands: clientCommands === true,
    diagnostics: diagnostics === 'pull' || (isPullOnly && diagnostics !== 'push') ? 'pull' : 'push',
    workspaceDiagnostics: workspaceDiagnostics === true,
  };
}

const LEVELS: ReadonlySet<unknown> = new Set(['on', 'off', 'error', 'warning', 'information']);

/** Reads what a client sends, part by part: what makes no sense keeps its default and is named in `faults`. */
export function readSettings(value: unknown): { readonly settings: Settings; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const given = isRecord(value) ? value : {};
  const wrong = (name: string, what: string): void => void faults.push(`dmaAudit.${name}: ${what}`);
  const platformIds = (name: string, ids: readonly unknown[]): readonly string[] =>
    ids.filter((id): id is string => {
      const isKnown = PLATFORMS.some((platform) => platform.id === id);
      if (!isKnown) wrong(name, `there is no platform '${id}'`);
      return isKnown;
    });

  const { dialect = 'auto', platforms = [], rules = {}, platform = null } = given;
  const { codeLens = true, inlayHints = false, budget = 1 } = given;
  const isDialect = dialect === 'auto' || dialect === 'linux' || dialect === 'edk2';
  if (!isDialect) wrong('dialect', 'must be auto, linux or edk2');
  if (!Array.isArray(platforms)) wrong('platforms', 'must be a list');
  if (!isRecord(rules)) wrong('rules', 'must be an object');
  const isBudget = typeof budget === 'number' && budget >= 0.25 && budget <= 8;
  if (!isBudget) wrong('budget', 'must be a number from 0.25 to 8');
  const levels = Object.entries(isRecord(rules) ? rules : {}).filter(
    (entry): entry is [string, NonNullable<Config['rules']>[string]] => {
      const [id, level] = entry;
      if (!ruleById(id)) wrong('rules', `there is no rule '${id}'`);
      else if (!LEVELS.has(level)) wrong(`rules.${id}`, 'must be on, off, error, warning or information');
      else return true;
      return false;
    },
  );
  return {
    settings: {
      dialect: isDialect ? dialect : 'auto',
      platforms: platformIds('platforms', Array.isArray(platforms) ? platforms : []),
      rules: Object.fromEntries(levels),
      platform: platform === null || platform === '' ? null : (platformIds('platform', [platform])[0] ?? null),
      codeLens: codeLens !== false,
      inlayHints: inlayHints === true,
      budget: isBudget ? budget : 1,
    },
    faults,
  };
}

/** The configuration that these settings stand for. */
export function configOf({ dialect, platforms, rules }: Settings): Config {
  return {
    dialect,
    ...(platforms.length > 0 ? { platforms } : {}),
    ...(Object.keys(rules).length > 0 ? { rules } : {}),
  };
}

export function budgetOf({ budget }: Settings): Budget {
  const scaled = (part: number): number => Math.round(part * budget);
  return { ...DEFAULT_BUDGET, steps: scaled(DEFAULT_BUDGET.steps), states: scaled(DEFAULT_BUDGET.states) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
