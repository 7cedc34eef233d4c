import { failureTest } from './check-mapping.ts';
import type { FixProvider } from './fix.ts';
import { makingCall } from './release.ts';

/** What the wrong test says when the call has failed, by its operator; names alone say the opposite. */
const FAILED = /^!|^[^=!<]*(==|<=?)/;

/** Puts the test that the API defines in the place of one that finds no failure. */
export const mappingTest: FixProvider = ({ fault, code }) => {
  const { violation, path } = fault;
  const related = violation.related.find(({ role }) => role === 'mapped');
  const making = related && path.program.operations[related.index];
  const call = making && makingCall(code, fault, making);
  if (!call) return [];
  const around = code
    .chain(fault.place)
    .findLast(({ start, end }) => start < fault.place.start || end > fault.place.end);
  const whole = around?.kind === 'unary_expression' ? around : fault.place;
  const test = code.slice(fault.place);
  const target = call.target ?? /[A-Za-z_][\w.>[\]-]*/.exec(test)?.[0];
  const right = target ? failureTest(code, call, target) : null;
  if (!right) return [];
  const { condition } = right;
  const isFailed = FAILED.test(code.slice(whole));
  const text = isFailed ? condition : condition.startsWith('!') ? condition.slice(1) : `!${condition}`;
  return [{ title: `Test with ${right.test}`, edits: [{ start: whole.start, end: whole.end, text }], safe: true }];
};
