export { evaluateConstant } from './constant-expression.ts';
export { type Definition, type FileConstants, type MacroKnowledge, readConstants } from './constants.ts';
export { type Dialect, detectDialect } from './dialect.ts';
export type {
  Field,
  FunctionItem,
  IncludeItem,
  MacroItem,
  OtherItem,
  Range,
  StructItem,
  TableEntry,
  TableItem,
  TopLevelItem,
  TypedefItem,
  VariableItem,
} from './items.ts';
export { LineIndex, type Position } from './lines.ts';
export { maskSource } from './mask.ts';
export { type PlacedSection, sectionsOf } from './sections.ts';
export { sliceTopLevel } from './slice.ts';
