import process from 'node:process';
import type { Platform } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import { figuresWith } from './calibrate-profile.ts';
import { counted } from './commands/table.ts';
import { EXIT, Failure } from './failure.ts';
import { protectInputs, writeOutput } from './output.ts';
import { PLATFORM_WORDS, platformList, platformsNamed } from './platform-argument.ts';
import type { Replay } from './replay-run.ts';
import { spool } from './replay-stdin.ts';
import { pathArgument } from './root.ts';
import { hasColour, jsonText, printable } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

interface ReplayArguments {
  readonly platform?: readonly string[];
  readonly slots?: number;
  readonly profile?: string;
  readonly format: 'text' | 'json';
  readonly output?: string;
  readonly color: boolean;
}

const USUAL: readonly string[] = ['direct', 'swiotlb', 'sev', 'tdx', 'vtd-strict', 'vtd-lazy'];

/** `dma-audit replay`. */
export function replayCommand(): Command {
  return new Command('replay')
    .description("Replay a Linux kernel's DMA trace events on simulated platforms: what pool it needs, what it costs.")
    .argument(
      '<trace>',
      'text of the trace events of the groups dma, swiotlb and iommu; .gz is unpacked, - reads standard input',
    )
    .option('--platform <ids>', `${PLATFORM_WORDS}; of Linux only (default: ${USUAL.join(',')})`, platformList)
    .option('--slots <n>', "slots of the recorded kernel's bounce pool (default: as the trace says, or 32768)", slots)
    .option('--profile <file>', "figures of a machine, as 'dma-audit calibrate' writes them")
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report to <file>', pathArgument)
    .option('--no-color', 'do not colour the report')
    .addHelpText(
      'after',
      `
To record one: as root, in /sys/kernel/tracing, write 1 to events/dma/enable, events/swiotlb/enable and
events/iommu/enable, run the workload, and copy the file trace. Events of other groups do not disturb.`,
    )
    .action(execute);
}

async function execute(file: string, given: ReplayArguments): Promise<void> {
  const platforms = await platformsNamed(given.platform ?? USUAL, 'linux');
  await protectInputs([given.output ?? null], [file, given.profile ?? null]);
  const replay = await replayed(file, platforms, given);
  const { events, lines, firstForeign } = replay.scan;
  if (events === 0) {
    const why = firstForeign === null ? '' : `; line ${firstForeign.line}: ${printable(firstForeign.why)}`;
    throw new Failure(EXIT.fatal, `${shown(file)}: no DMA trace event in ${counted(lines, 'line')}${why}`);
  }
  await writeOutput(given.output ?? null, await written(file, replay, given));
}

const shown = (file: string): string => (file === '-' ? 'standard input' : file);

async function replayed(file: string, platforms: readonly Platform[], given: ReplayArguments): Promise<Replay> {
  const { replayTrace } = await import('./replay-run.ts');
  const figures = await figuresWith(given.profile);
  const slots = given.slots ?? null;
  if (file !== '-') return replayTrace(file, platforms, slots, figures);
  const spooled = await spool(process.stdin);
  try {
    return await replayTrace(spooled.file, platforms, slots, figures);
  } finally {
    await spooled.remove();
  }
}

async function written(file: string, replay: Replay, given: ReplayArguments): Promise<string> {
  if (given.format === 'json') return json(file, replay);
  const { replayText } = await import('./replay-text.ts');
  return replayText(shown(file), replay, given.color && given.output === undefined && hasColour(process.stdout));
}

function json(file: string, { scan, platforms, ...rest }: Replay): string {
  const report = {
    tool: { name: NAME, version: VERSION },
    file,
    trace: {
      ...scan,
      others: Object.fromEntries(scan.others),
      minAlignMasks: Object.fromEntries(scan.minAlignMasks),
    },
    ...rest,
    platforms: platforms.map(({ platform, ...run }) => ({ id: platform.id, title: platform.title, ...run })),
  };
  return jsonText(report);
}

function slots(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 128 || n % 128 !== 0)
    throw new InvalidArgumentError('It must be a multiple of 128 slots, as the kernel has it.');
  return n;
}
