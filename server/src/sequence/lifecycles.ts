import type { Operation } from '@dma-audit/simulator';
import { releasableAs } from '../models/index.ts';
import { isStart } from './callers.ts';
import type { Code, FunctionSource } from './code.ts';
import type { Exit, RawExploration } from './explore.ts';
import { Holders } from './ownership.ts';
import type { State } from './state.ts';
import type { ResourceInfo } from './tables.ts';
import { unroll } from './trace.ts';
import { lastField } from './values.ts';

/** From a beginning that worked to an end of its counterpart. */
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

/** What becomes of what a beginning has left in fields, when its counterpart is called. */
export function* lifecycles(
  code: Code,
  source: FunctionSource,
  raw: RawExploration,
  mayHaveWorked: (exit: Exit) => boolean,
): Iterable<Lifecycle> {
  if (code.dialect !== 'linux') return;
  const worked = raw.exits.filter((exit) => leftOver(raw, exit).length > 0 && mayHaveWorked(exit));
  const counterparts = worked.length ? code.counterpartsOf(source.name).filter(({ relevant }) => relevant) : [];
  if (!counterparts.length) return;
  const beginnings = worked
    .map((exit) => ({ exit, left: leftInFields(raw, exit) }))
    .filter(({ left }) => left.length > 0)
    .sort((a, b) => b.left.length - a.left.length)
    .slice(0, MAX_BEGINNINGS);
  for (const { exit, left } of beginnings)
    for (const counterpart of new Set(counterparts)) {
      const { exits, entered } = raw.goOn(exit, counterpart);
      const isLost = ({ info, fields }: LeftInFields): boolean =>
        exits.every(({ state }) => isLive(state, info) && !mayBeReleased(raw, state, info)) &&
        fields.every((field) => isFollowed(code, entered, field));
      const lost = left.filter(isLost);
      for (const { state, site } of exits) {
        const at = site ?? raw.context.sites.intern(placeOf(counterpart));
        yield { state, losses: lost.map(({ info }) => loss(raw, info, at)) };
      }
    }
}

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
  code.releasersOf(field).every((one) => entered.has(`${one.file}:${one.name}`) || isStart(code, one));

const loss = ({ context }: RawExploration, info: ResourceInfo, site: number): Operation => ({
  op: 'lose',
  site,
  api: info.name,
  target: context.toResource(info.id, 'exact'),
  why: 'not-undone',
  failing: false,
  certain: false,
});
