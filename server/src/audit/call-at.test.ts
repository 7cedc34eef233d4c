import { expect, test } from 'vitest';
import { calleeAt } from './call-at.ts';

/** The callee under the `|`. */
function at(marked: string): string | null {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const range = calleeAt(text, 0, offset);
  return range && text.slice(range.start, range.end);
}

test.each([
  ['x = dma_map|_single(dev, p, n, d);', 'dma_map_single'],
  ['|dma_map_single (dev)', 'dma_map_single'],
  ['dma_map_single|(dev)', 'dma_map_single'],
  ['Status = Dev->PciIo->M|ap (Dev->PciIo);', 'Dev->PciIo->Map'],
  ['Dev->Pci|Io->Mem.Write (x)', 'Dev->PciIo->Mem.Write'],
  ['list[i].ops -> un|map (x)', 'list[i].ops -> unmap'],
  ['f(dma_unmap_ad|dr(x, a))', 'dma_unmap_addr'],
])('%s', (marked, callee) => {
  expect(at(marked)).toBe(callee);
});

test.each([
  'nic->a|ddr = 3;',
  '// dma_map|_single(x)',
  '/* dma_map|_single(x) */',
  '"dma_map|_single(x)"',
  '| f(x)',
  'f(x|)',
])('%s is no callee', (marked) => {
  expect(at(marked)).toBeNull();
});
