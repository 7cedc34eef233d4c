import type { MemorySystem, Traits } from '../machine/memory-system.ts';

/** A named machine. */
export interface Platform {
  readonly id: string;
  readonly title: string;
  readonly dialects: readonly ('linux' | 'edk2')[];
  readonly traits: Traits;
  readonly create: () => MemorySystem;
}
