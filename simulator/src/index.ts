/** @dma-audit/simulator: executes DMA programs on simulated memory systems. No dependencies, no Node APIs. */
export * from './machine/index.ts';
export * from './platforms/index.ts';
export type * from './program/index.ts';
