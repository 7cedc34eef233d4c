/** Every replayer, one line each. */
import { edk2IoMmuDxe } from './edk2-iommudxe.ts';
import type { Replayer } from './replayer.ts';

export const replayers: readonly Replayer[] = [edk2IoMmuDxe];
