import { type CompiledProgram, printStatement, type Violation } from '@dma-audit/simulator';
import { ruleById } from '../../rules/index.ts';

/** A violation of a `.dmaseq` program in the words of its rule; its statements stand for the source. */
export function messageOf(violation: Violation, { program, statements }: CompiledProgram): string {
  const rule = ruleById(violation.kind);
  if (rule === undefined || rule === null) return violation.kind;
  return rule.message({
    violation,
    detail: violation.detail,
    dialect: program.dialect,
    apiOf: (index) => program.operations[index]?.api ?? '',
    textOf: (index) => {
      const statement = statements[index];
      return statement === undefined ? '' : printStatement(statement);
    },
  });
}
