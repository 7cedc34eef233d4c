import type { Operation } from '@dma-audit/simulator';
import type { Role } from '../models/index.ts';
import { directionName } from '../rules/index.ts';
import type { SyntaxNode } from '../syntax/index.ts';
import type { Fault, Fix, FixProvider, FixRequest } from './fix.ts';
import type { Call } from './function-text.ts';
import { handleText, makingCall, oneLine, releaseCall } from './release.ts';

/** Unmaps or syncs with the direction of the map call. */
export const direction: FixProvider = (request) => {
  const { fault, code } = request;
  const ends = endsOf(request);
  const wrong = ends && code.argument(ends.release, 'direction');
  if (!wrong) return [];
  const { made } = fault.violation.detail;
  const constant = made === 'unknown' ? null : directionName(made, code.dialect);
  const given = ends.make && code.argument(ends.make, 'direction');
  const written = given ? oneLine(code.slice(given)) : null;
  return [written, constant]
    .filter((text) => text !== null && text !== 'unknown' && code.isMeaningfulAt(text, wrong.start))
    .flatMap((text) => replaceArgument(wrong, text ?? '', `${verb(ends.release)} with ${text}`, ends.make !== null));
};

/** Passes the size, the number of entries or the device that the making call was given. */
const sameArgument =
  (title: (text: string, release: Call) => string, safe: boolean, ...roles: readonly Role[]): FixProvider =>
  (request) => {
    const { code } = request;
    const ends = endsOf(request);
    if (!ends?.make) return [];
    const { make, release } = ends;
    return roles.flatMap((role) => {
      const [wrong, given] = [code.argument(release, role), code.argument(make, role)];
      const text = given ? oneLine(code.slice(given)) : '';
      if (!wrong || !given || text === code.slice(wrong) || !code.isMeaningfulAt(text, wrong.start)) return [];
      return replaceArgument(wrong, text, title(text, release), safe);
    });
  };

export const size = sameArgument(
  (text, release) => `${verb(release)} ${text} as well`,
  false,
  'size',
  'pages',
  'count',
);
export const entries = sameArgument((text) => `Pass ${text}, the number of entries before mapping`, true, 'entries');
export const device = sameArgument((text) => `Pass ${text}, the device that it was made for`, false, 'device');

/** The parts by which a release may name what it releases. */
const HANDLES: readonly Role[] = ['mapping', 'device-address', 'cpu-address'];

/** Passes the value that the making call gave. */
export const handle: FixProvider = (request) => {
  const { code } = request;
  const ends = endsOf(request);
  if (!ends?.make) return [];
  const { make, release } = ends;
  return HANDLES.flatMap((role) => {
    const wrong = code.argument(release, role);
    const right = handleText(code, make, role);
    if (!wrong || right === null || right === oneLine(code.slice(wrong)) || !code.isMeaningfulAt(right, wrong.start))
      return [];
    return replaceArgument(wrong, right, `Pass ${right}`, true);
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
}

/** The call at fault, and the one that made what it releases or syncs. */
function endsOf({ fault, code }: FixRequest): Ends | null {
  const release = code.call(fault.place);
  const making = makingOf(fault);
  return release && { release, make: making ? makingCall(code, fault, making) : null };
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
