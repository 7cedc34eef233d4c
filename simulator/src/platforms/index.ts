export { PLATFORMS, platformsFor } from './named.ts';
export type { Platform } from './platform.ts';
