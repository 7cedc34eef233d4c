import process from 'node:process';
import { InvalidArgumentError } from 'commander';
import type { RuleChoice, Scope, Shard } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';
import { writeOutput } from './output.ts';
import type { Report } from './report.ts';
import { githubReport } from './report-github.ts';
import { gitlabReport } from './report-gitlab.ts';
import { jsonReport } from './report-json.ts';
import { junitReport } from './report-junit.ts';
import { partialReport } from './report-partial.ts';
import { sarifReport } from './report-sarif.ts';
import { textReport } from './report-text.ts';
import { hasColour } from './terminal.ts';

export const FORMATS = ['text', 'json', 'sarif', 'github', 'gitlab', 'junit', 'partial'] as const;
export type Format = (typeof FORMATS)[number];

/** Where a report goes, and how it is written; null = standard output. */
export interface Output {
  readonly format: Format;
  readonly file: string | null;
}

export interface OutputOptions {
  readonly color: boolean;
  /** Every step of the paths, in text. */
  readonly path: boolean;
  readonly shard: Shard | null;
  readonly choice: RuleChoice;
  readonly scope: Scope;
}

/** What `--output` names; a file without a format takes the one of `--format`. */
export interface OutputArgument {
  readonly format: Format | null;
  readonly file: string | null;
}

/** Reads FORMAT, FORMAT=FILE or FILE; may be repeated. A word before `=` is meant as a format. */
export function outputArgument(value: string, before: readonly OutputArgument[] = []): readonly OutputArgument[] {
  const at = value.indexOf('=');
  const name = at < 0 ? value : value.slice(0, at);
  const format = FORMATS.find((one) => one === name);
  const isWord = at > 0 && /^[a-z]+$/i.test(name);
  if (format === undefined && value !== '' && !isWord) return [...before, { format: null, file: value }];
  const file = at < 0 ? null : value.slice(at + 1);
  if (format === undefined || file === '')
    throw new InvalidArgumentError(
      `It must be FILE, FORMAT or FORMAT=FILE, with one of the formats ${FORMATS.join(', ')}.`,
    );
  return [...before, { format, file }];
}

/** `--format F` is a report on standard output, unless some `--output` is a file that waits for a format. */
export function outputsWith(
  format: Format | undefined,
  given: readonly OutputArgument[] | undefined,
): readonly Output[] | undefined {
  const files = (given ?? []).map((output) => ({ ...output, format: output.format ?? format ?? 'text' }));
  const isTaken = (given ?? []).some((output) => output.format === null);
  const all = format === undefined || isTaken ? files : [{ format, file: null }, ...files];
  return all.length ? all : undefined;
}

/** Text on standard output, unless something else was asked for. Throws a Failure if two reports would be mixed there. */
export function outputsOf(given: readonly Output[] | undefined): readonly Output[] {
  const outputs = given ?? [{ format: 'text', file: null }];
  if (outputs.filter(({ file }) => file === null).length > 1)
    throw new Failure(EXIT.usage, 'only one --output can go to standard output: give the others a file');
  return outputs;
}

export async function writeOutputs(report: Report, outputs: readonly Output[], options: OutputOptions): Promise<void> {
  for (const output of outputs) await writeOutput(output.file, await rendered(report, output, options));
}

async function rendered(report: Report, { format, file }: Output, options: OutputOptions): Promise<string> {
  switch (format) {
    case 'text': {
      const colour = options.color && file === null && hasColour(process.stdout);
      return textReport(report, { colour, wholePath: options.path });
    }
    case 'json':
      return jsonReport(report);
    case 'sarif':
      return sarifReport(report);
    case 'github':
      return githubReport(report);
    case 'gitlab':
      return gitlabReport(report);
    case 'junit':
      return junitReport(report);
    case 'partial':
      return partialReport(report.result, options);
    default:
      return format satisfies never;
  }
}
