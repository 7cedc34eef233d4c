/** What a file consists of, as far as the analysis cares. All offsets are UTF-16 offsets of the document. */

interface Item {
  readonly name: string;
  readonly start: number;
  /** Behind the last character, the semicolon included. */
  readonly end: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface FunctionItem extends Item {
  readonly kind: 'function';
  /** Offset of the `{`. */
  readonly bodyStart: number;
  /** Behind the `}`; the same as `end`. */
  readonly bodyEnd: number;
  /** What stands between the parentheses. */
  readonly parameters: Range;
  readonly isStatic: boolean;
  /** Its words one blank apart, without storage classes; empty for a macro that defines a function. */
  readonly returnType: string;
}

/** A struct, union or enum with its body. */
export interface StructItem extends Item {
  readonly kind: 'struct';
  /** The tag, or the first typedef name of a type without tag; `name` is the same. Empty if it has neither. */
  readonly name: string;
  /** Further names that a typedef gives it. */
  readonly aliases: readonly string[];
  readonly fields: readonly Field[];
}

export interface Field extends Range {
  /** Members of a named inner struct follow it under `outer.inner`; those of an unnamed one count as the outer's own. */
  readonly name: string;
  /** Its words one blank apart, without `*`; for `DECLARE_BITMAP (name, n)` and its like the macro's name. */
  readonly type: string;
  readonly isPointer: boolean;
  /** The text between the brackets, empty for a flexible array, null for what is no array. */
  readonly arrayLength: string | null;
}

/** An initialised variable that is not of a scalar type: a table of operations, a driver structure, a device table. */
export interface TableItem extends Item {
  readonly kind: 'table';
  /** As `Field.type`. */
  readonly type: string;
  readonly entries: readonly TableEntry[];
}

export interface TableEntry extends Range {
  /** `probe`, `driver.pm`; the macro's name for `SET_SYSTEM_SLEEP_PM_OPS (suspend, resume)`; null by position. */
  readonly member: string | null;
  /** Position in its pair of braces, from 0. */
  readonly index: number;
  /** The identifier that is stored, without `&`, casts and wrapping macros such as `pm_ptr (…)`. */
  readonly value: string;
}

export interface VariableItem extends Item {
  readonly kind: 'variable';
  readonly type: string;
}

export interface MacroItem extends Item {
  readonly kind: 'macro';
  /** Null for a macro without parentheses. */
  readonly parameters: readonly string[] | null;
  /** The replacement, line continuations and all. */
  readonly body: Range;
}

export interface IncludeItem extends Item {
  readonly kind: 'include';
  /** The path between the quotes or angle brackets; `name` is the same. */
  readonly path: string;
}

/** A typedef without a body. */
export interface TypedefItem extends Item {
  readonly kind: 'typedef';
  /** As `Field.type`. */
  readonly type: string;
}

/** A prototype, a macro call, or what nothing else fits; the name is its first or declared one, or empty. */
export interface OtherItem extends Item {
  readonly kind: 'other';
}

export type TopLevelItem =
  | FunctionItem
  | StructItem
  | TableItem
  | VariableItem
  | MacroItem
  | IncludeItem
  | TypedefItem
  | OtherItem;
