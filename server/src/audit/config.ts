import { PLATFORMS } from '@dma-audit/simulator';
import picomatch from 'picomatch';
import { type JsonFileResult, parseJsonFile, type Schema } from '../models/index.ts';
import { RULES, ruleById, type Severity } from '../rules/index.ts';
import type { Doubt } from './diagnostic.ts';

/** How a rule is applied: `on` = with the severity that it has by itself. */
export type Level = Severity | 'on' | 'off';
export type Levels = Readonly<Record<string, Level>>;

/** What `dma-audit.json` may hold. Paths are relative to the file that has them, globs to the root. */
export interface Config {
  readonly extends?: readonly string[];
  readonly dialect?: 'edk2' | 'linux' | 'auto';
  readonly platforms?: readonly string[];
  readonly failOn?: 'error' | 'warning' | 'never';
  readonly rules?: Levels;
  readonly overrides?: readonly { readonly files: readonly string[]; readonly rules: Levels }[];
  readonly exclude?: readonly string[];
  readonly models?: readonly string[];
  readonly baseline?: string;
  readonly ruleHelp?: string;
  /** `name=bytes`, as for `--size` of `dma-audit simulate`. */
  readonly sizes?: readonly string[];
}

const text: Schema = { type: 'string', minLength: 1 };
const levels: Schema & { readonly additionalProperties: boolean } = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(RULES.map(({ id }) => [id, { $ref: '#/$defs/level' }])),
};

/** The schema that `docs/schema/config.json` publishes. */
export const CONFIG_SCHEMA: Schema & { readonly additionalProperties: boolean } = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'dma-audit.json',
  description: 'Configuration of dma-audit. Comments and trailing commas are allowed.',
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', description: 'For editors only.' },
    extends: {
      description: 'Configurations that this one changes; relative to this file, inside the root. The last one wins.',
      type: 'array',
      items: text,
    },
    dialect: { description: 'Whose C it is; auto: each file tells.', enum: ['edk2', 'linux', 'auto'] },
    platforms: {
      description: 'The platforms to simulate, as listed by dma-audit platforms.',
      type: 'array',
      minItems: 1,
      items: { enum: PLATFORMS.map(({ id }) => id) },
    },
    failOn: { description: 'Least severity that gives exit status 1.', enum: ['error', 'warning', 'never'] },
    rules: { description: 'How rules are applied everywhere.', $ref: '#/$defs/levels' },
    overrides: {
      description: 'How rules are applied to some files. The last one that says something about a rule decides.',
      type: 'array',
      items: {
        type: 'object',
        required: ['files', 'rules'],
        properties: {
          files: { description: 'Globs, relative to the root.', type: 'array', minItems: 1, items: text },
          rules: { $ref: '#/$defs/levels' },
        },
      },
    },
    exclude: {
      description: 'Globs, relative to the root, of files about which nothing is reported.',
      type: 'array',
      items: text,
    },
    models: {
      description: 'Files with API models of your own wrappers; relative to this file.',
      type: 'array',
      items: text,
    },
    baseline: { description: 'The file of known findings; relative to this file.', ...text },
    ruleHelp: { description: 'Where SARIF sends people who want to know more: an address with {rule} in it.', ...text },
    sizes: {
      description: 'What sizes are that the code does not tell, for simulate and cost: "Length=64K". Later ones win.',
      type: 'array',
      items: text,
    },
  },
  $defs: {
    levels,
    level: { enum: ['on', 'off', 'error', 'warning', 'information'] },
  },
};

/** Reads a configuration. `path` is only for the errors. */
export function parseConfig(source: string, path: string): JsonFileResult<Config> {
  return parseJsonFile<Config>(source, path, CONFIG_SCHEMA, ({ ruleHelp }) => {
    if (ruleHelp === undefined || (/^https?:\/\/[^\s{}]+\{rule\}[^\s{}]*$/.test(ruleHelp) && URL.canParse(ruleHelp)))
      return [];
    return [{ path: ['ruleHelp'], on: 'value', message: 'expected an address such as https://host/rules/{rule}.md' }];
  });
}

/** What holds when `config` changes `base`. */
export function extendConfig(base: Config, config: Config): Config {
  return {
    ...base,
    ...config,
    rules: { ...base.rules, ...config.rules },
    overrides: [...(base.overrides ?? []), ...(config.overrides ?? [])],
    exclude: [...(base.exclude ?? []), ...(config.exclude ?? [])],
    models: [...(base.models ?? []), ...(config.models ?? [])],
    sizes: [...(base.sizes ?? []), ...(config.sizes ?? [])],
  };
}

/** Which rules the command line asked for: `default` = those that the configuration wants. */
export type RuleChoice = 'default' | 'all' | ReadonlySet<string>;

/** The rules that any file may need. */
export function rulesToRun({ rules = {}, overrides = [] }: Config, choice: RuleChoice): ReadonlySet<string> {
  const levelsOf = (id: string): readonly Level[] => [
    rules[id] ?? (ruleById(id)?.nursery ? 'off' : 'on'),
    ...overrides.flatMap((one) => one.rules[id] ?? []),
  ];
  const wanted = RULES.filter(({ id }) => {
    if (choice === 'all') return true;
    return choice === 'default' ? levelsOf(id).some((level) => level !== 'off') : choice.has(id);
  });
  return new Set(wanted.map(({ id }) => id));
}

/** Tells the severity of a finding of a rule in a file; null = it is not told. */
export type SeverityOf = (rule: string, file: string, doubt: Doubt) => Severity | null;

/**
 * What the command line names is never off. A rule of the nursery is on where the configuration gives it a level; what had to
 * be guessed is told only when the command line asks.
 */
export function severities(config: Config, choice: RuleChoice): SeverityOf {
  const excluded = picomatch([...(config.exclude ?? [])], { dot: true });
  const overrides = (config.overrides ?? []).map(({ files, rules }) => ({
    matches: picomatch([...files], { dot: true }),
    rules,
  }));
  return (id, file, doubt) => {
    if (excluded(file)) return null;
    const level = overrides.reduce(
      (before, { matches, rules }) => (matches(file) ? (rules[id] ?? before) : before),
      config.rules?.[id],
    );
    if (choice === 'default') {
      if (level === 'off' || doubt === 'guess') return null;
      if (doubt === 'nursery' && level === undefined) return null;
    } else if (choice !== 'all' && !choice.has(id)) return null;
    return level === undefined || level === 'on' || level === 'off' ? own(id) : level;
  };
}

const own = (id: string): Severity => ruleById(id)?.severity ?? 'error';

/** Whether a rule is asked for in a file, where that does not depend on a finding: one of the nursery must be asked for. */
export function isAskedFor(severityOf: SeverityOf, id: string, file: string): boolean {
  const rule = ruleById(id);
  return severityOf(id, file, rule && (rule.nursery || rule.nurseryIn.length > 0) ? 'nursery' : null) !== null;
}
