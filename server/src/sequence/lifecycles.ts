import type { Operation } from '@dma-audit/simulator';
import { releasableAs } from '../models/index.ts';
import { isStart } from './callers.ts';
import { type Code, type FunctionSource, keyOf } from './code.ts';
import type { Exit, RawExploration } from './explore.ts';
import { Holders } from './ownership.ts';
import type { State } from './state.ts';
import type { ResourceInfo } from './tables.ts';
import { unroll } from './trace.ts';
import { lastField } from './values.ts';

/** From a beginning that worked to what ends it, or to what comes later. */
export interface Lifecycle {
  readonly state: State;
  /** What is left after it. */
  readonly losses: readonly Operation[];
}

/** Ways in which a beginning may have worked that are followed: those that leave most. */
const MAX_BEGINNINGS = 2;

/** A resource that a beginning has left in fields. */
interface LeftInFields {
  readonly info: ResourceInfo;
  readonly fields: readonly string[];
}

/** What becomes of what a function has left in fields, when those are called that come after it. */
export function* lifecycles(
  code: Code,
  source: FunctionSource,
  raw: RawExploration,
  mayHaveWorked: (exit: Exit) => boolean,
): Iterable<Lifecycle> {
  const worked = raw.exits.filter((exit) => leftOver(raw, exit).length > 0 && mayHaveWorked(exit));
  if (!worked.length) return;
  const ends = new Set(code.counterpartsOf(source.name).filter(({ relevant }) => relevant));
  const pauses = new Set(code.sequelsOf(source.name));
  const { exitBootHandlers } = code;
  const handlers = exitBootHandlers.length > 0 && code.startsLife(source.name) === true ? exitBootHandlers : [];
  if (!ends.size && !pauses.size && !handlers.length) return;
  const beginnings = worked
    .map((exit) => ({ exit, left: leftInFields(raw, exit) }))
    .filter(({ left }) => left.length > 0)
    .sort((a, b) => b.left.length - a.left.length)
    .slice(0, MAX_BEGINNINGS);
  for (const { exit, left } of beginnings) {
    for (const end of ends) yield* undone(code, raw, exit, left, end);
    for (const pause of pauses) yield* repeated(raw, exit, left, pause, source);
    for (const handler of handlers) yield* atExitBootServices(raw, exit, handler);
  }
}

/** The counterpart is called: probe and remove, open and stop, Start and Stop. */
function* undone(
  code: Code,
  raw: RawExploration,
  exit: Exit,
  left: readonly LeftInFields[],
  end: FunctionSource,
): Iterable<Lifecycle> {
  const { exits, entered } = raw.goOn(exit, end);
  const isLost = ({ info, fields }: LeftInFields): boolean =>
    exits.every(({ state }) => isLive(state, info) && !mayBeReleased(raw, state, info)) &&
    fields.every((field) => isFollowed(code, entered, field));
  const lost = left.filter(isLost);
  // It is told where it does most.
  const [most] = exits.toSorted((a, b) => operationsOf(b) - operationsOf(a));
  for (const one of exits) {
    const losses = one === most ? lost.map(({ info }) => loss(raw, info, one, end, 'not-undone')) : [];
    yield { state: one.state, losses };
  }
}

/**
 * What comes after it is called, and it again: resume, suspend, resume. What it has made the first time, and the other leaves on
 * all its ways, is lost where it makes it anew.
 */
function* repeated(
  raw: RawExploration,
  exit: Exit,
  left: readonly LeftInFields[],
  between: FunctionSource,
  source: FunctionSource,
): Iterable<Lifecycle> {
  const isKept = ({ state }: Exit, { info }: LeftInFields): boolean =>
    isLive(state, info) && !mayBeReleased(raw, state, info);
  const { exits } = raw.goOn(exit, between);
  const kept = left.filter((one) => exits.every((paused) => isKept(paused, one)));
  for (const paused of exits) {
    yield { state: paused.state, losses: [] };
    if (!kept.length) continue;
    for (const again of raw.goOn(paused, source).exits) {
      const holders = new Holders(raw.context, again);
      const lost = kept.filter((one) => isKept(again, one) && holders.of(one.info.id).length === 0);
      yield { state: again.state, losses: lost.map(({ info }) => loss(raw, info, again, source, 'overwritten')) };
    }
  }
}

/** The system boots while the driver runs: what it has registered for that is called. */
function* atExitBootServices(raw: RawExploration, exit: Exit, handler: FunctionSource): Iterable<Lifecycle> {
  const { exits } = raw.goOn(exit, handler, { atExitBootServices: true });
  for (const one of exits) {
    const { name } = handler.graph;
    raw.context.emit(one.state, { op: 'exit-boot-services', site: endOf(raw, one, handler), api: name, phase: 'end' });
    yield { state: one.state, losses: [] };
  }
}

const operationsOf = ({ state }: Exit): number => state.trace?.operations ?? 0;

const endOf = ({ context }: RawExploration, { site }: Exit, source: FunctionSource): number =>
  site ?? context.sites.intern(placeOf(source));

const placeOf = ({ file, name, graph }: FunctionSource) => ({ file, function: name, ...graph.span });

function isLive(state: State, { id }: ResourceInfo): boolean {
  const now = state.resource(id);
  return now?.life === 'live' && now.outcome !== 'failed' && !now.escaped;
}

/** What the path has made itself and still has. */
const leftOver = ({ context }: RawExploration, { state }: Exit): readonly ResourceInfo[] =>
  [...state.allResources()].flatMap(([id]) => {
    const info = context.resources.info(id);
    const isOther = info.foreign || info.kind === 'event' || info.model?.managed;
    return !isOther && isLive(state, info) ? [info] : [];
  });

function leftInFields(raw: RawExploration, exit: Exit): readonly LeftInFields[] {
  const holders = new Holders(raw.context, exit);
  return leftOver(raw, exit).flatMap((info) => {
    const fields = holders.of(info.id).map(lastField);
    return fields.length > 0 && fields.every((field) => field !== '') ? [{ info, fields }] : [];
  });
}

/** After the beginning has returned something was released of which it is not known what it is: it may be this one. */
function mayBeReleased({ context }: RawExploration, state: State, { model }: ResourceInfo): boolean {
  const families = model ? releasableAs(model) : [];
  const events = unroll(state.trace);
  return events.slice(events.findIndex(({ op }) => op === 'return')).some((event) => {
    if (event.op !== 'unmap' && event.op !== 'free') return false;
    const isKnown = 'id' in event.target && !context.resources.info(event.target.id).foreign;
    return !isKnown && families.includes(event.family);
  });
}

/** Have all functions been entered that may release what a field of this name holds, but for those that begin something? */
const isFollowed = (code: Code, entered: ReadonlySet<string>, field: string): boolean =>
  code.releasersOf(field).every((one) => entered.has(keyOf(one)) || isStart(code, one));

const loss = (
  raw: RawExploration,
  info: ResourceInfo,
  exit: Exit,
  end: FunctionSource,
  why: 'not-undone' | 'overwritten',
): Operation => ({
  op: 'lose',
  site: endOf(raw, exit, end),
  api: info.name,
  target: raw.context.toResource(info.id, 'exact'),
  why,
  failing: false,
  certain: false,
});
