/** @dma-audit/simulator: executes DMA programs on simulated memory systems. No dependencies, no Node APIs. */
export type * from './program/index.ts';
