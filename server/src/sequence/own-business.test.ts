import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** Why `transfer` in `port.c` loses its mapping, in a directory with these other files. */
function losses(port: string, others: Readonly<Record<string, string>> = {}): readonly string[] {
  const units = Object.entries({ 'port.c': port, ...others }).map(
    ([name, text]) => new Unit(name, text, models, 'linux'),
  );
  const project = new Project(units, models, parser);
  const source = project.function('transfer', 'port.c');
  if (!source) throw new Error('no function');
  const { paths } = sequences(project, source, DEFAULT_BUDGET);
  const found = paths.flatMap((p) =>
    p.program.operations.flatMap((o) => (o.op === 'lose' ? [`${o.why} ${o.certain}`] : [])),
  );
  return [...new Set(found)];
}

const CALLER = 'static int use(struct port *p)\n{\n\treturn transfer(p);\n}\n';

const READER = `static int read_block(struct port *p)
{
	dma_addr_t a = dma_map_single(p->dev, p->buf, 64, DMA_FROM_DEVICE);

	if (dma_mapping_error(p->dev, a))
		return -EIO;
	run(p, 0);
	dma_unmap_single(p->dev, a, 64, DMA_FROM_DEVICE);
	return 0;
}
`;

const RELEASER = 'void tidy(struct port *p)\n{\n\tdma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);\n}\n';

const STOP = 'static void stop(struct port *p)\n{\n\ttidy(p);\n}\n';

const transfer = (start: string): string => `static int transfer(struct port *p)
{
	p->addr = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->addr))
		return -EIO;
	${start}
	return 0;
}
${CALLER}`;

describe('in a driver where each function ends its own mappings, one that is left', () => {
  it('in a field is lost', () => {
    expect(losses(transfer('run(p, 1);') + READER)).toEqual(['lifecycle-end false']);
  });

  it('may be ended by one that ends others, too', () => {
    expect(losses(transfer('run(p, 1);') + READER + RELEASER)).toEqual([]);
  });

  it('is lost though another driver of the directory ends such, and calls the same library', () => {
    const library = 'void run(struct port *p, int n)\n{\n\twritel(n, p->base);\n}\n';
    const other = `${RELEASER}static void other(struct port *p)\n{\n\trun(p, 2);\n\ttidy(p);\n}\n`;
    const files = { 'library.c': library, 'other.c': other };
    expect(losses(transfer('run(p, 1);') + READER, files)).toEqual(['lifecycle-end false']);
  });

  it.each([
    ['that it calls', transfer('run(p, 1);') + READER + STOP, RELEASER],
    [
      'that calls it',
      `${transfer('run(p, 1);')}${READER}int port_use(struct port *p)\n{\n\treturn use(p);\n}\n`,
      `${RELEASER}static void other(struct port *p)\n{\n\tport_use(p);\n}\n`,
    ],
  ])('may be ended in a file %s', (_which, port, other) => {
    expect(losses(port, { 'other.c': other })).toEqual([]);
  });

  const LENT = 'p->start(p, a)';
  const lent = `static int transfer(struct port *p)
{
	dma_addr_t a = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, a))
		return -EIO;
	${LENT};
	return 0;
}
${CALLER}`;

  it('is lost though it was handed to somebody through a pointer', () => {
    expect(losses(lent + READER)).toEqual(['lifecycle-end false']);
  });

  it('may be ended by whom it was handed to, where somebody ends what others make', () => {
    expect(losses(lent + READER + RELEASER)).toEqual([]);
  });

  it('may be ended by a function whose name says so', () => {
    expect(losses(lent.replace(LENT, 'port_release(p, a)') + READER)).toEqual([]);
  });
});
