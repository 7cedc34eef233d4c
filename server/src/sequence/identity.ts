import type { Context } from './context.ts';
import type { State } from './state.ts';
import { valueKey } from './values.ts';

/** What keeps a state apart by its resources. Made once for all states that have the same. */
export interface ResourceIdentity {
  /** Of those that count whoever holds them. */
  readonly sure: string;
  /** Of those that are gone, or never were: they count as long as somebody can name them. */
  readonly past: readonly { readonly id: number; readonly failed: boolean; readonly code: string }[];
  /** Mappings that the path was given, and that have been ended since. */
  readonly ended: readonly number[];
}

/** What keeps a state apart by where the handles of its resources are. */
export interface HandleIdentity {
  /** Of places that no variable is. */
  readonly elsewhere: string;
  readonly held: ReadonlySet<number>;
  readonly locals: readonly { readonly location: string; readonly resource: number; readonly code: string }[];
}

export function resourceIdentity({ resources }: Context, state: State): ResourceIdentity {
  const sure: string[] = [];
  const past: ResourceIdentity['past'][number][] = [];
  const ended: number[] = [];
  for (const [id, r] of state.allResources()) {
    const { foreign, kind } = resources.info(id);
    // What the path was given is tracked, but does not keep paths apart: cleaning up n fields would make 2^n states.
    if (foreign) {
      if (r.life === 'gone' && kind === 'mapping') ended.push(id);
      continue;
    }
    const code = `${id}${r.outcome[0]}${r.life[0]}${r.life === 'released-maybe' ? 'm' : ''}${r.escaped ? 'e' : ''}${r.wronglyChecked ? 'w' : ''}${r.direction ?? ''}`;
    const failed = r.outcome === 'failed';
    if (failed || r.life === 'gone') past.push({ id, failed, code });
    else sure.push(code);
  }
  return { sure: sure.sort().join(), past: past.sort((a, b) => a.id - b.id), ended: ended.sort((a, b) => a - b) };
}

export function handleIdentity({ symbols, resources }: Context, state: State): HandleIdentity {
  const elsewhere: string[] = [];
  const held = new Set<number>();
  const locals: HandleIdentity['locals'][number][] = [];
  for (const [location, value] of state.handles()) {
    if (location.startsWith('B:')) continue;
    const { resource, role, derived } = symbols.info(value.symbol);
    if (resource === undefined || role === 'mapped-bytes' || derived || resources.info(resource).foreign) continue;
    const code = `${location}=${valueKey(value)}`;
    if (location.startsWith('f')) locals.push({ location, resource, code });
    else {
      elsewhere.push(code);
      held.add(resource);
    }
  }
  return { elsewhere: elsewhere.sort().join(), held, locals };
}
