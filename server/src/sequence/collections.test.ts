import { describe, expect, it } from 'vitest';
import { checkUnit, DEFAULT_CHECK } from '../audit/check.ts';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** What is reported by default: the rule, and the line where it shows. */
async function reports(text: string): Promise<readonly string[]> {
  const unit = new Unit('drivers/file.c', text, models, 'linux');
  const { diagnostics, functions } = await checkUnit(new Project([unit], models, parser), unit, DEFAULT_CHECK);
  expect(functions.filter(({ state }) => state !== 'analysed')).toEqual([]);
  const lines = text.split('\n');
  return diagnostics.flatMap(({ rule, line, doubt }) =>
    doubt === null ? [`${rule}: ${lines[line - 1]?.trim()}`] : [],
  );
}

/** A function that fills a ring; `unwind` is what it does when turn `i` has failed. */
const filling = (unwind: string): string => `
static int fill(struct nic *n)
{
	int i;

	for (i = 0; i < ENTRIES; i++) {
		struct sk_buff *skb = netdev_alloc_skb(n->ndev, n->size);

		if (!skb)
			goto undo;
		n->ring[i].dma = dma_map_single(n->dev, skb->data, n->size, DMA_FROM_DEVICE);
		if (dma_mapping_error(n->dev, n->ring[i].dma)) {
			dev_kfree_skb(skb);
			goto undo;
		}
		n->ring[i].skb = skb;
	}
	return 0;
undo:
	${unwind}
	return -ENOMEM;
}
static int nic_open(struct net_device *ndev)
{
	struct nic *n = netdev_priv(ndev);
	int err = fill(n);

	if (err)
		return err;
	start_queue(n);
	return 0;
}
static int nic_stop(struct net_device *ndev)
{
	struct nic *n = netdev_priv(ndev);
	int i;

	for (i = 0; i < ENTRIES; i++) {
		dma_unmap_single(n->dev, n->ring[i].dma, n->size, DMA_FROM_DEVICE);
		dev_kfree_skb(n->ring[i].skb);
	}
	return 0;
}
static const struct net_device_ops nic_ops = { .ndo_open = nic_open, .ndo_stop = nic_stop };
`;

const releaseEntry = (i: string): string =>
  `{ dma_unmap_single(n->dev, n->ring[${i}].dma, n->size, DMA_FROM_DEVICE); dev_kfree_skb(n->ring[${i}].skb); }`;

/** Two rings for each queue. */
const queues = (undo: string): string => `
static int make_queues(struct nic *n)
{
	int i;

	for (i = 0; i < n->queues; i++) {
		struct queue *q = &n->queue[i];

		q->tx = dma_alloc_coherent(n->dev, 4096, &q->tx_dma, GFP_KERNEL);
		if (!q->tx)
			goto undo;
		q->rx = dma_alloc_coherent(n->dev, 8192, &q->rx_dma, GFP_KERNEL);
		if (!q->rx) {
			dma_free_coherent(n->dev, 4096, q->tx, q->tx_dma);
			goto undo;
		}
	}
	return 0;
undo:
	while (i--) {
		${undo}
	}
	return -ENOMEM;
}
`;

/** First one kind of ring, then another, in loops that a macro heads; `labels` is the way out. */
const phases = (labels: string, making: string): string => `
#define for_each_queue(count, index) \\
	for (index = 0; index < count; index++)

static int make_tx(struct device *dev, struct tx_queue *q, int size)
{
	q->ring = dma_alloc_coherent(dev, size, &q->dma, GFP_KERNEL);
	return q->ring ? 0 : -ENOMEM;
}
static void free_tx(struct device *dev, struct tx_queue *q, int size)
{
	dma_free_coherent(dev, size, q->ring, q->dma);
}
static int make_rx(struct device *dev, struct rx_queue *q, int size)
{
	q->ring = dma_alloc_coherent(dev, size, &q->dma, GFP_KERNEL);
	return q->ring ? 0 : -ENOMEM;
}
static void free_rx(struct device *dev, struct rx_queue *q, int size)
{
	dma_free_coherent(dev, size, q->ring, q->dma);
}
static int make_rings(struct nic *n)
{
	int i, err;

	for_each_queue(TX_QUEUES, i) {
		err = make_tx(n->dev, n->tx[i], 4096);
		if (err)
			goto undo_tx;
	}
	for_each_queue(RX_QUEUES, i) {
		err = make_rx(n->dev, n->rx[i], 4096);
		if (err)
			goto undo_rx;
	}
	return 0;
${labels}
}
static int nic_open(struct net_device *ndev)
{
	struct nic *n = netdev_priv(ndev);
	int i;

	${making}
	if (start_engine(n)) {
		for_each_queue(TX_QUEUES, i)
			free_tx(n->dev, n->tx[i], 4096);
		for_each_queue(RX_QUEUES, i)
			free_rx(n->dev, n->rx[i], 4096);
		return -EIO;
	}
	return 0;
}
static const struct net_device_ops nic_ops = { .ndo_open = nic_open };
`;

const UNDO_TX = 'undo_tx:\n\twhile (i--)\n\t\tfree_tx(n->dev, n->tx[i], 4096);\n\treturn err;\n';
const UNDO_RX = 'undo_rx:\n\twhile (i--)\n\t\tfree_rx(n->dev, n->rx[i], 4096);\n';

/** A probe function that counts its channels in a helper. */
const channels = (count: string): string => `
static int read_properties(struct device_node *np, struct engine *e)
{
	if (of_property_read_u32(np, "channels", &e->count))
		return -EINVAL;
	return e->count > MOST ? -EINVAL : 0;
}
static int engine_probe(struct platform_device *pdev)
{
	struct engine *e = devm_kzalloc(&pdev->dev, sizeof(*e), GFP_KERNEL);
	int i, made, err;

	if (!e)
		return -ENOMEM;
	err = read_properties(pdev->dev.of_node, e);
	if (err)
		return err;
	platform_set_drvdata(pdev, e);
	for (i = 0; i < e->count; i++) {
		e->channel[i].list = dma_alloc_coherent(&pdev->dev, 4096, &e->channel[i].list_dma, GFP_KERNEL);
		if (!e->channel[i].list) {
			err = -ENOMEM;
			goto undo;
		}
	}
	return 0;
undo:
	made = ${count};
	for (i = 0; i < made; i++)
		dma_free_coherent(&pdev->dev, 4096, e->channel[i].list, e->channel[i].list_dma);
	return err;
}
static void engine_remove(struct platform_device *pdev)
{
	struct engine *e = platform_get_drvdata(pdev);
	int i;

	for (i = 0; i < e->count; i++)
		dma_free_coherent(&pdev->dev, 4096, e->channel[i].list, e->channel[i].list_dma);
}
static struct platform_driver engine_driver = { .probe = engine_probe, .remove = engine_remove };
`;

/** A packet of several pieces; `undo` is what happens when a piece cannot be mapped. */
const sending = (undo: string): string => `
static netdev_tx_t nic_xmit(struct sk_buff *skb, struct net_device *ndev)
{
	struct nic *n = netdev_priv(ndev);
	unsigned int first = n->next, at = first;
	dma_addr_t addr;
	int i;

	addr = dma_map_single(n->dev, skb->data, skb_headlen(skb), DMA_TO_DEVICE);
	if (dma_mapping_error(n->dev, addr))
		goto drop;
	n->tx[at].dma = addr;
	n->tx[at].len = skb_headlen(skb);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		at = (at + 1) % ENTRIES;
		addr = skb_frag_dma_map(n->dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);
		if (dma_mapping_error(n->dev, addr))
			goto undo;
		n->tx[at].dma = addr;
		n->tx[at].len = skb_frag_size(frag);
	}
	n->tx[at].skb = skb;
	n->next = (at + 1) % ENTRIES;
	start_transmit(n);
	return NETDEV_TX_OK;
undo:
	${undo}
drop:
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}
static void nic_reclaim(struct nic *n)
{
	struct slot *tx = &n->tx[n->oldest];

	dma_unmap_single(n->dev, tx->dma, tx->len, DMA_TO_DEVICE);
	dev_consume_skb_any(tx->skb);
}
`;

const UNDO_HEAD = 'dma_unmap_single(n->dev, n->tx[first].dma, n->tx[first].len, DMA_TO_DEVICE);';
const UNDO_PIECES = `while (i--) {
		at = (at + ENTRIES - 1) % ENTRIES;
		dma_unmap_page(n->dev, n->tx[at].dma, n->tx[at].len, DMA_TO_DEVICE);
	}
	`;

/** A list of transfers, which callers unmap when they have run. */
const transfers = (undo: string): string => `
static void unmap_message(struct bus *b, struct message *m);
static int map_message(struct bus *b, struct message *m)
{
	struct transfer *t;

	list_for_each_entry(t, &m->transfers, list) {
		t->dma = dma_map_single(b->dev, t->data, t->len, DMA_TO_DEVICE);
		if (dma_mapping_error(b->dev, t->dma)) {
			${undo}
			return -ENOMEM;
		}
		t->is_mapped = true;
	}
	return 0;
}
static void unmap_message(struct bus *b, struct message *m)
{
	struct transfer *t;

	list_for_each_entry(t, &m->transfers, list) {
		if (t->is_mapped)
			dma_unmap_single(b->dev, t->dma, t->len, DMA_TO_DEVICE);
		t->is_mapped = false;
	}
}
static int run_message(struct bus *b, struct message *m)
{
	int err = map_message(b, m);

	if (err)
		return err;
	err = start_message(b, m);
	unmap_message(b, m);
	return err;
}
`;

/** Buffers of which the device cannot reach some. */
const refilling = (undo: string): string => `
static int refill(struct nic *n)
{
	int added = 0;

	while (n->room > 0) {
		struct sk_buff *skb = netdev_alloc_skb(n->ndev, 2048);
		dma_addr_t dma;

		if (!skb)
			break;
		dma = dma_map_single(n->dev, skb->data, 2048, DMA_FROM_DEVICE);
		if (dma_mapping_error(n->dev, dma)) {
			dev_kfree_skb(skb);
			break;
		}
		if (upper_32_bits(dma)) {
			${undo}
			dev_kfree_skb(skb);
			break;
		}
		n->rx[n->head].skb = skb;
		n->rx[n->head].dma = dma;
		n->head = (n->head + 1) % ENTRIES;
		n->room--;
		added++;
	}
	return added;
}
`;

/** The rules that report something. */
const rulesOf = async (text: string): Promise<readonly string[]> =>
  (await reports(text)).map((one) => one.slice(0, one.indexOf(':')));

describe('what earlier turns of a loop have made, when a later one fails', () => {
  it.each([
    ['in no way', filling('')],
    ['but for the first', filling(`while (--i > 0) ${releaseEntry('i')}`)],
    ['but for the last', filling(`for (int j = 0; j < i - 1; j++) ${releaseEntry('j')}`)],
    ['but always the same one', filling(`for (int j = 0; j < i; j++) ${releaseEntry('i')}`)],
    ['but for the pieces', sending(UNDO_HEAD)],
    ['but for the head', sending(UNDO_PIECES)],
    ['in no way, though the packet is dropped', sending('')],
    ['in no way, though callers unmap what worked', transfers('')],
    ['in no way, and the memory is freed', refilling('')],
  ])('is taken back %s', async (_, text) => {
    expect(await rulesOf(text)).toContain('mapping-leak');
  });

  it.each([
    ['but one of two arrays', queues('dma_free_coherent(n->dev, 4096, n->queue[i].tx, n->queue[i].tx_dma);')],
    ['but for the last, by a count', channels('i ? i - 1 : 0')],
    ['but for an earlier loop', phases(`${UNDO_TX}${UNDO_RX}\treturn err;`, 'if (make_rings(n))\n\t\treturn -ENOMEM;')],
    ['but for an earlier loop, and callers go on', phases(`${UNDO_TX}${UNDO_RX}\treturn err;`, 'make_rings(n);')],
  ])('is freed %s', async (_, text) => {
    expect(await rulesOf(text)).toEqual(['buffer-leak']);
  });

  it.each([
    ['backwards', filling(`while (i--) ${releaseEntry('i')}`)],
    ['backwards, counted down first', filling(`while (--i >= 0) ${releaseEntry('i')}`)],
    ['backwards, by for', filling(`for (i--; i >= 0; i--) ${releaseEntry('i')}`)],
    ['forwards', filling(`for (int j = 0; j < i; j++) ${releaseEntry('j')}`)],
    ['pieces and head', sending(UNDO_PIECES + UNDO_HEAD)],
    ['by the function of the callers', transfers('unmap_message(b, m);')],
    ['before the memory is freed', refilling('dma_unmap_single(n->dev, dma, 2048, DMA_FROM_DEVICE);')],
    [
      'both arrays',
      queues(
        'dma_free_coherent(n->dev, 8192, n->queue[i].rx, n->queue[i].rx_dma); dma_free_coherent(n->dev, 4096, n->queue[i].tx, n->queue[i].tx_dma);',
      ),
    ],
    ['by a count', channels('i')],
    [
      'and what an earlier loop made',
      phases(`${UNDO_RX}\ti = TX_QUEUES;\n${UNDO_TX}`, 'if (make_rings(n))\n\t\treturn -ENOMEM;'),
    ],
  ])('is right to be taken back %s', async (_, text) => {
    expect(await reports(text)).toEqual([]);
  });

  it('is taken back with what was never made', async () => {
    expect(await rulesOf(filling(`for (; i >= 0; i--) ${releaseEntry('i')}`))).toEqual(['unmap-after-failed-map']);
  });
});
