/** Every replayer, one line each. */
import { edk2DmaLib } from './edk2-dmalib.ts';
import { edk2IoMmuDxe } from './edk2-iommudxe.ts';
import { edk2RootBridge } from './edk2-root-bridge.ts';
import { linuxIova } from './linux-iova.ts';
import { linuxSwiotlb } from './linux-swiotlb.ts';
import { powerpcDdw } from './powerpc-ddw.ts';
import { powerpcTce } from './powerpc-tce.ts';
import type { Replayer } from './replayer.ts';

export const replayers: readonly Replayer[] = [
  linuxSwiotlb,
  linuxIova,
  edk2IoMmuDxe,
  edk2RootBridge,
  edk2DmaLib,
  powerpcTce,
  powerpcDdw,
];
