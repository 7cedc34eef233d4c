import type { Operation } from '@dma-audit/simulator';
import type { FunctionSource } from './code.ts';

/** What happened on the way, newest last: a linked list shared by all paths with the same beginning. */
export interface TraceNode {
  readonly previous: TraceNode | null;
  readonly event: TraceEvent;
  /** Of the operations only: paths with equal digests did the same to memory. */
  readonly digest: number;
  readonly operations: number;
}

/** A decision or a call on the path, for telling it to people. */
export interface Step {
  readonly op: 'step';
  readonly site: number;
  readonly what: 'true' | 'false' | 'case' | 'call' | 'return' | 'iterate' | 'skip';
  /** The function that is entered or left. */
  readonly callee?: FunctionSource;
}

export type TraceEvent = Operation | Step;

export function extend(previous: TraceNode | null, event: TraceEvent): TraceNode {
  const operations = (previous?.operations ?? 0) + (event.op === 'step' ? 0 : 1);
  let digest = previous?.digest ?? 7;
  if (event.op !== 'step') {
    for (const part of digestParts(event)) digest = (Math.imul(digest, 0x9e3779b1) + part) >>> 0;
  }
  return { previous, event, digest, operations };
}

function digestParts(operation: Operation): number[] {
  const parts = [operation.site, operation.op.length * 131 + operation.op.charCodeAt(0)];
  if ('target' in operation && (operation.target.to === 'mapping' || operation.target.to === 'buffer'))
    parts.push(operation.target.id);
  if (operation.op === 'map') parts.push(operation.mapping);
  if (operation.op === 'allocate') parts.push(operation.buffer);
  return parts;
}

/** Events in order of time. */
export function unroll(trace: TraceNode | null): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (let node = trace; node; node = node.previous) events.push(node.event);
  return events.reverse();
}
