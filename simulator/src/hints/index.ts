export type { Hint, Saving } from './hint.ts';
export { hintPlatforms, hints } from './hints.ts';
