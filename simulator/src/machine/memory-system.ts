import type { Direction, MappingMode, MemoryKind, Program } from '../program/index.ts';
import type { Counters } from './counters.ts';

export type Dialect = Program['dialect'];

export interface AllocateRequest {
  /** Bytes; a platform takes a page where the program does not say. */
  readonly bytes: number | null;
}

/** What an allocation came to. `refused`: why the platform would have failed it, whatever the program says; null: it did not. */
export interface AllocateGrant {
  readonly id: number;
  readonly refused: string | null;
}

export interface MapRequest {
  /** Bytes; a platform takes a page where the program does not say. */
  readonly bytes: number | null;
  readonly direction: Direction;
  readonly mode: MappingMode;
  readonly memory: MemoryKind;
  /** The allocation (as `allocate` numbered it) that the buffer is or lies in; null: memory from elsewhere. */
  readonly allocation: number | null;
  /** Equal numbers are the same memory from elsewhere; null: not known. */
  readonly buffer: number | null;
  readonly attributes: readonly string[];
}

/**
 * What the device is given. `host`: the host address itself; `offset`: that plus a constant, mapped beforehand; `bounce`:
 * another buffer; `translated`: an IOVA of the same memory; `none`: nothing, the platform refused.
 */
export type MappingAddress = 'host' | 'offset' | 'bounce' | 'translated' | 'none';

/** What a mapping is on a platform. */
export interface MapGrant {
  readonly id: number;
  readonly address: MappingAddress;
  /** Why the platform would have failed the call, whatever the program says; null: it did not. */
  readonly refused: string | null;
}

export interface ConvertRequest {
  readonly allocation: number | null;
  readonly buffer: number | null;
  readonly bytes: number | null;
  readonly to: 'shared' | 'private';
}

/** A platform's memory, as the machine drives it. Instances are cheap and hold the state of one run. */
export interface MemorySystem {
  allocate(request: AllocateRequest): AllocateGrant;
  free(allocation: number): void;
  map(request: MapRequest): MapGrant;
  unmap(grant: MapGrant): void;
  sync(grant: MapGrant, owner: 'cpu' | 'device', bytes: number | null): void;
  /** The program converts pages by itself. */
  convert(request: ConvertRequest): void;
  /** The program says how many address bits the device drives; left out where that changes nothing. */
  setMask?(bits: number): void;
  /** ExitBootServices: what the platform tears down by itself. */
  exitBootServices(): void;
  /** What happened since the program began. */
  counters(): Counters;
  /** What the platform did once, before the program began: a pool converted, RAM mapped. */
  startup(): Counters;
}

/** What is true of every mapping and buffer on a platform: decides which faults show there. */
export interface Traits {
  /** Streaming mappings go through a bounce buffer. */
  readonly bounces: boolean;
  /** Device addresses are not host addresses. */
  readonly translates: boolean;
  /** Device addresses are host addresses plus a constant; nothing is recorded. */
  readonly offset: boolean;
  /** Memory is private to the guest unless it was made shared. */
  readonly encrypted: boolean;
  /** Device and CPU caches are kept coherent by hardware. */
  readonly coherent: boolean;
  /** A map call can fail: pool or address space can be exhausted. */
  readonly mapCanFail: boolean;
  /** Name of what a leaked mapping holds; null when it holds nothing. */
  readonly held: string | null;
}

/** Makes the memory system for a program of this dialect. */
export type CreateMemorySystem = (dialect: Dialect) => MemorySystem;
