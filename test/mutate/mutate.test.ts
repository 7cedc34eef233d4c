import { expect, it } from 'vitest';
import { Unit } from '../../server/src/audit/index.ts';
import { builtinModels, createModels } from '../../server/src/models/index.ts';
import { createParser } from '../../server/src/syntax/index.ts';
import { FunctionText } from './function-text.ts';
import { applied, before, OPERATORS, type Operator } from './mutant.ts';
import { mutantsOf } from './operators.ts';
import { parseOptions } from './options.ts';

const SOURCE = `
static int send(struct port *p, void *buf, size_t len)
{
	dma_addr_t addr;
	int ret, i;

	addr = dma_map_single(p->dev, buf, len,
			      DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, addr))
		return -ENOMEM;
	p->desc->address = cpu_to_le64(addr);
	ret = kick(p);
	if (ret)
		goto unmap;
	ret = finish(p);
unmap:
	dma_unmap_single(p->dev, addr, len,
			 DMA_TO_DEVICE);
	kfree(buf);
	return ret;
}
`;

const models = createModels(builtinModels);
const parser = await createParser();

function changes(operator: Operator, source = SOURCE): readonly string[] {
  const unit = new Unit('linux.c', source, models, 'linux');
  const [one] = [...unit.functions.values()];
  if (!one) throw new Error('no function');
  const { mutants } = mutantsOf(new FunctionText(unit, one, models, parser), [operator]);
  for (const { edit } of mutants) {
    const text = applied(source, edit);
    expect(text.split('\n')).toHaveLength(source.split('\n').length);
    expect(before(edit, 0)).toBe(0);
    expect(before(edit, text.length)).toBe(source.length);
  }
  return mutants.map(({ edit }) => edit.text.trim());
}

it.each<[Operator, readonly string[]]>([
  ['delete-release', [';']],
  ['delete-check', ['0']],
  ['swap-direction', ['DMA_FROM_DEVICE']],
  ['swap-family', ['dma_free_coherent(p->dev, len, buf, addr);']],
  [
    'duplicate-release',
    ['{ dma_unmap_single(p->dev, addr, len, DMA_TO_DEVICE); dma_unmap_single(p->dev, addr, len, DMA_TO_DEVICE); }'],
  ],
  ['free-before-release', ['kfree(buf); dma_unmap_single(p->dev, addr, len, DMA_TO_DEVICE);']],
  ['loop-one-short', []],
  ['return-before-unwind', ['return -EIO;']],
  ['host-address', ['virt_to_phys(buf)']],
  ['drop-common-map', []],
])('%s', (operator, expected) => {
  expect(changes(operator)).toEqual(expected);
});

it('a loop that releases is left one short', () => {
  const source = `
static int fill(struct ring *r)
{
	int i;

	for (i = 0; i < 4; i++) {
		r->dma[i] = dma_map_page(r->dev, r->page[i], 0, 4096, DMA_FROM_DEVICE);
		if (dma_mapping_error(r->dev, r->dma[i]))
			goto undo;
	}
	return 0;
undo:
	while (i--)
		dma_unmap_page(r->dev, r->dma[i], 4096, DMA_FROM_DEVICE);
	return -ENOMEM;
}
`;
  expect(changes('loop-one-short', source)).toEqual(['--i > 0']);
});

it('a function with one end only is left alone', () => {
  const source = SOURCE.replace(/\tdma_unmap_single[^;]*;\n/, '');
  expect(OPERATORS.flatMap((operator) => changes(operator, source))).toEqual([]);
});

it('options are checked', () => {
  expect(parseOptions(['--limit', '0'])).toHaveProperty('error');
  expect(parseOptions(['--operator', 'x'])).toHaveProperty('error');
  expect(parseOptions(['--limit', '5', 'drivers'])).toMatchObject({ limit: 5, directories: ['drivers'] });
});
