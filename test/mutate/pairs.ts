import type { ApiModel, Role } from '../../server/src/models/index.ts';
import type { ApiCall, FunctionText } from './function-text.ts';

/** A mapping or a DMA buffer whose both ends are in one function, told by their spelling alone: what the analysis sees is not asked. */
export interface Pair {
  readonly begin: ApiCall;
  /** Behind the beginning, in the order of the text. */
  readonly ends: readonly ApiCall[];
  readonly handle: string;
  /** The device address, where it has a name of its own. */
  readonly deviceAddress: string | null;
}

/** Roles by which a release names what it ends; of the beginning, those in which it hands that out. */
const NAMED_BY: readonly Role[] = ['mapping', 'cpu-address', 'device-address', 'scatterlist', 'sg-table', 'object'];

/** Pairs of mappings, and of buffers in functions that pair a mapping. */
export function pairsOf(code: FunctionText): readonly Pair[] {
  const pairs = code.calls.flatMap((begin) => {
    const { action, managed } = begin.model;
    if (managed || (action !== 'map' && !(action === 'allocate' && isDmaBuffer(begin.model)))) return [];
    const names = handlesOf(code, begin);
    const last = action === 'map' ? 'unmap' : 'free';
    const ends = code.calls.filter((end) => {
      if (end.model.action !== last || end.node.start <= begin.node.start || !agree(begin.model, end.model))
        return false;
      const own = namesOf(code, end);
      return [...own].some(([role, name]) => names.get(role) === name);
    });
    const [first] = ends;
    if (!first) return [];
    const [[, handle] = ['', '']] = [...namesOf(code, first)].filter(([role, name]) => names.get(role) === name);
    return [{ begin, ends, handle, deviceAddress: names.get('device-address') ?? null }];
  });
  return pairs.some(({ begin }) => begin.model.action === 'map') ? pairs : [];
}

/** The families agree, or the release of the one is accepted for the other. */
function agree(begin: ApiModel, end: ApiModel): boolean {
  const family = end.family ?? end.name;
  return begin.family === family || (begin.releasedBy?.includes(family) ?? false);
}

const isDmaBuffer = ({ args }: ApiModel): boolean =>
  args.includes('device-address-out') || args.includes('cpu-address-out');

/** What a beginning hands out, by the role in which a release takes it. */
function handlesOf(code: FunctionText, begin: ApiCall): ReadonlyMap<Role, string> {
  const names = new Map<Role, string>();
  const out = (role: Role, from: Role): void => {
    const argument = code.argument(begin, from);
    if (argument) names.set(role, pointedAt(code.plain(argument)));
  };
  out('mapping', 'mapping-out');
  out('device-address', 'device-address-out');
  out('cpu-address', 'cpu-address-out');
  const target = code.target(begin.node);
  const { result } = begin.model;
  if (target !== null && (result === 'device-address' || result === 'cpu-address')) names.set(result, target);
  for (const role of ['scatterlist', 'sg-table', 'object'] as const) {
    const argument = code.argument(begin, role);
    if (argument) names.set(role, code.plain(argument));
  }
  return names;
}

function namesOf(code: FunctionText, end: ApiCall): ReadonlyMap<Role, string> {
  return new Map(
    NAMED_BY.flatMap((role) => {
      const argument = code.argument(end, role);
      return argument ? [[role, code.plain(argument)]] : [];
    }),
  );
}

/** `&Mapping` → `Mapping`, `Mapping` → `*Mapping` */
const pointedAt = (pointer: string): string => (pointer.startsWith('&') ? pointer.slice(1) : `*${pointer}`);
