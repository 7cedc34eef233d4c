import type { Instruction } from '../flow/index.ts';
import type { Action } from '../models/index.ts';
import { resolveCallee } from './calls.ts';
import { type Budget, type Code, type FunctionSource, keyOf } from './code.ts';
import { type Exit, exploreFunction } from './explore.ts';
import { type Frame, frameOf } from './frame.ts';
import { fieldOf, type TypedField } from './made-elsewhere.ts';
import { isFailing } from './ownership.ts';
import type { SourcePlace } from './tables.ts';

/** The call that maps a list. */
export interface MapCall {
  readonly place: SourcePlace;
  readonly api: string;
}

/** More functions are not looked into. */
const MAX_FUNCTIONS = 16;
const MAX_CALLERS = 64;

/**
 * A call that maps the list in this field, where each function that maps it unmaps it before it ends and does not call
 * `reader`: whenever `reader` runs, the list is not mapped. Null where that cannot be said.
 */
export function mappedOnlyWithin(code: Code, reader: FunctionSource, list: TypedField, budget: Budget): MapCall | null {
  const users = code.releasersOf(list.field);
  if (users.length > MAX_FUNCTIONS) return null;
  const mappers = users
    .map((source) => ({
      source,
      maps: callsOn(code, source, list, 'map'),
      unmaps: callsOn(code, source, list, 'unmap'),
    }))
    .filter(({ maps, unmaps }) => maps.length + unmaps.length > 0);
  const [first] = mappers;
  if (!first || mappers.some(({ maps, unmaps }) => !maps.length || !unmaps.length)) return null;
  // Another file may be of another driver, whose lists of this type are none of these.
  if (mappers.some(({ source }) => source.file !== reader.file)) return null;
  // Who is called through a pointer alone may be called by anybody.
  const callers = code.callersOf(reader.name, reader.file).length > 0 ? allCallers(code, reader) : null;
  if (!callers || mappers.some(({ source }) => callers.has(keyOf(source)))) return null;
  return mappers.every(({ source, maps }) => endsWhatItMaps(code, source, maps, budget))
    ? (first.maps[0] ?? null)
    : null;
}

function callsOn(code: Code, { graph, file }: FunctionSource, list: TypedField, action: Action): readonly MapCall[] {
  const frame = frameOf(graph, file);
  return graph.blocks
    .flatMap(({ instructions }) => instructions)
    .flatMap((i) => {
      const api = i.kind === 'call' ? apiOn(code, frame, i, list, action) : null;
      return api === null ? [] : [{ api, place: { file, function: graph.name, start: i.start, end: i.end } }];
    });
}

function apiOn(
  code: Code,
  frame: Frame,
  call: Instruction & { readonly kind: 'call' },
  list: TypedField,
  action: Action,
): string | null {
  const target = resolveCallee(code, frame, call.callee, call.arguments.length);
  if (target.kind !== 'model' || target.model.action !== action) return null;
  const given = call.arguments[target.model.args.indexOf('scatterlist')];
  const field = given ? fieldOf(frame, given) : null;
  return field?.field === list.field && field.type === list.type ? target.model.name : null;
}

/** Null where there are too many. */
function allCallers(code: Code, source: FunctionSource): ReadonlySet<string> | null {
  const found = new Set([keyOf(source)]);
  const waiting = [source];
  for (let one = waiting.pop(); one; one = waiting.pop())
    for (const caller of code.callersOf(one.name, one.file)) {
      if (found.has(keyOf(caller))) continue;
      if (found.size >= MAX_CALLERS) return null;
      found.add(keyOf(caller));
      waiting.push(caller);
    }
  return found;
}

/** Is nothing of what these calls map left where the function has worked? */
function endsWhatItMaps(code: Code, source: FunctionSource, maps: readonly MapCall[], budget: Budget): boolean {
  const { context, frame, exits, degraded } = exploreFunction(code, source, budget, { atExitBootServices: false });
  const isLeft = ({ state }: Exit): boolean =>
    [...state.allResources()].some(([id, { life, outcome }]) => {
      const { site, foreign } = context.resources.info(id);
      const { start, file } = context.sites.place(site);
      const isOne = !foreign && maps.some(({ place }) => place.start === start && place.file === file);
      return isOne && life !== 'gone' && outcome !== 'failed';
    });
  return !degraded.length && exits.every((exit) => isFailing(context, frame, exit) === true || !isLeft(exit));
}
