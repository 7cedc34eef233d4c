import type { Block, Expression, Instruction, Span, Terminator } from './ir.ts';

interface OpenBlock {
  readonly instructions: Instruction[];
  end: Terminator | null;
}

/** Collects blocks while a function is lowered. One block is current; after a terminator there is none until `start`. */
export class GraphBuilder {
  private readonly blocks: OpenBlock[] = [];
  private current: OpenBlock;
  private temporaries = 0;
  readonly problems: string[] = [];

  constructor() {
    this.current = { instructions: [], end: null };
    this.blocks.push(this.current);
  }

  /** Reserves a block to jump to; it becomes current by `start`. */
  reserve(): number {
    return this.blocks.push({ instructions: [], end: null }) - 1;
  }

  /** Ends the current block with a jump to `block` if it is still open, and makes `block` current. */
  start(block: number, at: Span): void {
    this.finish({ kind: 'goto', to: block, start: at.start, end: at.start });
    const next = this.blocks[block];
    if (!next) throw new Error(`no block ${block}`);
    this.current = next;
  }

  emit(instruction: Instruction): void {
    if (!this.current.end) this.current.instructions.push(instruction);
  }

  /** No effect when the current block is already ended (code after `return`). */
  finish(end: Terminator): void {
    this.current.end ??= end;
  }

  temporary(at: Span): Expression & { readonly kind: 'temporary' } {
    return { kind: 'temporary', index: this.temporaries++, start: at.start, end: at.end };
  }

  done(at: Span): Block[] {
    return this.blocks.map(({ instructions, end }) => ({
      instructions,
      end: end ?? { kind: 'return', value: null, start: at.end - 1, end: at.end },
    }));
  }
}
