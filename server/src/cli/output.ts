import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { isSourceName, replaceFile } from '../audit/index.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import { hasColour, tell, terminalText } from './terminal.ts';

/** Writes to the file, or to standard output when that is null, and waits until everything is out. */
export async function writeOutput(file: string | null, text: string): Promise<void> {
  if (file === null) {
    const shown = terminalText(text, hasColour(process.stdout));
    return new Promise((done) => process.stdout.write(shown, () => done()));
  }
  try {
    await replaceFile(file, text);
  } catch (error) {
    throw new Failure(EXIT.fatal, `--output ${file}: ${reasonOf(error)}`);
  }
}

/**
 * Throws a Failure when a file that is about to be written is a C source, one of `inputs`, or there twice, by whatever name or
 * link; null stands for standard output.
 */
export async function protectInputs(
  outputs: readonly (string | null)[],
  inputs: readonly (string | null)[],
): Promise<void> {
  if (outputs.every((file) => file === null)) return;
  const read = new Set(await Promise.all(inputs.flatMap((file) => (file === null ? [] : [identityOf(file)]))));
  const written = new Set<string>();
  for (const file of outputs) {
    if (file === null) continue;
    const identity = await identityOf(file);
    const refuse = (why: string): never => {
      throw new Failure(EXIT.usage, `${file} would be overwritten: ${why}`);
    };
    // Devices such as /dev/null take as many as there are.
    if (identity === null) continue;
    const isThere = await exists(file);
    if (isThere && isSourceName(await realPath(file))) refuse('it is a C source');
    if (isThere && read.has(identity)) refuse('it is read as well');
    if (written.has(identity)) throw new Failure(EXIT.usage, `two reports go to ${file}`);
    written.add(identity);
  }
}

/** The same for all names of a file; null = what is no regular file. */
async function identityOf(file: string): Promise<string | null> {
  const status = await stat(file, { bigint: true }).catch(() => null);
  if (status === null) return realPath(file);
  return status.isFile() ? `${status.dev}:${status.ino}` : null;
}

const realPath = (file: string): Promise<string> => realpath(file).catch(() => resolve(file));
const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

let isBroken = false;

/**
 * From now on a standard output that cannot be written is told, and makes the exit status that of a fatal error. Whoever reads
 * it may stop reading: `dma-audit check | head` is no error.
 */
export function watchStandardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isBroken) return;
    isBroken = true;
    tell(`dma-audit: standard output: ${reasonOf(error)}\n`);
    process.exitCode = EXIT.fatal;
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => {});
}

/** The exit status, given what a command ended with. */
export const statusWithOutput = (status: number): number => (isBroken ? EXIT.fatal : status);
