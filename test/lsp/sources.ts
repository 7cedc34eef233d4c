import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from 'vscode-languageserver/node';

export const examples = join(import.meta.dirname, '../../examples');

export const NIC = join(examples, 'linux/mailbox_nic.c');

export const nicText = readFileSync(NIC, 'utf8');

/** Where the `n`th (from 0) occurrence of `needle` begins, and `by` characters behind. */
export function placeOf(text: string, needle: string, n = 0, by = 0): Position {
  let at = -1;
  for (let i = 0; i <= n; i++) at = text.indexOf(needle, at + 1);
  if (at < 0) throw new Error(`there is no ${needle}`);
  const lines = text.slice(0, at).split('\n');
  return { line: lines.length - 1, character: (lines.at(-1) ?? '').length + by };
}

/** A function that maps and does not test: one finding, `unchecked-mapping`. */
export const sendOf = (name: string): string => `
static int ${name}(struct nic *nic, void *data, size_t size)
{
	dma_addr_t addr = dma_map_single(nic->dev, data, size, DMA_TO_DEVICE);

	writel(lower_32_bits(addr), nic->regs + 0x10);
	nic->addr = addr;
	return 0;
}
`;
