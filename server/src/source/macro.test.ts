import { expect, test } from 'vitest';
import { maskMacro } from './macro.ts';
import { maskSource } from './mask.ts';
import { sliceTopLevel } from './slice.ts';

function masked(text: string): string {
  const [macro] = sliceTopLevel(text, maskSource(text, 'linux'));
  if (macro?.kind !== 'macro') throw new Error('no macro');
  const result = maskMacro(text, macro, 'linux');
  const at = result.text.indexOf('dma_map');
  if (at >= 0) expect(result.start + at).toBe(text.indexOf('dma_map'));
  return result.text.replace(/\s+/g, ' ');
}

test.each([
  ['#define A(d, p) dma_map(d, p)', 'int f(){dma_map(d, p);}'],
  [
    '#define A(d, p) \\\n\t({ dma_addr_t a; \\\n\t   a = dma_map(d, p); a; })\n',
    'int f(){({ dma_addr_t a; a = dma_map(d, p); a; });}',
  ],
  ['#define A(n) do { op_##n(1); say(#n, "#"); } while (0)', 'int f(){do { op_ (1); say( n, "#"); } while (0);}'],
  ['#define A(f, ...) say(f, ##__VA_ARGS__)', 'int f(){say(f );}'],
  ['#define A(p) container_of(p, struct s, m)', 'int f(){container_of(p, s, m);}'],
  ['#define A', 'int f(){;}'],
])('%s', (text, expected) => {
  expect(masked(text)).toBe(expected);
});
