import manifest from '../../package.json' with { type: 'json' };

export const NAME: string = manifest.name;
export const VERSION: string = manifest.version;
/** Exact versions of the packages that are used at run time. */
export const DEPENDENCIES: Readonly<Record<string, string>> = manifest.dependencies;

/** What a manifest says of where the project lives, if it says it. */
interface Published {
  readonly homepage?: string;
  readonly repository?: string | { readonly url?: string };
}

const published: Published & { readonly name: string } = manifest;

/** The address of the project; null as long as the manifest names none. */
export const HOMEPAGE: string | null = homeOf(published);

/** Where the page of a rule of this version lies, with `{rule}` in it; null as long as the manifest names no repository. */
export const RULE_HELP: string | null = ruleHelpOf(published, VERSION);

export function homeOf({ homepage, repository }: Published): string | null {
  return homepage ?? webAddress(repository);
}

export function ruleHelpOf({ repository }: Published, version: string): string | null {
  const address = webAddress(repository);
  return address === null ? null : `${address}/blob/v${version}/server/src/rules/{rule}.md`;
}

/** `git+https://host/owner/name.git` as a browser has it. */
function webAddress(repository: Published['repository']): string | null {
  const url = typeof repository === 'string' ? repository : repository?.url;
  return /^(?:git\+)?(https?:\/\/.+?)(?:\.git)?\/?$/.exec(url ?? '')?.[1] ?? null;
}
