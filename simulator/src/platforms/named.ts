import type { Dialect } from '../machine/memory-system.ts';
import { createPlatform } from './compose.ts';
import { FIRMWARE_PLATFORMS } from './named-firmware.ts';
import { LINUX_PLATFORMS } from './named-linux.ts';
import type { Platform } from './platform.ts';

/** Every platform that comes out of the box. */
export const PLATFORMS: readonly Platform[] = [...LINUX_PLATFORMS, ...FIRMWARE_PLATFORMS].map(createPlatform);

/** On these the checker runs every faulty path, unless it is told others: one for each way in which memory can differ. */
export const DEFAULT_PLATFORM_IDS: ReadonlySet<string> = new Set([
  'direct',
  'noncoherent',
  'vtd-strict',
  'swiotlb',
  'sev',
  'tdx',
  'iommudxe-sev',
  'iommudxe-tdx',
  'root-bridge-4g',
]);

/** The platforms of a dialect: the default ones, or those with these identifiers. In the order of `PLATFORMS`. */
export const platformsFor = (dialect: Dialect, ids: ReadonlySet<string> | null = null): readonly Platform[] =>
  PLATFORMS.filter((p) => p.dialects.includes(dialect) && (ids ?? DEFAULT_PLATFORM_IDS).has(p.id));
