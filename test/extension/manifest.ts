/** What package.json contributes to the editor, where it follows from rules, platforms and the server's settings. */
import { PLATFORMS } from '@dma-audit/simulator';
import { DEFAULT_SETTINGS } from '../../server/src/lsp/settings.ts';
import { RULES } from '../../server/src/rules/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** The part of JSON Schema by which an editor shows a setting. */
interface Setting {
  readonly type?: string;
  readonly enum?: readonly (string | null)[];
  readonly enumDescriptions?: readonly string[];
  readonly items?: Json;
  readonly uniqueItems?: boolean;
  readonly properties?: Json;
  readonly additionalProperties?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly scope?: string;
}

const platformIds = PLATFORMS.map(({ id }) => id);
const platformTitles = PLATFORMS.map(({ title, dialects }) => `${title} (${dialects.join(', ')})`);
const LEVELS = ['on', 'off', 'error', 'warning', 'information'];

/** Those of the server have its defaults. The section is `dmaAudit`. */
export function settings(): Readonly<Record<string, Setting>> {
  const { dialect, platforms, rules, platform, codeLens, inlayHints, budget } = DEFAULT_SETTINGS;
  const ofServer = {
    dialect: {
      enum: ['auto', 'linux', 'edk2'],
      enumDescriptions: ['each file tells', 'Linux drivers', 'EDK2/UEFI firmware'],
      default: dialect,
      markdownDescription: 'Whose C it is. A `dma-audit.json` in the folder goes before this and the other settings.',
    },
    platforms: {
      type: 'array',
      items: { enum: platformIds, enumDescriptions: platformTitles },
      uniqueItems: true,
      default: platforms,
      markdownDescription:
        'The platforms on which code is simulated to find faults. Empty: a choice that shows every kind of consequence.',
    },
    platform: {
      enum: [null, ...platformIds],
      enumDescriptions: ['a confidential guest: TDX', ...platformTitles],
      default: platform,
      markdownDescription:
        'The platform of hovers, code lenses and simulations. [Choose one](command:dma-audit.choosePlatform)',
    },
    rules: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(
        RULES.map(({ id, summary }) => [id, { enum: LEVELS, description: summary, default: 'on' }]),
      ),
      default: rules,
      markdownDescription:
        'How rules are applied. A rule that is often wrong on real code is off until it is set here. [What the rules find](command:dma-audit.explainRule)',
    },
    codeLens: {
      type: 'boolean',
      default: codeLens,
      description: 'Show above each function that touches DMA memory what it maps and what that costs.',
    },
    inlayHints: {
      type: 'boolean',
      default: inlayHints,
      description:
        'Show behind each mapping what the device gets on the chosen platform: the memory itself or a bounce buffer.',
    },
    budget: {
      type: 'number',
      minimum: 0.25,
      maximum: 8,
      default: budget,
      description:
        'How much work a function may take, as a factor. With more of it fewer functions are analysed in part, and an edit takes longer.',
    },
  } satisfies Record<keyof typeof DEFAULT_SETTINGS, Setting>;
  const ofClient = {
    'server.runtime': {
      type: 'string',
      scope: 'machine-overridable',
      default: '',
      description: "Node (20.19 or newer) that runs the language server. Empty: the editor's own.",
    },
    'trace.server': {
      enum: ['off', 'messages', 'verbose'],
      default: 'off',
      description: 'Write what is said between editor and language server to the output.',
    },
  };
  const all = Object.entries<Setting>({ ...ofServer, ...ofClient }).map(([name, about], order) => [
    `dmaAudit.${name}`,
    { scope: 'resource', ...about, order },
  ]);
  return Object.fromEntries(all);
}

/** The manifest as it should be. */
export function withContributions(
  manifest: Json & { readonly contributes: Json & { readonly debuggers: readonly Json[] } },
): Json {
  const { contributes } = manifest;
  return {
    ...manifest,
    contributes: {
      ...contributes,
      configuration: { title: 'DMA Audit', properties: settings() },
      debuggers: contributes.debuggers.map((debug) => ({ ...debug, configurationAttributes: launchAttributes() })),
    },
  };
}

const launchAttributes = (): Json => ({
  launch: {
    required: ['program', 'function'],
    properties: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the editor
      program: { type: 'string', description: 'The C source.', default: '${file}' },
      function: { type: 'string', description: 'The function to walk through.' },
      platform: {
        enum: platformIds,
        enumDescriptions: platformTitles,
        description: 'The platform to simulate.',
      },
      path: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description: 'Which path through the function; 1 is the one on which everything works.',
      },
    },
  },
});
