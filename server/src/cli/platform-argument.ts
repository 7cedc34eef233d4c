import { readFile } from 'node:fs/promises';
import { createPlatform, PLATFORMS, type Platform, validatePlatform } from '@dma-audit/simulator';
import { type Dialect, parseJsonFile } from '../models/index.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** Reads ids and files, repeated or separated by commas. */
export function platformList(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(',').map((one) => one.trim())];
}

/** For the help of every command that takes them. */
export const PLATFORM_WORDS =
  "platforms by id, or descriptions (.json), separated by commas; 'all' = each of the dialect";

/**
 * The platforms that somebody named, each once, in that order. Throws a Failure for one that does not exist, whose description
 * is faulty, or that does not run code of the dialect (null = of any).
 */
export async function platformsNamed(
  names: readonly string[],
  dialect: Dialect | null,
  unknown: typeof EXIT.fatal | typeof EXIT.usage = EXIT.usage,
): Promise<readonly Platform[]> {
  const platforms = new Map<string, Platform>();
  for (const name of names) {
    const found = name === 'all' ? PLATFORMS.filter((one) => runs(one, dialect)) : [await platformNamed(name, unknown)];
    for (const one of found) {
      if (!runs(one, dialect))
        throw new Failure(EXIT.usage, `${name} runs code of ${one.dialects.join(', ')}, and this is of ${dialect}`);
      const other = platforms.get(one.id);
      if (other !== undefined && other !== one)
        throw new Failure(EXIT.usage, `${name}: there is another platform '${one.id}' already`);
      platforms.set(one.id, one);
    }
  }
  return [...platforms.values()];
}

const runs = ({ dialects }: Platform, dialect: Dialect | null): boolean =>
  dialect === null || dialects.includes(dialect);

async function platformNamed(name: string, unknown: typeof EXIT.fatal | typeof EXIT.usage): Promise<Platform> {
  const known = PLATFORMS.find(({ id }) => id === name);
  if (known !== undefined) return known;
  if (!name.endsWith('.json'))
    throw new Failure(unknown, `there is no platform '${name}'; 'dma-audit platforms' lists them`);
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    throw new Failure(EXIT.configuration, `${name}: ${reasonOf(error)}`);
  });
  let platform: Platform | null = null;
  // The simulator has a validator of its own: it knows which parts go together.
  const parsed = parseJsonFile<unknown>(text, name, {}, (value) => {
    const verdict = validatePlatform(value);
    if (!verdict.ok) return verdict.errors.map((error) => ({ ...error, on: 'value' as const }));
    platform = createPlatform(verdict.description);
    return [];
  });
  if (platform !== null) return platform;
  const errors = parsed.ok ? [] : parsed.errors;
  throw new Failure(
    EXIT.configuration,
    errors.map(({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`),
  );
}
