import { mergeResults } from '../audit/index.ts';
import { configFile } from './check.ts';
import type { ReportArguments } from './check-options.ts';
import { conclude, protectReports } from './conclude.ts';
import { loadConfig } from './config-files.ts';
import { readPartials } from './report-partial.ts';
import { rootOf } from './root.ts';

/** Runs `dma-audit merge`; gives the exit status. Throws a Failure when it cannot. */
export async function merge(files: readonly string[], given: ReportArguments): Promise<number> {
  const start = performance.now();
  const root = await rootOf(given.root);
  const { config } = await loadConfig(configFile(given), root);
  await protectReports(given, config, files);
  const partials = await readPartials(files);
  const { choice = 'default', scope = 'files' } = partials[0] ?? {};
  const { status } = await conclude({
    result: mergeResults(partials.map(({ result }) => result)),
    config,
    choice: typeof choice === 'string' ? choice : new Set(choice),
    given,
    root,
    start,
    scope,
    shard: null,
    refused: [],
    changedLines: null,
  });
  return status;
}
