import manifest from '../../package.json' with { type: 'json' };

export const NAME: string = manifest.name;
export const VERSION: string = manifest.version;
/** Exact versions of the packages that are used at run time. */
export const DEPENDENCIES: Readonly<Record<string, string>> = manifest.dependencies;
