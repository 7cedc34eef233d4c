import type { Operation } from '@dma-audit/simulator';
import type { Expression } from '../flow/index.ts';
import type { FunctionSource } from './code.ts';
import { namesIn } from './frame.ts';

/** What happened on the way, newest last: a linked list shared by all paths with the same beginning. */
export interface TraceNode {
  readonly previous: TraceNode | null;
  readonly event: TraceEvent;
  /** Of the operations only: paths with equal digests did the same to memory. */
  readonly digest: number;
  readonly operations: number;
  /** Of the whole list. */
  readonly length: number;
}

/** A decision or a call on the path, for telling it to people. */
export interface Step {
  readonly op: 'step';
  readonly site: number;
  readonly what: 'true' | 'false' | 'case' | 'call' | 'return' | 'iterate' | 'skip';
  /** The function that is entered or left. */
  readonly callee?: FunctionSource;
  /** What was decided on. */
  readonly condition?: Expression;
  /** A path that decided otherwise has joined this one later: it need not hold any more. */
  readonly isOpen?: true;
}

export type TraceEvent = Operation | Step;

export function extend(previous: TraceNode | null, event: TraceEvent): TraceNode {
  const operations = (previous?.operations ?? 0) + (event.op === 'step' ? 0 : 1);
  let digest = previous?.digest ?? 7;
  if (event.op !== 'step') {
    for (const part of digestParts(event)) digest = (Math.imul(digest, 0x9e3779b1) + part) >>> 0;
  }
  return { previous, event, digest, operations, length: (previous?.length ?? 0) + 1 };
}

function digestParts(operation: Operation): number[] {
  const parts = [operation.site, operation.op.length * 131 + operation.op.charCodeAt(0)];
  if ('target' in operation && (operation.target.to === 'mapping' || operation.target.to === 'buffer'))
    parts.push(operation.target.id);
  if (operation.op === 'map') parts.push(operation.mapping);
  if (operation.op === 'allocate') parts.push(operation.buffer);
  return parts;
}

const DECISIONS: ReadonlySet<string> = new Set<Step['what']>(['true', 'false', 'case', 'iterate', 'skip']);

const decision = ({ event }: TraceNode): string | null =>
  event.op === 'step' && !event.isOpen && DECISIONS.has(event.what) ? `${event.site} ${event.what}` : null;

/**
 * Where two paths meet that have done the same to memory: the trace of `mine`, with what it has decided otherwise than `theirs` since
 * they parted marked as open.
 */
export function agreed(mine: TraceNode | null, theirs: TraceNode | null): TraceNode | null {
  if (mine?.digest !== theirs?.digest || mine?.operations !== theirs?.operations) return mine;
  const own: TraceNode[] = [];
  const others = new Set<string>();
  for (let [a, b] = [mine, theirs]; a !== b; ) {
    const [before, behind] = [a?.length ?? 0, b?.length ?? 0];
    if (a && before >= behind) {
      own.push(a);
      a = a.previous;
    }
    if (b && behind >= before) {
      const made = decision(b);
      if (made !== null) others.add(made);
      b = b.previous;
    }
  }
  const isNew = (node: TraceNode): boolean => {
    const made = decision(node);
    return made !== null && !others.has(made);
  };
  if (!own.some(isNew)) return mine;
  let trace = own.at(-1)?.previous ?? null;
  for (const node of own.reverse()) {
    const { event } = node;
    trace = extend(trace, event.op === 'step' && isNew(node) ? { ...event, isOpen: true } : event);
  }
  return trace;
}

/**
 * Steps that are told of a path: those in which it has decided what need not hold any more only where nothing is decided on the same
 * variables afterwards, which may be the contrary.
 */
export function toldSteps(events: readonly TraceEvent[]): ReadonlySet<Step> {
  const later = new Set<string>();
  const told = new Set<Step>();
  for (const event of events.toReversed()) {
    if (event.op !== 'step') continue;
    const names = event.condition ? namesIn(event.condition) : [];
    if (event.isOpen && names.some((name) => later.has(name))) continue;
    told.add(event);
    for (const name of names) later.add(name);
  }
  return told;
}

/** Events in order of time. */
export function unroll(trace: TraceNode | null): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (let node = trace; node; node = node.previous) events.push(node.event);
  return events.reverse();
}
