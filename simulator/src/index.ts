/**
 * @dma-audit/simulator: executes DMA programs on simulated memory systems. No dependencies, no Node APIs.
 *
 * `parseDmaseq`, `compileDmaseq` and `runDmaseq` run a text; `run` and `trace` a program; `PLATFORMS` and `createPlatform` are
 * what it runs on. The parts are here by themselves as well: IoMmuDxe, swiotlb, IOVA, TCE, guest memory.
 */
export * from './bounce/index.ts';
export * from './dmaseq/index.ts';
export * from './hints/index.ts';
export * from './import/index.ts';
export * from './iommu/index.ts';
export * from './machine/index.ts';
export * from './memory/index.ts';
export * from './platforms/index.ts';
export type * from './program/index.ts';
export * from './workloads/index.ts';
