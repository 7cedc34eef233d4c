import type { MemoryKind } from '@dma-audit/simulator';
import type { ApiModel } from '../models/index.ts';
import type { Value } from './values.ts';

/** Where in which file. Numbers stand for these in operations and steps. */
export interface SourcePlace {
  readonly file: string;
  readonly function: string;
  readonly start: number;
  readonly end: number;
}

export class Sites {
  private readonly ids = new Map<string, number>();
  private readonly places: SourcePlace[] = [];

  intern(place: SourcePlace): number {
    const key = `${place.file}:${place.start}:${place.end}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.places.push(place) - 1;
    this.ids.set(key, id);
    return id;
  }

  place(site: number): SourcePlace {
    const place = this.places[site];
    if (!place) throw new Error(`no site ${site}`);
    return place;
  }
}

/** A buffer, mapping or channel that a path makes, or that it is given (`foreign`). */
export interface ResourceInfo {
  readonly id: number;
  /** `event`: nothing that is held, a call whose outcome matters: a wait, a mask. */
  readonly kind: 'buffer' | 'mapping' | 'channel' | 'memory' | 'event';
  readonly site: number;
  readonly model: ApiModel | null;
  readonly foreign: boolean;
  readonly memory: MemoryKind;
  readonly name: string;
  /** The buffer that this memory is a part of. */
  readonly within: number | null;
  /** Shares its first and last cache line with its neighbours. */
  readonly embedded?: boolean;
  /** Depth of inlining at which it was made; 0 = by the analysed function itself. */
  readonly depth: number;
  /** Places that received its values, with what they held before: put back when the operation turns out to have failed. */
  readonly outputs: readonly { readonly location: string; readonly before: Value | undefined }[];
  /** Made in a loop: one of several of its kind. */
  readonly inLoop: boolean;
  /** Symbols that cannot have been zero if the operation worked: the number of entries that were mapped. */
  readonly nonzero: readonly number[];
}

export class Resources {
  private readonly ids = new Map<string, number>();
  private readonly infos: ResourceInfo[] = [];

  intern(key: string, make: () => Omit<ResourceInfo, 'id'>): ResourceInfo {
    const known = this.ids.get(key);
    if (known !== undefined) return this.info(known);
    // Making one may enter others first: the number comes last.
    const made = make();
    const info = { id: this.infos.length, ...made };
    this.infos.push(info);
    this.ids.set(key, info.id);
    return info;
  }

  known(key: string): ResourceInfo | null {
    const id = this.ids.get(key);
    return id === undefined ? null : this.info(id);
  }

  info(id: number): ResourceInfo {
    const info = this.infos[id];
    if (!info) throw new Error(`no resource ${id}`);
    return info;
  }
}
