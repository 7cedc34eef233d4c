import { PAGE_BYTES } from '../memory/page.ts';
import type { AllocateGrant, AllocateRequest, MemorySystem } from './memory-system.ts';

/** The pool itself, which takes no memory until a block is wanted. */
export const isPool = (family: string): boolean => family === 'dma-pool';

export const isPoolBlock = (family: string): boolean => family === 'dma-pool-block';

interface Page {
  readonly id: number;
  readonly blockBytes: number;
  /** Blocks that nobody has. */
  free: number;
}

/**
 * Linux's dma_pool: pages of coherent memory are cut into blocks of one size, and kept when the blocks come back. Programs do not
 * say which pool a block is from: blocks of one size are from one pool.
 */
export class BlockPools {
  readonly #system: MemorySystem;
  readonly #pages: Page[] = [];
  /** By the numbers of their allocations. */
  readonly #pageOf = new Map<number, Page>();

  constructor(system: MemorySystem) {
    this.#system = system;
  }

  /** A block of a page that has room, or of a new one. A block of unknown size is a page. */
  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const blockBytes = Math.max(1, bytes ?? PAGE_BYTES);
    const found = this.#pages.find((page) => page.blockBytes === blockBytes && page.free > 0);
    if (found !== undefined) {
      found.free -= 1;
      return { id: found.id, refused: null };
    }
    const grant = this.#system.allocate({ bytes: Math.max(PAGE_BYTES, blockBytes) });
    if (grant.refused !== null) return grant;
    const page = { id: grant.id, blockBytes, free: Math.max(1, Math.floor(PAGE_BYTES / blockBytes)) - 1 };
    this.#pages.push(page);
    this.#pageOf.set(page.id, page);
    return grant;
  }

  /** Takes a block back; false: it is none. */
  free(id: number): boolean {
    const page = this.#pageOf.get(id);
    if (page === undefined) return false;
    page.free += 1;
    return true;
  }
}
