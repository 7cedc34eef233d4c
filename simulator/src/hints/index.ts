export type { Hint, Saving } from './hint.ts';
export { hintPlatforms, hints, isHintKind } from './hints.ts';
