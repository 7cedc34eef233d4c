/** What the server offers beyond the Language Server Protocol. Clients import this file and nothing else of the server. */
import { NotificationType, RequestType, RequestType0 } from 'vscode-languageserver';
import type { FunctionCost, Simulation } from '../audit/index.ts';

/**
 * Commands of code lenses and code actions, with their arguments. A client that has them itself (a panel, a quick pick …) says
 * `clientCommands: true` in its initialization options; for the others the server executes them and shows the result as it can.
 */
export const COMMANDS = {
  /** `[uri, function]` */
  simulateFunction: 'dma-audit.simulateFunction',
  /** `[rule]` */
  explainRule: 'dma-audit.explainRule',
  /** `[]` */
  auditWorkspace: 'dma-audit.auditWorkspace',
  /** `[uri]` */
  costReport: 'dma-audit.costReport',
  /** `[platform]`, for this session; a client writes its setting `dmaAudit.platform` instead. */
  choosePlatform: 'dma-audit.choosePlatform',
} as const;

/** How far the analysis of an open document has come. Sent after each step. */
export interface Status {
  readonly uri: string;
  readonly version: number;
  /** Null: nothing in it has to do with DMA. */
  readonly dialect: 'linux' | 'edk2' | null;
  /** The platform of hovers, code lenses and hints; null as `dialect`. */
  readonly platform: PlatformChoice | null;
  /** Functions whose results are old or missing; 0 = all is told. */
  readonly pending: number;
  readonly analysed: number;
  readonly degraded: number;
  readonly skipped: number;
  /** Those that are degraded or skipped, with the reasons. */
  readonly incomplete: readonly { readonly function: string; readonly reasons: readonly string[] }[];
}

export const StatusNotification = new NotificationType<Status>('dmaAudit/status');

export interface PlatformChoice {
  readonly id: string;
  readonly title: string;
  readonly dialects: readonly ('linux' | 'edk2')[];
}

/** The platforms to choose from. */
export const PlatformsRequest = new RequestType0<readonly PlatformChoice[], void>('dmaAudit/platforms');

export interface SimulateParams {
  readonly uri: string;
  /** By its name, or by a place in it (zero-based, as in the protocol); one of the two. */
  readonly function?: string;
  readonly position?: { readonly line: number; readonly character: number };
  /** Identifiers, the first one in full; null or missing = the chosen platform first, then those that the checker uses. */
  readonly platforms?: readonly string[] | null;
  readonly paths?: 'success' | 'worst' | 'all';
}

export interface SimulateResult {
  /** What the panel's `show` takes. */
  readonly simulation: Simulation;
  /** URIs of the files that the simulation names. */
  readonly files: Readonly<Record<string, string>>;
}

/** A function of an open document; null when there is no such function, or nothing in it has to do with DMA. */
export const SimulateRequest = new RequestType<SimulateParams, SimulateResult | null, void>('dmaAudit/simulate');

export interface CostParams {
  /** An open document. */
  readonly uri: string;
  /** Null or missing = the chosen platform. */
  readonly platforms?: readonly string[] | null;
}

export interface CostResult {
  readonly platforms: readonly string[];
  /** The functions of the document that move DMA memory, the most expensive first. */
  readonly functions: readonly FunctionCost[];
  /** The same for people. */
  readonly markdown: string;
}

export const CostRequest = new RequestType<CostParams, CostResult | null, void>('dmaAudit/cost');

export interface RuleExplanation {
  readonly rule: string;
  readonly summary: string;
  /** The rule's page. */
  readonly uri: string;
  readonly markdown: string;
}

/** Null when there is no such rule. */
export const ExplainRuleRequest = new RequestType<{ readonly rule: string }, RuleExplanation | null, void>(
  'dmaAudit/explainRule',
);

export interface AuditWorkspaceParams {
  /** Folders to audit; missing = all of the workspace. */
  readonly folders?: readonly string[];
  /** Progress is told under this token, if there is one; else the server makes one. */
  readonly workDoneToken?: string | number;
}

export interface AuditWorkspaceResult {
  readonly files: number;
  readonly analysed: number;
  readonly degraded: number;
  readonly skipped: number;
  readonly diagnostics: number;
  readonly milliseconds: number;
}

/**
 * Checks every file of the workspace and publishes the diagnostics of files that are not open as well. They stay until the next
 * audit, or until the file is opened. Cancelled as every request is, or by its progress: the result is null then.
 */
export const AuditWorkspaceRequest = new RequestType<AuditWorkspaceParams, AuditWorkspaceResult | null, void>(
  'dmaAudit/auditWorkspace',
);
