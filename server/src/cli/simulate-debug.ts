import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { COSTS, PLATFORMS, platformsFor } from '@dma-audit/simulator';
import { Command } from 'commander';
import { simulate, simulationBudget } from '../audit/index.ts';
import { DebugSession, frame, type LaunchArguments, type Launched, MessageReader } from '../dap/index.ts';
import { EXIT, Failure } from './failure.ts';
import { loadFunction } from './simulate-load.ts';

/** `dma-audit debug-adapter`: what an editor starts to walk along a path of a function. */
export function debugAdapterCommand(): Command {
  return new Command('debug-adapter')
    .description(
      'Speak the Debug Adapter Protocol on standard input and output: walk along the DMA steps of a function.',
    )
    .addHelpText(
      'after',
      `
Launch arguments: program (a C source), function, platform (id, optional), path (number from 1, optional).`,
    )
    .action(serve);
}

async function serve(): Promise<void> {
  const session = new DebugSession(launch);
  // One after the other: a response must not overtake that of the request before it.
  let last: Promise<void> = Promise.resolve();
  const reader = new MessageReader((message) => {
    last = last.then(async () => {
      for (const reply of await session.handle(message)) process.stdout.write(frame(reply));
    });
  });
  for await (const chunk of process.stdin) reader.push(chunk);
  await last;
}

async function launch({ program, function: name, platform, path }: LaunchArguments): Promise<Launched> {
  const root = dirname(resolve(program));
  const { project, file } = await loadFunction(`${program}:${name}`, root, null);
  const known = PLATFORMS.filter(({ dialects }) => dialects.includes(project.dialect));
  const [chosen] = platform === null ? platformsFor(project.dialect) : known.filter(({ id }) => id === platform);
  if (chosen === undefined)
    throw new Failure(
      EXIT.usage,
      `no platform '${platform}' for this code; there are ${known.map(({ id }) => id).join(', ')}`,
    );
  const simulation = simulate(project, file, name, {
    platforms: [chosen],
    sizes: new Map(),
    paths: new Set([path]),
    budget: simulationBudget(),
    figures: COSTS,
  });
  if (simulation === null) throw new Failure(EXIT.fatal, `${name} could not be read`);
  return { simulation, root };
}
