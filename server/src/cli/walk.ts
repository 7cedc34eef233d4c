import { IgnoreFileError, type SkippedFile, walk as walkSources } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';

/** As of `audit`; throws a Failure for an ignore file that cannot be read. */
export function walk(top: string, skipped: SkippedFile[]): Promise<readonly string[]> {
  return walkSources(top, skipped).catch((error: unknown) => {
    throw error instanceof IgnoreFileError ? new Failure(EXIT.configuration, error.message) : error;
  });
}
