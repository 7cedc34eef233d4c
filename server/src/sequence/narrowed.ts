import type { Expression } from '../flow/index.ts';
import type { Code } from './code.ts';
import type { Frame } from './frame.ts';
import type { SourcePlace } from './tables.ts';

/** Integers of 32 bits and less. `long` and what is named for the machine (size_t) has 64 where addresses have. */
const NARROW =
  /^(?:(?:const|volatile|register|signed|unsigned)\s+)*(?:unsigned|signed|int|short|char|uint|(?:__)?[us](?:8|16|32)|u?int(?:8|16|32)_t|u_int(?:8|16|32)_t|__[lb]e(?:16|32))(?:\s+int)?$/;

/** The variable or field that an expression names, where a device address does not fit into it: where it is declared, or named. */
export function narrowPlace(code: Code, frame: Frame, e: Expression): SourcePlace | null {
  const { graph, file } = frame;
  switch (e.kind) {
    case 'cast':
      return narrowPlace(code, frame, e.operand);
    case 'name': {
      const variable = frame.locals.get(e.name);
      if (!variable || variable.isArray || !NARROW.test(variable.type)) return null;
      const declared = graph.blocks
        .flatMap(({ instructions }) => instructions)
        .find((i) => i.kind === 'local' && i.name === e.name);
      const { start, end } = declared ?? e;
      return { file, function: graph.name, start, end };
    }
    case 'index':
    case 'member': {
      const field = e.kind === 'index' ? e.object : e;
      const type = field.kind === 'member' ? code.fieldType(field.field) : null;
      return type !== null && NARROW.test(type) ? { file, function: graph.name, start: e.start, end: e.end } : null;
    }
    default:
      return null;
  }
}
