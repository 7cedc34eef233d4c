import { resolve } from 'node:path';
import { COUNTERS, isCounterName } from '@dma-audit/simulator';
import type { SimulatedPath, Simulation } from '../audit/index.ts';
import { type Frame, Walk } from './walk.ts';

/** What a `launch` asks for, read but not yet found. */
export interface LaunchArguments {
  /** A C source. */
  readonly program: string;
  readonly function: string;
  readonly platform: string | null;
  /** From 1; 1 is the path on which everything works. */
  readonly path: number;
}

export interface Launched {
  readonly simulation: Simulation;
  /** Absolute; the simulation names files relative to it. */
  readonly root: string;
}

type Json = Readonly<Record<string, unknown>>;
type Reply = { readonly body?: Json; readonly events?: readonly (readonly [event: string, body?: Json])[] };

const THREAD = 1;
const SCOPES = ['Memory', 'Step', 'Counters'] as const;

/**
 * "Debug DMA sequence": walks along one path of a function in its real source, in both directions. Requests in, responses and
 * events out, in the order in which they are to be sent (Debug Adapter Protocol 1.66).
 */
export class DebugSession {
  readonly #load: (given: LaunchArguments) => Promise<Launched>;
  readonly #breakpoints = new Map<string, ReadonlySet<number>>();
  #launched: Launched | null = null;
  #path: SimulatedPath | null = null;
  #walk: Walk | null = null;
  #stopsAtFaults = false;
  #sequence = 0;

  constructor(load: (given: LaunchArguments) => Promise<Launched>) {
    this.#load = load;
  }

  /** Messages to send back. What is no request gets none. */
  async handle(message: unknown): Promise<readonly Json[]> {
    if (!isObject(message) || message.type !== 'request' || typeof message.command !== 'string') return [];
    const head = { request_seq: message.seq, command: message.command };
    try {
      const { body, events = [] } = await this.#answer(
        message.command,
        isObject(message.arguments) ? message.arguments : {},
      );
      return [
        this.#message({ type: 'response', ...head, success: true, ...(body === undefined ? {} : { body }) }),
        ...events.map(([event, about]) =>
          this.#message({ type: 'event', event, ...(about === undefined ? {} : { body: about }) }),
        ),
      ];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return [this.#message({ type: 'response', ...head, success: false, message: why })];
    }
  }

  #message(content: Json): Json {
    return { seq: ++this.#sequence, ...content };
  }

  async #answer(command: string, given: Json): Promise<Reply> {
    switch (command) {
      case 'initialize':
        return {
          body: {
            supportsConfigurationDoneRequest: true,
            supportsStepBack: true,
            exceptionBreakpointFilters: [{ filter: 'faults', label: 'Faults of DMA memory', default: true }],
          },
        };
      case 'launch':
        await this.#launch(given);
        return { events: [['initialized']] };
      case 'setBreakpoints':
        return { body: { breakpoints: this.#setBreakpoints(given) } };
      case 'setExceptionBreakpoints':
        this.#stopsAtFaults = Array.isArray(given.filters) && given.filters.includes('faults');
        return {};
      case 'configurationDone':
        return this.#stopped('entry');
      case 'threads':
        return { body: { threads: [{ id: THREAD, name: this.#title() }] } };
      case 'stackTrace':
        return { body: this.#stackTrace() };
      case 'scopes':
        return {
          body: { scopes: SCOPES.map((name, i) => ({ name, variablesReference: i + 1, expensive: false })) },
        };
      case 'variables':
        return { body: { variables: this.#variables(Number(given.variablesReference)) } };
      case 'stepIn':
        return this.#go(1, () => true);
      case 'next':
        return this.#goWithin(1, 0);
      case 'stepOut':
        return this.#goWithin(1, -1);
      case 'stepBack':
        return this.#go(-1, () => true);
      case 'continue':
        return { body: { allThreadsContinued: true }, ...this.#goToStop(1) };
      case 'reverseContinue':
        return this.#goToStop(-1);
      case 'disconnect':
      case 'terminate':
        return { events: [['terminated']] };
      default:
        throw new Error(`${command} is not supported`);
    }
  }

  async #launch({ program, function: name, platform, path }: Json): Promise<void> {
    if (typeof program !== 'string' || typeof name !== 'string') throw new Error('program and function must be texts');
    if (path !== undefined && !(Number.isInteger(path) && Number(path) >= 1))
      throw new Error('path must be a whole number from 1');
    if (platform !== undefined && platform !== null && typeof platform !== 'string')
      throw new Error('platform must be a text');
    const number = Number(path ?? 1);
    const id = platform ?? null;
    const launched = await this.#load({ program, function: name, platform: id, path: number });
    const chosen = launched.simulation.paths[0];
    const run = chosen?.runs[0];
    if (chosen === undefined || run === undefined || chosen.steps.length === 0)
      throw new Error(`${name}: there is no path ${number} on which anything happens`);
    this.#launched = launched;
    this.#path = chosen;
    this.#walk = new Walk(chosen, run);
  }

  #title(): string {
    const { simulation } = this.#launched ?? {};
    return simulation === undefined
      ? 'DMA sequence'
      : `${simulation.function} on ${simulation.platforms[0]?.id ?? '?'}`;
  }

  #setBreakpoints({ source, breakpoints }: Json): readonly Json[] {
    const path = isObject(source) && typeof source.path === 'string' ? resolve(source.path) : null;
    const lines = (Array.isArray(breakpoints) ? breakpoints : []).map((one) => (isObject(one) ? Number(one.line) : 0));
    if (path !== null) this.#breakpoints.set(path, new Set(lines));
    const reached = new Set(
      this.#path?.steps.filter(({ file }) => this.#absolute(file) === path).map(({ line }) => line),
    );
    return lines.map((line) =>
      reached.has(line) ? { verified: true, line } : { verified: false, line, message: 'the path does not come here' },
    );
  }

  #isStop(walk: Walk): boolean {
    const { step, here } = walk;
    if (step === null) return false;
    if (this.#stopsAtFaults && here !== null && here.violations.length > 0) return true;
    return walk.beginsLine && (this.#breakpoints.get(this.#absolute(step.file))?.has(step.line) ?? false);
  }

  /** To the next step that is at most as deep as this one, less `up` callers. */
  #goWithin(by: 1 | -1, up: 0 | -1): Reply {
    const depth = (this.#walk?.stack.length ?? 1) + up;
    return this.#go(by, (walk) => walk.stack.length <= depth);
  }

  #goToStop(by: 1 | -1): Reply {
    return this.#go(by, (walk) => this.#isStop(walk), 'breakpoint');
  }

  #go(by: 1 | -1, isWanted: (walk: Walk) => boolean, reason: 'step' | 'breakpoint' = 'step'): Reply {
    if (this.#walk === null) throw new Error('nothing is being debugged');
    const found = this.#walk.go(by, isWanted);
    if (!found && by > 0) return { events: [['terminated']] };
    const faults = (this.#walk.here?.violations ?? []).map(
      ({ kind, message, consequence }) => `${kind}: ${message} (${consequence ?? 'here it happens to work'})`,
    );
    const told = faults.map((words): [string, Json] => ['output', { category: 'stderr', output: `${words}\n` }]);
    const stopped = faults.length > 0 ? this.#stopped('exception', faults.join('\n')) : null;
    return { events: [...told, ...((stopped ?? this.#stopped(found ? reason : 'entry')).events ?? [])] };
  }

  /** `text` is shown at the line. */
  #stopped(reason: 'entry' | 'step' | 'breakpoint' | 'exception', text?: string): Reply {
    const about = text === undefined ? {} : { text };
    return { events: [['stopped', { reason, ...about, threadId: THREAD, allThreadsStopped: true }]] };
  }

  #stackTrace(): Json {
    const frames = this.#walk?.stack ?? [];
    const stackFrames = frames.map(({ function: name, file, line, column }: Frame, id) => ({
      id: id + 1,
      name,
      line,
      column,
      source: { name: /[^/]+$/.exec(file)?.[0] ?? file, path: this.#absolute(file) },
    }));
    return { stackFrames, totalFrames: stackFrames.length };
  }

  #variables(scope: number): readonly Json[] {
    const variable = (name: string, value: string): Json => ({ name, value, variablesReference: 0 });
    const walk = this.#walk;
    if (walk === null) return [];
    switch (SCOPES[scope - 1]) {
      case 'Memory':
        return (this.#path?.lanes ?? []).map(({ label }, i) => {
          const state = walk.entry?.lanes[i];
          const words =
            state === undefined
              ? 'absent'
              : [state.owner, ...(state.bounced ? ['bounced'] : []), ...(state.shared ? ['shared'] : [])].join(', ');
          return variable(label, words);
        });
      case 'Step': {
        const { here, step } = walk;
        return [
          variable('operation', step === null ? '' : `${step.what}: ${step.text}`),
          ...(here?.address ? [variable('the device gets', here.address)] : []),
          ...(here?.refused ? [variable('refused', here.refused)] : []),
          ...(here?.violations ?? []).map(({ kind, message }) => variable(kind, message)),
        ];
      }
      case 'Counters':
        return [...walk.counters].map(([name, value]) =>
          variable(isCounterName(name) ? COUNTERS[name].title : name, `${value}`),
        );
      default:
        return [];
    }
  }

  #absolute(file: string): string {
    return resolve(this.#launched?.root ?? '.', file);
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
