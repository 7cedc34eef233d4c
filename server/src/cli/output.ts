import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** Writes to the file, or to standard output when that is null, and waits until everything is out. */
export async function writeOutput(file: string | null, text: string): Promise<void> {
  if (file === null) return new Promise((done) => process.stdout.write(text, () => done()));
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new Failure(EXIT.fatal, `--output ${file}: ${reasonOf(error)}`);
  }
}

/** Whoever reads our output may stop reading: `dma-audit check | head` is no error. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Has this stream colours? NO_COLOR and FORCE_COLOR decide before the terminal does. */
export function hasColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return stream.isTTY === true && stream.hasColors();
}
