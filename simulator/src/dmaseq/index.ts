export { type CompiledProgram, type CompileResult, compileDmaseq, MAX_OPERATIONS } from './compile.ts';
export { completeDmaseq, type DmaseqCompletion } from './complete.ts';
export type {
  DmaseqError,
  Document as DmaseqDocument,
  Expectation,
  ExpectStatement,
  OperationStatement,
  Position,
  Statement as DmaseqStatement,
} from './document.ts';
export { type DmaseqRun, type ExpectationResult, runDmaseq } from './execute.ts';
export { documentOf } from './from-program.ts';
export { type ParseResult, parseDmaseq } from './parser.ts';
export { expectationText, printDmaseq, printStatement } from './printer.ts';
export { VIOLATION_KINDS } from './violations.ts';
