import { platformsFor } from '@dma-audit/simulator';
import { describe, expect, it } from 'vitest';
import { execute } from '../audit/findings.ts';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();
const platforms = platformsFor('linux', null);

/** What goes wrong between `begin` and `end`: the kind of fault, and the line where it shows. */
function faults(text: string): readonly string[] {
  const unit = new Unit('file.c', text, models, 'linux');
  const project = new Project([unit], models, parser);
  const source = project.function('begin', 'file.c');
  if (!source) throw new Error('no function begin');
  const exploration = sequences(project, source, DEFAULT_BUDGET);
  const found = execute(exploration, platforms).map(({ violation, place, certain }) => {
    const line = text.slice(text.lastIndexOf('\n', place.start) + 1, text.indexOf('\n', place.start)).trim();
    return `${certain ? 'sure' : 'maybe'} ${violation.kind}: ${line}`;
  });
  return [...new Set(found)];
}

const PROBE = `
static int begin(struct platform_device *pdev)
{
	struct card *c = devm_kzalloc(&pdev->dev, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	c->dev = &pdev->dev;
	c->cmd = dma_alloc_coherent(c->dev, 64, &c->cmd_dma, GFP_KERNEL);
	if (!c->cmd)
		return -ENOMEM;
	c->log = dma_alloc_coherent(c->dev, 4096, &c->log_dma, GFP_KERNEL);
	if (!c->log) {
		dma_free_coherent(c->dev, 64, c->cmd, c->cmd_dma);
		return -ENOMEM;
	}
	platform_set_drvdata(pdev, c);
	return 0;
}
`;

const CMD = 'dma_free_coherent(c->dev, 64, c->cmd, c->cmd_dma);';
const LOG = 'dma_free_coherent(c->dev, 4096, c->log, c->log_dma);';

const probed = (remove: string, more = ''): string => `${PROBE}${more}
static void end(struct platform_device *device)
{
	struct card *c = platform_get_drvdata(device);

	${remove.replaceAll('; ', ';\n\t')}
}
static struct platform_driver card_driver = { .probe = begin, .remove = end };
`;

describe('a device that was probed and is removed', () => {
  it('leaves nothing where all is released, whatever the order, and whoever does it', () => {
    expect(faults(probed(`${CMD} ${LOG}`))).toEqual([]);
    const off = `static void card_off(struct card *card) { ${LOG.replaceAll('c->', 'card->')} }`;
    expect(faults(probed(`card_off(c); ${CMD}`, off))).toEqual([]);
  });

  it('leaves what the remove function looks at but does not release', () => {
    expect(faults(probed(`c->log = NULL; ${CMD}`))).toEqual(['maybe lifecycle-leak: }']);
  });

  it('is told nothing of where some way through the remove function releases it', () => {
    expect(faults(probed(`c->log_dma = 0; ${CMD}`, `static void spare(struct card *c) { ${LOG} }`))).toEqual([]);
    expect(faults(probed(`if (c->flag) ${LOG} ${CMD}`))).toEqual([]);
    expect(
      faults(probed(`card_put(&c->log); ${CMD} dma_free_coherent(c->dev, 4096, card_log(c), c->log_dma);`)),
    ).toEqual([]);
  });

  it('may find changed what the probe has set', () => {
    const text = probed(`if (c->busy) dma_free_coherent(c->dev, 4096, c->log, c->log_dma); ${CMD}`);
    expect(faults(text.replace('platform_set_drvdata', 'c->busy = 0;\n\tplatform_set_drvdata'))).toEqual([]);
  });

  it('frees with the size with which it was allocated', () => {
    const wrong = LOG.replace('4096', '2048');
    expect(faults(probed(`${wrong} ${CMD}`))).toEqual([`maybe size-mismatch: ${wrong}`]);
  });

  it('may have been probed where what registers it tells', () => {
    const registering = PROBE.replace('\treturn 0;', '\treturn card_register(pdev);');
    expect(faults(probed(`c->log = NULL; ${CMD}`).replace(PROBE, registering))).toEqual(['maybe lifecycle-leak: }']);
  });

  it('frees by the address for the device what the CPU has no address of', () => {
    const remove = `dma_free_attrs(c->dev, 4096, NULL, c->log_dma, DMA_ATTR_NO_KERNEL_MAPPING); ${CMD}`;
    const allocate = ', GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);';
    const text = probed(remove).replace(
      /dma_alloc_coherent(.*4096.*), GFP_KERNEL\);/,
      (_, some) => `dma_alloc_attrs${some}${allocate}`,
    );
    expect(text).toContain('dma_alloc_attrs');
    expect(faults(text)).toEqual([]);
  });

  it('is told nothing of where the remove function comes to it in another way', () => {
    const text = `
static int begin(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *ndev = alloc_etherdev(64);
	struct card *c;

	if (!ndev)
		return -ENOMEM;
	c = card_of(ndev);
	c->log = dma_alloc_coherent(&pdev->dev, 4096, &c->log_dma, GFP_KERNEL);
	if (!c->log) {
		free_netdev(ndev);
		return -ENOMEM;
	}
	pci_set_drvdata(pdev, ndev);
	return 0;
}
static void end(struct pci_dev *pdev)
{
	struct net_device *ndev = pci_get_drvdata(pdev);
	struct card *c = netdev_priv(ndev);

	if (c->log)
		dma_free_coherent(&pdev->dev, 4096, c->log, c->log_dma);
	free_netdev(ndev);
}
static struct pci_driver card_driver = { .probe = begin, .remove = end };
`;
    expect(faults(text)).toEqual([]);
  });

  it('is not removed where the probe failed', () => {
    const failing = PROBE.replace('\treturn 0;', '\treturn -EIO;');
    const text = probed('c->log = NULL; c->cmd = NULL;').replace(PROBE, failing);
    expect(faults(text).filter((fault) => fault.includes('lifecycle'))).toEqual([]);
  });
});

const STREAM = `
static int begin(struct vb2_queue *q, unsigned int count)
{
	struct cam *cam = vb2_get_drv_priv(q);

	cam->dma = dma_map_single(cam->dev, cam->buf, 512, DMA_FROM_DEVICE);
	if (dma_mapping_error(cam->dev, cam->dma))
		return -ENOMEM;
	START
	return 0;
}
static void end(struct vb2_queue *queue)
{
	struct cam *cam = vb2_get_drv_priv(queue);

	STOP
}
static const struct vb2_ops ops = { .start_streaming = begin, .stop_streaming = end };
`;

const streamed = (start: string, stop: string): string =>
  STREAM.replace('START', start).replace('STOP', stop.replaceAll('; ', ';\n\t'));

const UNMAP = 'dma_unmap_single(cam->dev, cam->dma, 512, DMA_FROM_DEVICE);';

const GO = `struct dma_async_tx_descriptor *tx;

	tx = dmaengine_prep_slave_single(cam->chan, cam->dma, 512, DMA_DEV_TO_MEM, 0);
	if (!tx) {
		${UNMAP}
		return -EIO;
	}
	dmaengine_submit(tx);
	dma_async_issue_pending(cam->chan);`;

describe('a stream that was started and is stopped', () => {
  it('is unmapped as it was mapped', () => {
    expect(faults(streamed('', UNMAP))).toEqual([]);
    const wrong = UNMAP.replace('DMA_FROM_DEVICE', 'DMA_TO_DEVICE');
    expect(faults(streamed('', wrong))).toEqual([`maybe direction-mismatch: ${wrong}`]);
  });

  it('is unmapped when the device is done', () => {
    expect(faults(streamed(GO, `dmaengine_terminate_sync(cam->chan); ${UNMAP}`))).toEqual([]);
    expect(faults(streamed(GO, UNMAP))).toEqual([`maybe free-while-running: ${UNMAP}`]);
  });

  it('is told nothing of what the stop function does wrong by itself', () => {
    expect(faults(streamed('', `${UNMAP} ${UNMAP}`))).toEqual([]);
  });
});

describe('an object that a function returns', () => {
  it('is what its counterpart gets', () => {
    const text = (size: number): string => `
static struct ib_mr *begin(struct ib_pd *pd, enum ib_mr_type type, u32 count)
{
	struct mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);

	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->pages = dma_alloc_coherent(pd->dev, 4096, &mr->dma, GFP_KERNEL);
	if (!mr->pages) {
		kfree(mr);
		return ERR_PTR(-ENOMEM);
	}
	return &mr->ib;
}
static int end(struct ib_mr *ib, struct ib_udata *udata)
{
	struct mr *mr = container_of(ib, struct mr, ib);

	dma_free_coherent(mr->dev, ${size}, mr->pages, mr->dma);
	kfree(mr);
	return 0;
}
static const struct ib_device_ops ops = { .alloc_mr = begin, .dereg_mr = end };
`;
    expect(faults(text(4096))).toEqual([]);
    expect(faults(text(2048))).toEqual(['maybe size-mismatch: dma_free_coherent(mr->dev, 2048, mr->pages, mr->dma);']);
  });
});

describe('a device that sleeps and wakes', () => {
  const free = 'dma_free_coherent(dev, 4096, c->ring, c->ring_dma);';
  const waking = (
    resume: string,
    suspend: string,
    table = 'SIMPLE_DEV_PM_OPS(card_pm, card_suspend, begin);',
  ): string => `
static int card_suspend(struct device *dev)
{
	struct card *c = dev_get_drvdata(dev);

	${suspend}
	return 0;
}
static int begin(struct device *dev)
{
	struct card *c = dev_get_drvdata(dev);

	${resume}
	c->ring = dma_alloc_coherent(dev, 4096, &c->ring_dma, GFP_KERNEL);
	if (!c->ring)
		return -ENOMEM;
	return 0;
}
static int card_remove(struct device *dev)
{
	struct card *c = dev_get_drvdata(dev);

	${free}
	return 0;
}
static const ${table}
`;
  const lost = ['maybe buffer-leak: return 0;'];

  it('loses what it makes each time it wakes, if it does not release that before', () => {
    expect(faults(waking('', 'card_quiet(c);'))).toEqual(lost);
    expect(faults(waking('', free))).toEqual([]);
  });

  it('is told in whichever way the table is written', () => {
    const table = 'struct dev_pm_ops card_pm = { SET_SYSTEM_SLEEP_PM_OPS(card_suspend, begin) };';
    expect(faults(waking('', 'card_quiet(c);', table))).toEqual(lost);
    const named = 'struct dev_pm_ops card_pm = { .suspend = card_suspend, .resume = begin };';
    expect(faults(waking('', 'card_quiet(c);', named))).toEqual(lost);
    const other = 'struct dev_pm_ops card_pm = { .freeze = card_suspend, .resume = begin };';
    expect(faults(waking('', 'card_quiet(c);', other))).toEqual([]);
  });

  it('loses nothing that it releases in some way before it sleeps', () => {
    expect(faults(waking('', `if (c->busy) ${free}`))).toEqual([]);
  });

  it('makes nothing anew of what it still has', () => {
    expect(faults(waking('if (c->ring) return 0;', 'card_quiet(c);'))).toEqual([]);
  });
});
