import { printable } from './terminal.ts';

export { reasonOf } from '../audit/system-error.ts';

/** What the process tells by its exit status. */
export const EXIT = { clean: 0, findings: 1, fatal: 2, configuration: 3, usage: 4 } as const;

/** Why a command cannot do what it was asked for: said in one line, or in one for each fault, without a stack. */
export class Failure extends Error {
  readonly exit: 2 | 3 | 4;

  constructor(exit: Failure['exit'], message: string | readonly string[]) {
    super((typeof message === 'string' ? [message] : message).map(printable).join('\n'));
    this.exit = exit;
  }
}
