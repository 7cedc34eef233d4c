import type { FunctionGraph } from '../flow/index.ts';
import type { Dialect, Models } from '../models/index.ts';

/** A function that the exploration may enter. */
export interface FunctionSource {
  readonly name: string;
  readonly file: string;
  readonly graph: FunctionGraph;
  /** Can a DMA API be reached from it? */
  readonly relevant: boolean;
  /** Size of its text and of the relevant functions that it calls in turn, in characters. */
  readonly weight: number;
  /** Families that it, or what it calls in turn, may release. */
  readonly releases: ReadonlySet<string>;
  /** Names of fields that it, or what it calls in turn, may assign. */
  readonly assigns: ReadonlySet<string>;
  /** Names of fields that it, or what it calls in turn, names where it may release something. Empty when it releases nothing. */
  readonly releasedFields: ReadonlySet<string>;
}

/** What tells a function from all others. */
export const keyOf = ({ file, name }: Pick<FunctionSource, 'file' | 'name'>): string => `${file}:${name}`;

/** The code in which a function is explored: its file, later its driver. */
export interface Code {
  readonly dialect: Dialect;
  readonly models: Models;
  /** The definition of `name` as seen from `file`; null when it is not part of this code. */
  function(name: string, file: string): FunctionSource | null;
  /**
   * Is it called when a device comes or is opened? If it fails, its counterpart is not called. Null: no table names it, it is
   * called by the driver alone.
   */
  startsLife(name: string): boolean | null;
  /** Functions that end what it began, where tables name it as the beginning of something. */
  counterpartsOf(name: string): readonly FunctionSource[];
  /** Functions that are called some time after it has worked, where tables tell, though they do not undo what it began. */
  sequelsOf(name: string): readonly FunctionSource[];
  /** Functions that may release what a field of this name holds. */
  releasersOf(field: string): readonly FunctionSource[];
  /**
   * Families that are released in the driver that the file is part of: each time by a function that makes something of them, or
   * for others as well.
   */
  releasersIn(file: string): ReadonlyMap<string, 'makers' | 'others'>;
  /** The functions in which something may be put into a field of this name. */
  writersOf(field: string): readonly FunctionSource[];
  /** Does a table of this code have the function in a member of this name? */
  isCalledThrough(member: string, name: string): boolean;
  /** The functions that call it, by its name or through a table, as far as they are part of this code. */
  callersOf(name: string, file: string): readonly FunctionSource[];
  /** Fields that hold device addresses, with the field of the same structure whose memory was mapped for it. */
  readonly mappedBeside: ReadonlyMap<string, string>;
  /** Value of a macro or enumerator of this code where `file` uses it; null where it is not known. */
  constant(name: string, file: string): number | null;
  /** Is `name` an array (or a structure) at file scope, so that its name stands for its address? */
  isArray(name: string, file: string): boolean;
  /** The argument that a macro of this code counts from 0 upwards as the head of a loop; null when it does not. */
  countedBy(macro: string): number | null;
  /** Is `field` an array inside its structure, so that its name stands for its address? In all structures that have it, or in some? */
  arrayField(field: string): 'always' | 'sometimes' | 'never';
  /** What `field` is or points to, in the words of its declaration; null where structures do not agree, or none has it. */
  fieldType(field: string): string | null;
  /** The field of a structure that this code defines; `aligned-array` shares no cache line with others. */
  fieldOf(struct: string, field: string): 'array' | 'aligned-array' | 'other' | null;
  /** Fields whose memory was mapped where the token went into `field` of the same object. */
  mappedBy(field: string): readonly string[];
  /** Functions of this code that are called at ExitBootServices. */
  readonly exitBootHandlers: readonly FunctionSource[];
  /** The field from whose address a macro of this name gets to the object that has it; null where it is no such macro. */
  containerField(macro: string): string | null;
  /** Fields that hold memory which the device, and so the host, shares. */
  readonly sharedFields: ReadonlySet<string>;
  /** EDK2: does some function of this code tell the bus driver that its device drives 64 address bits? */
  readonly asksForWideAddresses: boolean;
  /** Field names that are given to dma_mapping_error () somewhere in this code. */
  readonly checkedFields: ReadonlySet<string>;
  /** Field names that are asked whether they are null somewhere in this code. */
  readonly testedFields: ReadonlySet<string>;
  /** What some function compares a number of scatterlist entries with, to refuse longer lists: as text without spaces. */
  readonly entryBounds: ReadonlySet<string>;
}

export interface Budget {
  /** Instructions executed for one analysed function, inlined callees included; keeping a large state counts as well. */
  readonly steps: number;
  /** Operations in all programs of one analysed function together: writing and executing them takes time. */
  readonly operations: number;
  /** States held at one block at the same time. */
  readonly states: number;
  /** At all blocks of the analysed function together: where there are many, each holds fewer. */
  readonly statesInAll: number;
  /** The same within a callee that is entered, and the number of its outcomes that are told apart. */
  readonly calleeStates: number;
  readonly calleeExits: number;
  /** Largest weight of a callee that is entered, halved at each depth. */
  readonly weight: number;
  /** Depth of inlining. */
  readonly depth: number;
  /** Times round a loop that touches DMA resources. */
  readonly iterations: number;
}

export const DEFAULT_BUDGET: Budget = {
  steps: 45_000,
  operations: 200_000,
  states: 96,
  statesInAll: Number.POSITIVE_INFINITY,
  calleeStates: 12,
  calleeExits: 6,
  weight: 24_000,
  depth: 4,
  iterations: 2,
};

/** In which situation a function is called. */
export interface EntryConditions {
  /** As a handler of the ExitBootServices event. */
  readonly atExitBootServices: boolean;
  /** What the host can write is of interest: reads of it, tests, uses. */
  readonly distrustsHost?: boolean;
}

export const NORMAL: EntryConditions = { atExitBootServices: false };
