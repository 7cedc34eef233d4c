import type { CreateMemorySystem, Dialect, Traits } from '../machine/memory-system.ts';
import type { PlatformDescription } from './description.ts';

/** A machine on which programs run. */
export interface Platform {
  readonly id: string;
  readonly title: string;
  readonly dialects: readonly Dialect[];
  readonly traits: Traits;
  readonly description: PlatformDescription;
  /** Makes the memory of one run; costs microseconds, what is large is made when it is first used. */
  readonly create: CreateMemorySystem;
}
