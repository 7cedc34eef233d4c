import type { Context } from './context.ts';
import type { Domain } from './domain.ts';
import { ERROR_BASE } from './evaluate.ts';
import type { Exit } from './explore.ts';
import { type Frame, usesName } from './frame.ts';
import { pointee, rootSymbol, type Value } from './values.ts';

/** Does the function report failure on this path? null = cannot be told. */
export function isFailing(context: Context, frame: Frame, { state, value }: Exit): boolean | null {
  const type = frame.graph.returnType;
  if (!value || /^void$/.test(type)) return null;
  // A packet that was dropped is as good as one that was sent.
  if (/\bnetdev_tx_t\b/.test(type)) return null;
  const isPointer = type.includes('*');
  if (/\b(bool|BOOLEAN|irqreturn_t|unsigned|u8|u16|u32|u64|size_t|dma_addr_t|phys_addr_t)\b/.test(type) && !isPointer)
    return null;
  if (value.kind === 'number' && isStillGoingOn(context, frame, value.value)) return false;
  if (value.kind === 'number')
    return isPointer ? value.value <= 0 : value.value < 0 || (value.value > 0 && isStatus(type));
  if (value.kind !== 'symbol') return isPointer ? false : null;
  const d = state.domain(value.symbol);
  const [low, high] = [d.low + value.offset, d.high + value.offset];
  if (high < 0) return mayGoOn(context, frame, d, value.offset) ? null : true;
  if (isPointer) return high <= 0 ? true : low >= 0 && (low > 0 || d.not.includes(-value.offset)) ? false : null;
  if (low === 0 && high === 0) return false;
  if (low > 0) return isStatus(type);
  // A number of bytes, or a negative error code.
  if (/\bssize_t\b/.test(type)) return null;
  // Not zero: an error code by convention.
  if (d.not.includes(-value.offset)) return true;
  return null;
}

/** Are errors of this type positive? */
const isStatus = (type: string): boolean => /STATUS|\bblk_status_t\b/.test(type);

/** Is an asynchronous request among what a negative result may stand for, in a function that knows of such? */
function mayGoOn(context: Context, frame: Frame, { low, high, not }: Domain, offset: number): boolean {
  return ['EINPROGRESS', 'EIOCBQUEUED'].some((name) => {
    const code = -(context.code.models.constant(name, context.code.dialect)?.value ?? Number.NaN) - offset;
    return low <= code && code <= high && !not.includes(code) && usesName(frame.graph, name);
  });
}

/** Negative codes that mean "accepted, the result comes later": what was mapped belongs to the completion. */
function isStillGoingOn(context: Context, frame: Frame, value: number): boolean {
  // EFI_NOT_READY: the transfer was started and goes on.
  const notReady = context.symbols.find('const:EFI_NOT_READY');
  if (notReady !== undefined && value === ERROR_BASE + notReady) return true;
  const code = (name: string) => context.code.models.constant(name, context.code.dialect)?.value;
  if (value === -(code('EINPROGRESS') ?? Number.NaN) || value === -(code('EIOCBQUEUED') ?? Number.NaN)) return true;
  // The crypto API says EBUSY for "queued in the backlog", in functions that say EINPROGRESS otherwise.
  return value === -(code('EBUSY') ?? Number.NaN) && usesName(frame.graph, 'EINPROGRESS');
}

/** Who still holds a handle of each resource when the function has returned: places that outlive it. */
export class Holders {
  private readonly context: Context;
  private readonly exit: Exit;
  /** Whose locals end; null = everybody's. */
  private readonly ending: string | null;

  constructor(context: Context, exit: Exit, ending: string | null = null) {
    this.context = context;
    this.exit = exit;
    this.ending = ending;
  }

  /** Places outside the function that hold `resource`; "return value" counts as one. */
  of(resource: number): string[] {
    const { context, exit } = this;
    const found: string[] = [];
    if (this.reaches(exit.value, resource)) found.push('return value');
    for (const [location, value] of exit.state.handles()) {
      if (/^[BZHEN]:/.test(location)) continue;
      if (context.symbols.info(value.symbol).resource !== resource) continue;
      const place = /^[MA]:/.test(location)
        ? location
            .slice(2)
            .replace(/^s(\d+)/, '*$1')
            .replace(/^&/, '')
            .replace(/^iova:s(\d+)/, '*$1')
        : location;
      if (this.outlives(place, 0)) found.push(place);
    }
    return found;
  }

  private reaches(value: Value | null, resource: number): boolean {
    return value?.kind === 'symbol' && this.context.symbols.info(value.symbol).resource === resource;
  }

  /** Is the memory at `place` reachable by others after the return? */
  private outlives(place: string, hops: number): boolean {
    const { context, exit } = this;
    if (/^f\d+:/.test(place)) {
      const isEnding = this.ending === null || place.startsWith(`${this.ending}:`);
      return !isEnding || Boolean(exit.state.get(`E:${place}`));
    }
    const root = rootSymbol(place);
    if (root === null) return true;
    const info = context.symbols.info(root);
    // A handle in memory that was given back is lost with it.
    if (info.resource !== undefined && exit.state.resource(info.resource)?.life === 'gone') return false;
    const isOwn =
      info.key.startsWith('object:') || (info.resource !== undefined && !context.resources.info(info.resource).foreign);
    if (!isOwn || hops > 3) return true;
    if (exit.state.get(`E:${root}`)) return true;
    if (exit.value?.kind === 'symbol' && exit.value.symbol === root) return true;
    if (exit.value?.kind === 'address' && pointee(exit.value)?.startsWith(`*${root}.`)) return true;
    for (const [location, value] of exit.state.locations()) {
      if (
        value.kind === 'symbol' &&
        value.symbol === root &&
        !/^[BZHEMAN]:/.test(location) &&
        !location.startsWith(`*${root}`) &&
        this.outlives(location, hops + 1)
      )
        return true;
      // The address of a part of it is stored somewhere: list_add (&object->entry, …)
      if (
        value.kind === 'address' &&
        pointee(value)?.startsWith(`*${root}.`) &&
        !/^f\d+:/.test(location) &&
        this.outlives(location, hops + 1)
      )
        return true;
    }
    return false;
  }
}
