import type { Operation } from '@dma-audit/simulator';
import type { FunctionGraph } from '../flow/index.ts';
import type { Context } from './context.ts';
import type { Exit } from './explore.ts';
import type { Frame } from './frame.ts';
import type { ResourceInfo } from './tables.ts';

/**
 * What comes after a function of EDK2 that succeeded: it returns, and the system boots while the driver runs. `made` are the
 * resources that the path made and still has.
 */
export function edk2Ends(
  context: Context,
  frame: Frame,
  exit: Exit,
  made: readonly ResourceInfo[],
): readonly Operation[] {
  const { graph } = frame;
  const site = exit.site ?? context.site(frame, graph.span);
  const at = { site, api: graph.name };
  const ends: Operation[] = [];
  const outcomes = made.map(({ id }) => exit.state.resource(id)?.outcome);
  const live = made.filter(({ id }) => isLive(exit, id));
  const isShared = ({ id }: ResourceInfo): boolean => {
    const buffer = context.mappedBuffers.get(id);
    return buffer !== undefined && !context.resources.info(buffer).foreign;
  };
  if (outcomes.some((outcome) => outcome === 'failed' || outcome === 'short') || live.some(isShared))
    ends.push({ op: 'return', ...at, failing: false });
  if (isStart(graph) && !context.code.exitBootHandlers.length && live.some(({ kind }) => kind === 'mapping'))
    for (const phase of ['begin', 'end'] as const) ends.push({ op: 'exit-boot-services', ...at, phase });
  return ends;
}

function isLive(exit: Exit, id: number): boolean {
  const now = exit.state.resource(id);
  return now?.life === 'live' && now.outcome !== 'failed' && !now.escaped;
}

/** DriverBinding.Start (). */
const isStart = ({ name, parameters }: FunctionGraph): boolean =>
  /Start$/.test(name) && parameters.length === 3 && /EFI_DRIVER_BINDING_PROTOCOL/.test(parameters[0]?.type ?? '');
