/** Every replayer, one line each. */
import { edk2IoMmuDxe } from './edk2-iommudxe.ts';
import { linuxSwiotlb } from './linux-swiotlb.ts';
import type { Replayer } from './replayer.ts';

export const replayers: readonly Replayer[] = [linuxSwiotlb, edk2IoMmuDxe];
