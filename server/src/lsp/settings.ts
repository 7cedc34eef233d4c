import { PLATFORMS } from '@dma-audit/simulator';
import type { Config } from '../audit/index.ts';
import { ruleById } from '../rules/index.ts';

/** What a user sets in the editor. A `dma-audit.json` of the folder goes before it. */
export interface Settings {
  readonly dialect: 'auto' | 'linux' | 'edk2';
  /** Identifiers; empty = those that the checker uses. */
  readonly platforms: readonly string[];
  readonly rules: NonNullable<Config['rules']>;
  /** The platform of hovers and code lenses; null = one of a confidential guest. */
  readonly platform: string | null;
  readonly codeLens: boolean;
}

export const DEFAULT_SETTINGS: Settings = { dialect: 'auto', platforms: [], rules: {}, platform: null, codeLens: true };

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

  const { dialect = 'auto', platforms = [], rules = {}, platform = null, codeLens = true } = given;
  const isDialect = dialect === 'auto' || dialect === 'linux' || dialect === 'edk2';
  if (!isDialect) wrong('dialect', 'must be auto, linux or edk2');
  if (!Array.isArray(platforms)) wrong('platforms', 'must be a list');
  if (!isRecord(rules)) wrong('rules', 'must be an object');
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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
