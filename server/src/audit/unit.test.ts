import fc from 'fast-check';
import { expect, it } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();

const text = `#include <linux/dma-mapping.h>
struct priv { dma_addr_t ring[4]; void *buf; };
static dma_addr_t table[8];

static int first(struct priv *p)
{
	p->ring[0] = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->ring[0]))
		return -ENOMEM;
	return 0;
}

static void second(struct priv *p)
{
	dma_unmap_single(p->dev, p->ring[0], 64, DMA_TO_DEVICE);
}

static int third(struct priv *p)
{
	return first(p);
}
`;

const known = (unit: Unit) => ({
  functions: [...unit.functions.values()].map(({ content, ...rest }) => ({ ...rest, text: content.text })),
  data: unit.data,
  graphs: [...unit.functions.values()].map((f) => unit.graph(f, parser)),
});

it('a unit after edits equals a fresh one', () => {
  const piece = fc.constantFrom(
    '\n',
    '{',
    '}',
    '}\n',
    '\tfoo(p->x);\n',
    '#if 0\n',
    '#endif\n',
    '#define first 0\n',
    '#if first\n',
    '#ifdef first\n',
    '/*',
    '*/',
    '"',
    'x',
    '',
  );
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat(30), piece });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      let now = text;
      let unit = new Unit('a.c', text, models, 'linux');
      for (const { at, removed, piece: inserted } of edits) {
        for (const f of unit.functions.values()) unit.graph(f, parser);
        const start = Math.floor(at * now.length);
        now = now.slice(0, start) + inserted + now.slice(start + removed);
        unit = new Unit('a.c', now, models, 'linux', unit);
      }
      expect(known(unit)).toEqual(known(new Unit('a.c', now, models, 'linux')));
    }),
    { numRuns: 300 },
  );
});

it('functions whose text did not change are the same objects', () => {
  const unit = new Unit('a.c', text, models, 'linux');
  const next = new Unit('a.c', text.replace('return first(p)', 'return first(p) + 1'), models, 'linux', unit);
  const same = (name: string) => next.functions.get(name)?.content === unit.functions.get(name)?.content;
  expect(['first', 'second', 'third'].map(same)).toEqual([true, true, false]);
});
