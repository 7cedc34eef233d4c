import { CONFIG_NAME, type LoadedConfig, loadConfig as load } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';

export { CONFIG_NAME };

/** As of `audit`; throws a Failure that names every fault. */
export async function loadConfig(file: string | false | null, root: string): Promise<LoadedConfig> {
  const result = await load(file, root);
  if (!result.ok) throw new Failure(EXIT.configuration, result.faults);
  return result.loaded;
}
