/** Every replayer, one line each. */
import type { Replayer } from './replayer.ts';

export const replayers: readonly Replayer[] = [];
