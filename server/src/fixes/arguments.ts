import type { Operation } from '@dma-audit/simulator';
import type { Role } from '../models/index.ts';
import { directionName } from '../rules/index.ts';
import type { SyntaxNode } from '../syntax/index.ts';
import type { Fault, Fix, FixProvider, FixRequest } from './fix.ts';
import type { Call, FunctionText } from './function-text.ts';
import { handleText, isWithin, makingCall, oneLine, releaseCall } from './release.ts';

/** Unmaps or syncs with the direction of the map call. */
export const direction: FixProvider = (request) => {
  const { fault, code } = request;
  const ends = endsOf(request);
  const wrong = ends?.given('direction');
  if (!ends || !wrong) return [];
  const { made } = fault.violation.detail;
  const constant = made === 'unknown' ? null : directionName(made, code.dialect);
  // The names of the caller mean nothing in its helper.
  const isOwn = ends.text.tree.start <= wrong.start && wrong.end <= ends.text.tree.end;
  return [isOwn ? ends.wanted('direction') : null, constant]
    .filter((text) => text !== null && text !== 'unknown' && ends.text.isMeaningfulAt(text, wrong.start))
    .flatMap((text) => replaceArgument(wrong, text ?? '', `${verb(ends.release)} with ${text}`, ends.make !== null));
};

/** Passes the size, the number of entries or the device that the making call was given. */
const sameArgument =
  (title: (text: string) => string, safe: boolean, ...roles: readonly Role[]): FixProvider =>
  (request) => {
    const ends = endsOf(request);
    return roles.flatMap((role) => {
      const wrong = ends?.given(role);
      const text = ends?.wanted(role);
      if (!ends || !wrong || !text || text === ends.text.slice(wrong)) return [];
      if (!ends.text.isMeaningfulAt(text, wrong.start)) return [];
      return replaceArgument(wrong, text, title(text), safe);
    });
  };

export const size = sameArgument((text) => `Pass ${text}, the size at the other end`, false, 'size', 'pages', 'count');
export const entries = sameArgument((text) => `Pass ${text}, the number of entries before mapping`, true, 'entries');
export const device = sameArgument((text) => `Pass ${text}, the device that it was made for`, false, 'device');

/** The parts by which a release may name what it releases. */
const HANDLES: readonly Role[] = ['mapping', 'device-address', 'cpu-address'];

/** Passes the value that the making call gave. */
export const handle: FixProvider = (request) => {
  const ends = endsOf(request);
  if (!ends?.make) return [];
  const { make, text } = ends;
  return HANDLES.flatMap((role) => {
    const wrong = ends.given(role);
    const right = handleText(text, make, role);
    if (!wrong || right === null || right === oneLine(text.slice(wrong))) return [];
    return text.isMeaningfulAt(right, wrong.start) ? replaceArgument(wrong, right, `Pass ${right}`, true) : [];
  });
};

/** Releases by the function that belongs to the one which made it. */
export const family: FixProvider = (request) => {
  const { fault, code } = request;
  const ends = endsOf(request);
  const making = makingOf(fault);
  if (!ends?.make || (making?.op !== 'map' && making?.op !== 'allocate')) return [];
  const { make, release } = ends;
  // What the wrong call was told of the same thing holds at its place.
  const told = new Map<Role, string>();
  release.model?.args.forEach((role, i) => {
    const arg = release.args[i];
    if (arg && ['size', 'pages', 'device-address', 'direction'].includes(role))
      told.set(role, oneLine(code.slice(arg)));
  });
  return [told, new Map<Role, string>()].flatMap((given): Fix[] => {
    const text = releaseCall(code, make, making, given);
    if (text === null || !code.isMeaningfulAt(text, release.node.start)) return [];
    const callee = text.slice(0, text.indexOf('(')).trim();
    return [
      {
        title: `Release with ${callee} ()`,
        edits: [{ start: release.node.start, end: release.node.end, text }],
        safe: false,
      },
    ];
  });
};

interface Ends {
  readonly release: Call;
  /** Null where the making call is in another function. */
  readonly make: Call | null;
  /** The function in which both ends are given their arguments. */
  readonly text: FunctionText;
  /** What the release is given for this part. */
  readonly given: (role: Role) => SyntaxNode | null;
  /** What the making call was given for it. */
  readonly wanted: (role: Role) => string | null;
}

/** The call at fault, and the one that made what it releases or syncs. */
function endsOf({ fault, code, explored }: FixRequest): Ends | null {
  const release = code.call(fault.place);
  if (!release) return null;
  const helper = explored && explored.tree.start !== code.tree.start ? helperCallAt(explored, fault) : null;
  const text = helper && explored ? explored : code;
  const making = makingOf(fault);
  const make = making ? makingCall(text, fault, making) : null;
  const own = (role: Role): SyntaxNode | null => code.argument(release, role);
  return {
    ...{ release, make, text },
    given: (role) => {
      const argument = own(role);
      if (!helper || !argument) return argument;
      const at = code.parameters.indexOf(code.slice(argument));
      if (at >= 0) return helper.args[at] ?? null;
      return role === 'direction' ? argument : null;
    },
    wanted: (role) => {
      const argument = make && text.argument(make, role);
      return argument ? oneLine(text.slice(argument)) : null;
    },
  };
}

/** The call by which the path came to the helper at fault. */
function helperCallAt(explored: FunctionText, { path, violation }: Fault): Call | null {
  const step = path.steps.findLast(
    (one) => one.what === 'call' && one.before <= violation.index && isWithin(explored, one.place),
  );
  return step ? explored.call(step.place) : null;
}

function makingOf({ violation, path }: Fault): Operation | undefined {
  const related = violation.related.find(({ role }) => role === 'mapped' || role === 'allocated');
  return related && path.program.operations[related.index];
}

const replaceArgument = ({ start, end }: SyntaxNode, text: string, title: string, safe: boolean): Fix[] => [
  { title, edits: [{ start, end, text }], safe },
];

const VERBS: Readonly<Record<string, string>> = { unmap: 'Unmap', free: 'Free', sync: 'Sync' };
const verb = ({ model }: Call): string => VERBS[model?.action ?? ''] ?? 'Release';
