/**
 * The intermediate representation of a function body: a control-flow graph of simple instructions.
 *
 * Expressions are pure: every call, assignment and `++` has been taken out into an instruction of its own, in evaluation
 * order, so that whoever executes the graph can fork at each instruction. Plain values throughout: a graph can be cached and
 * sent between threads. Offsets are UTF-16 indices into the file's text.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Expression = Span &
  (
    | { readonly kind: 'name'; readonly name: string }
    /** Result of a call or of a conditional expression; numbered per function. */
    | { readonly kind: 'temporary'; readonly index: number }
    /** `value` is null when the literal is a float or does not fit. */
    | { readonly kind: 'number'; readonly value: number | null; readonly text: string }
    | { readonly kind: 'string' }
    | { readonly kind: 'member'; readonly object: Expression; readonly field: string; readonly arrow: boolean }
    | { readonly kind: 'index'; readonly object: Expression; readonly index: Expression }
    | { readonly kind: 'dereference'; readonly object: Expression }
    | { readonly kind: 'address-of'; readonly object: Expression }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
    | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'cast'; readonly type: string; readonly operand: Expression }
    | { readonly kind: 'sizeof'; readonly text: string }
    | { readonly kind: 'aggregate'; readonly parts: readonly AggregatePart[] }
    /** Something whose value is not modelled (statement expression, asm, broken code). */
    | { readonly kind: 'opaque' }
  );

export interface AggregatePart {
  /** `.a.b` / `[2]` as a location suffix; null for a positional part. */
  readonly path: string | null;
  readonly value: Expression;
}

export type Instruction = Span &
  (
    | { readonly kind: 'set'; readonly target: Expression; readonly value: Expression }
    | {
        readonly kind: 'call';
        readonly result: number;
        readonly callee: Expression;
        readonly arguments: readonly Expression[];
      }
    | {
        readonly kind: 'local';
        readonly name: string;
        readonly type: string;
        readonly shape: Shape;
        readonly isStatic: boolean;
      }
    /** The value is computed and dropped. */
    | { readonly kind: 'evaluate'; readonly value: Expression }
  );

export type Shape = 'plain' | 'pointer' | 'array';

export type Terminator = Span &
  (
    | { readonly kind: 'goto'; readonly to: number }
    | { readonly kind: 'branch'; readonly condition: Expression; readonly whenTrue: number; readonly whenFalse: number }
    | {
        readonly kind: 'switch';
        readonly value: Expression;
        readonly cases: readonly { readonly value: Expression; readonly to: number }[];
        readonly otherwise: number;
      }
    /** An iterator macro: the body runs an unknown number of times. */
    | {
        readonly kind: 'iterate';
        readonly macro: string;
        readonly arguments: readonly Expression[];
        readonly body: number;
        readonly exit: number;
      }
    | { readonly kind: 'return'; readonly value: Expression | null }
    | { readonly kind: 'stop' }
  );

export interface Block {
  readonly instructions: readonly Instruction[];
  readonly end: Terminator;
}

/** A natural loop: `blocks` include the header. */
export interface Loop {
  readonly header: number;
  readonly blocks: ReadonlySet<number>;
}

export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
}

export interface FunctionGraph {
  readonly name: string;
  readonly span: Span;
  readonly returnType: string;
  readonly isStatic: boolean;
  readonly parameters: readonly Parameter[];
  readonly blocks: readonly Block[];
  /** Position of each block in reverse post-order; -1 = unreachable. Entry is block 0 at position 0. */
  readonly order: readonly number[];
  readonly loops: readonly Loop[];
  /** Names of variables that some `return` gives back as they are. */
  readonly returned: ReadonlySet<string>;
  /** Parts that could not be understood; the graph is then an approximation. */
  readonly problems: readonly string[];
}
