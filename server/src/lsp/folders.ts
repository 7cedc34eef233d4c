import { relative, sep } from 'node:path';
import { type Baseline, extendConfig, loadConfig, parseBaseline, readSource } from '../audit/index.ts';
import { pathOf } from './document.ts';
import type { AnalysisSettings } from './messages.ts';
import { budgetOf, configOf, type Settings } from './settings.ts';

/** The folders of a workspace, each with its own configuration. */
export class Folders {
  #paths: readonly string[] = [];
  #files: ReadonlySet<string> = new Set();

  /** Absolute paths. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  change(added: readonly { readonly uri: string }[], removed: readonly { readonly uri: string }[]): void {
    const gone = new Set(removed.map(({ uri }) => pathOf(uri)));
    this.#paths = [...new Set([...this.#paths, ...added.map(({ uri }) => pathOf(uri))])].filter(
      (one) => !gone.has(one),
    );
  }

  /** A file that a configuration was read from, or may be read from. */
  isConfiguration(path: string): boolean {
    return this.#files.has(path) || path.endsWith(`${sep}dma-audit.json`);
  }

  /** What holds in each folder, and outside of all of them; the faults of their configurations. */
  async settings(
    user: Settings,
  ): Promise<{ readonly settings: readonly AnalysisSettings[]; readonly faults: readonly string[] }> {
    const own = configOf(user);
    const budget = budgetOf(user);
    const settings: AnalysisSettings[] = [{ root: null, config: own, models: [], budget, baseline: null }];
    const faults: string[] = [];
    const files = new Set<string>();
    for (const root of this.#paths) {
      const result = await loadConfig(null, root);
      if (!result.ok) {
        faults.push(...result.faults);
        settings.push({ root, config: own, models: [], budget, baseline: null });
        continue;
      }
      const { config, models } = result.loaded;
      for (const file of result.loaded.files) files.add(file);
      const baseline = config.baseline === undefined ? null : await readBaseline(config.baseline, faults);
      if (config.baseline !== undefined) files.add(config.baseline);
      settings.push({ root, config: extendConfig(own, config), models, budget, baseline });
    }
    this.#files = files;
    return { settings, faults };
  }
}

async function readBaseline(path: string, faults: string[]): Promise<Baseline | null> {
  const text = await readSource(path);
  const parsed = text.ok ? parseBaseline(text.text) : text;
  if (parsed.ok) return parsed.baseline;
  faults.push(`${path}: ${parsed.reason}`);
  return null;
}

/** The settings of the innermost folder that a file lies in. */
export function settingsFor<T extends { readonly root: string | null }>(
  all: readonly T[],
  path: string,
): T | undefined {
  const inside = all.filter(({ root }) => root !== null && isWithin(root, path));
  return (
    inside.sort((a, b) => (b.root?.length ?? 0) - (a.root?.length ?? 0))[0] ?? all.find(({ root }) => root === null)
  );
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`);
}
