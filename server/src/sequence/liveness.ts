import { type Expression, type FunctionGraph, type Instruction, successors, type Terminator } from '../flow/index.ts';
import { partsOf } from './frame.ts';

/** Where in a function a path is: at the beginning of a block, behind a call, or past its return. */
export type Position = number | Call | 'exit';

type Call = Instruction & { readonly kind: 'call' };

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Variables and temporaries (`#n`) that may still be read from `position` on. Those whose address is put anywhere but into a
 * call may always be, and so may arrays.
 */
export function liveAt(graph: FunctionGraph, position: Position): ReadonlySet<string> {
  let table = TABLES.get(graph);
  if (!table) {
    table = solve(graph);
    TABLES.set(graph, table);
  }
  if (position === 'exit') return table.always;
  if (typeof position === 'number') return table.blocks[position] ?? NOTHING;
  if (!table.calls.has(position)) solveBehind(graph, position, table);
  return table.calls.get(position) ?? NOTHING;
}

interface Table {
  readonly always: ReadonlySet<string>;
  readonly blocks: readonly ReadonlySet<string>[];
  /** Behind calls, in blocks that somebody has asked about. */
  readonly calls: Map<Call, ReadonlySet<string>>;
}

const TABLES = new WeakMap<FunctionGraph, Table>();

/** Backwards along the graph until nothing changes, each block after those that follow it where there is no loop. */
function solve(graph: FunctionGraph): Table {
  const always = new Set<string>();
  for (const { instructions } of graph.blocks)
    for (const i of instructions) {
      if (i.kind === 'local' && (i.isStatic || i.shape === 'array')) always.add(i.name);
      if (i.kind === 'set') addressed(i.value, always);
    }
  const blocks: ReadonlySet<string>[] = graph.blocks.map(() => always);
  const backwards = graph.blocks.map((_, block) => block).filter((block) => (graph.order[block] ?? -1) >= 0);
  backwards.sort((a, b) => (graph.order[b] ?? 0) - (graph.order[a] ?? 0));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const block of backwards) {
      const { instructions, end } = graph.blocks[block] ?? { instructions: [], end: null };
      if (!end) continue;
      const live = atEnd(end, always, blocks);
      for (const instruction of instructions.toReversed()) before(instruction, live, always);
      if (live.size === blocks[block]?.size) continue;
      blocks[block] = live;
      isChanged = true;
    }
  }
  return { always, blocks, calls: new Map() };
}

function atEnd(end: Terminator, always: ReadonlySet<string>, blocks: readonly ReadonlySet<string>[]): Set<string> {
  const live = new Set(always);
  for (const next of successors(end)) for (const name of blocks[next] ?? NOTHING) live.add(name);
  for (const e of readAtEnd(end)) readIn(e, live);
  return live;
}

/** For all calls of the block that has this one. */
function solveBehind({ blocks }: FunctionGraph, call: Call, table: Table): void {
  const block = blocks.find(({ instructions }) => instructions.includes(call));
  if (!block) return;
  const live = atEnd(block.end, table.always, table.blocks);
  for (const instruction of block.instructions.toReversed()) {
    if (instruction.kind === 'call') table.calls.set(instruction, new Set(live));
    before(instruction, live, table.always);
  }
}

/** From what is live behind an instruction to what is live before it. */
function before(instruction: Instruction, live: Set<string>, always: ReadonlySet<string>): void {
  const write = (name: string): void => {
    if (!always.has(name)) live.delete(name);
  };
  switch (instruction.kind) {
    case 'local':
      return write(instruction.name);
    case 'evaluate':
      return readIn(instruction.value, live);
    case 'set': {
      const { target, value } = instruction;
      if (target.kind === 'name') write(target.name);
      else if (target.kind === 'temporary') write(`#${target.index}`);
      else readIn(target, live);
      return readIn(value, live);
    }
    case 'call':
      write(`#${instruction.result}`);
      readIn(instruction.callee, live);
      for (const argument of instruction.arguments) readIn(argument, live);
  }
}

function readIn(e: Expression, live: Set<string>): void {
  if (e.kind === 'name') live.add(e.name);
  if (e.kind === 'temporary') live.add(`#${e.index}`);
  for (const part of allPartsOf(e)) readIn(part, live);
}

function addressed(e: Expression, names: Set<string>): void {
  if (e.kind === 'address-of') readIn(e.object, names);
  for (const part of allPartsOf(e)) addressed(part, names);
}

const allPartsOf = (e: Expression): readonly Expression[] =>
  e.kind === 'aggregate' ? e.parts.map(({ value }) => value) : partsOf(e);

/** An iterator macro assigns some of its arguments and reads the others. */
function readAtEnd(end: Terminator): readonly Expression[] {
  switch (end.kind) {
    case 'branch':
      return [end.condition];
    case 'switch':
      return [end.value, ...end.cases.map(({ value }) => value)];
    case 'iterate':
      return end.arguments;
    case 'return':
      return end.value ? [end.value] : [];
    case 'goto':
    case 'stop':
      return [];
  }
}
