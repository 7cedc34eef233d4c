import { PLATFORMS, type Platform } from '@dma-audit/simulator';
import type { Dialect } from '../models/index.ts';
import type { PlatformChoice } from './protocol.ts';

/** Shown when nothing was chosen: they do the most. */
const LEADING: Readonly<Record<Dialect, string>> = { linux: 'tdx', edk2: 'iommudxe-tdx-no-pool' };

/** The platform of hovers, lenses and hints: the chosen one where it runs code of this dialect. */
export function chosenPlatform(chosen: string | null, dialect: Dialect): Platform {
  const named = (id: string | null): Platform | undefined =>
    PLATFORMS.find((one) => one.id === id && one.dialects.includes(dialect));
  const found = named(chosen) ?? named(LEADING[dialect]);
  if (!found) throw new Error(`no platform for ${dialect}`);
  return found;
}

export const platformChoice = ({ id, title, dialects }: Platform): PlatformChoice => ({ id, title, dialects });
