import { fwCfgRead } from './fw-cfg.ts';
import { grubBoot } from './grub-boot.ts';
import { hvmloaderRelocation } from './hvmloader.ts';
import { netReceive } from './net-receive.ts';
import { sriovPmem } from './sriov-pmem.ts';
import { swiotlbQueues } from './swiotlb-queues.ts';
import type { Workload } from './workload.ts';

export const WORKLOADS: readonly Workload[] = [
  grubBoot,
  fwCfgRead,
  hvmloaderRelocation,
  swiotlbQueues,
  sriovPmem,
  netReceive,
];
