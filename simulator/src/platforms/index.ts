export { createPlatform } from './compose.ts';
export { type CostCounts, type CostEstimate, type CostRange, estimate, rangeOf } from './cost-estimate.ts';
export { COSTS, type CostFigure, type CostId, type CostKind } from './costs.ts';
export type {
  BouncePart,
  DevicePart,
  IommuPart,
  MemoryPart,
  PlatformCosts,
  PlatformDescription,
  PricedEvent,
} from './description.ts';
export { DEFAULT_PLATFORM_IDS, PLATFORMS, platformsFor } from './named.ts';
export { describeParts, type PlatformWords } from './parts.ts';
export type { Platform } from './platform.ts';
export { costOf, type PlatformCost } from './platform-cost.ts';
export { PLATFORM_SCHEMA } from './schema.ts';
export { type PlatformError, type PlatformVerdict, validatePlatform } from './validate.ts';
