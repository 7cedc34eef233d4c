import { expect, test } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { checkUnit, DEFAULT_CHECK } from './check.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();

const driver = (start: string, open: string): string => `
static void port_free(struct port *p)
{
	dma_free_coherent(p->dev, 4096, p->ring, p->ring_dma);
}
static int port_start(struct port *p)
{
	int ret;

	p->ring = dma_alloc_coherent(p->dev, 4096, &p->ring_dma, GFP_KERNEL);
	if (!p->ring)
		return -ENOMEM;
	${start}
	return 0;
}
static int port_open(struct net_device *ndev)
{
	struct port *p = netdev_priv(ndev);
	int ret = port_start(p);

	if (ret)
		return ret;
	${open}
	return 0;
}
static int port_stop(struct net_device *ndev)
{
	port_free(netdev_priv(ndev));
	return 0;
}
static const struct net_device_ops ops = { .ndo_open = port_open, .ndo_stop = port_stop };
`;

async function reports(start: string, open: string): Promise<readonly string[]> {
  const unit = new Unit('file.c', driver(start, open), models, 'linux');
  const { diagnostics } = await checkUnit(new Project([unit], models, parser), unit, DEFAULT_CHECK);
  return diagnostics.filter(({ doubt }) => doubt === null).map((one) => `${one.rule} in ${one.function}`);
}

test('what a callee lost is told of the callee; what the entry point loses after it has worked, of the entry point', async () => {
  const link = 'ret = port_link(p); if (ret) return ret;';
  expect(await reports('', link)).toEqual(['buffer-leak in port_open']);
  const forgets = 'ret = port_irq(p); if (ret) { port_free(p); return ret; } ret = port_mac(p); if (ret) return ret;';
  expect(await reports(forgets, '')).toEqual(['buffer-leak in port_start']);
  expect(await reports(forgets, link)).toEqual(['buffer-leak in port_start', 'buffer-leak in port_open']);
});
