import type { TransferDirection } from '../../bounce/swiotlb/index.ts';
import { GuestMemory } from '../../memory/guest-memory.ts';
import { SNP_LINUX } from '../../memory/snp.ts';
import type { Direction } from '../../program/index.ts';
import type { MemoryPart } from '../description.ts';

/** The memory of a confidential guest; null where memory is plain. */
export function guestMemory(part: MemoryPart): GuestMemory | null {
  const { technology, acceptLimit = '4k', batchEntries = SNP_LINUX.batchEntries, coherentAliases = false } = part;
  if (technology === 'plain') return null;
  return new GuestMemory({ technology, acceptLimit, coherentAliases, snp: { ...SNP_LINUX, batchEntries } });
}

/** A direction that the program does not tell is taken for both. */
export const transferOf = (direction: Direction): TransferDirection =>
  direction === 'to-device' || direction === 'from-device' ? direction : 'bidirectional';
