import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** The directory to which files are named relative, absolute. Throws a Failure when there is none. */
export async function rootOf(root: string | undefined): Promise<string> {
  const path = resolve(root ?? '.');
  const status = await stat(path).catch((error: unknown) => {
    throw new Failure(EXIT.fatal, `--root ${root}: ${reasonOf(error)}`);
  });
  if (!status.isDirectory()) throw new Failure(EXIT.fatal, `--root ${root}: not a directory`);
  return path;
}

/** Reads a path from the command line: an empty one, from an empty variable of a script, would mean the current directory. */
export function pathArgument(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}
