import { describe, expect, it, test } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { checkUnit, DEFAULT_CHECK } from './check.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** "rule" of what is told to everybody, "rule?" of what is doubtful. */
async function told(text: string): Promise<readonly string[]> {
  const unit = new Unit('file.c', text, models, 'linux');
  const { diagnostics } = await checkUnit(new Project([unit], models, parser), unit, DEFAULT_CHECK);
  return diagnostics.map(({ rule, doubt }) => `${rule}${doubt === null ? '' : '?'}`);
}

const sure = async (text: string): Promise<readonly string[]> => (await told(text)).filter((one) => !one.endsWith('?'));

describe('memory that is freed while it is mapped', () => {
  const probe = (undo: string): string => `
static void port_unmap(struct port *p)
{
	if (p->mapped)
		dma_unmap_single(p->dev, p->dma, 64, DMA_TO_DEVICE);
}
int port_probe(struct port *p)
{
	void *buf = kmalloc(64, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	p->dma = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->dma)) {
		kfree(buf);
		return -ENOMEM;
	}
	if (port_start(p)) {
		${undo}
		kfree(buf);
		return -EIO;
	}
	return 0;
}
`;

  it('is told', async () => {
    expect(await told(probe(''))).toEqual(['mapping-leak']);
  });

  it('is doubtful where a callee before it releases such a mapping on some of its ways', async () => {
    expect(await told(probe('port_unmap(p);'))).toEqual(['mapping-leak?']);
  });

  it('is none where nothing but an impossible number of fragments frees it', async () => {
    const send = (count: string): string => `
int port_send(struct port *p, struct sk_buff *skb)
{
	int n = skb_shinfo(skb)->${count} + 1;
	dma_addr_t dma = dma_map_single(p->dev, skb->data, skb->len, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		n = 0;
	else
		p->ring->address = cpu_to_le64(dma);
	if (n <= 0)
		dev_kfree_skb_any(skb);
	return 0;
}
`;
    expect(await sure(send('nr_frags'))).toEqual([]);
    expect(await told(send('balance'))).toEqual(['mapping-leak']);
  });
});

describe('a release of another family', () => {
  const init = (undo: string): string => `
int ring_init(struct port *p, int index)
{
	if (index == 0 && p->sram)
		p->ring = ioremap(p->sram, 4096);
	else
		p->ring = dma_alloc_coherent(p->dev, 4096, &p->dma, GFP_KERNEL);
	if (!p->ring)
		return -ENOMEM;
	ring_fill(p);
	if (!ring_start(p))
		return 0;
	${undo}
	return -EIO;
}
`;

  it('is told', async () => {
    expect(await told(init('kfree(p->ring);'))).toContain('api-mismatch');
  });

  it('is told where another arm releases it rightly, and nothing is made that this one is for', async () => {
    const open = `
int port_open(struct port *p, void *buf)
{
	dma_addr_t dma = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	if (port_start(p, buf)) {
		dma_free_coherent(p->dev, 64, buf, dma);
		return -EIO;
	}
	dma_unmap_single(p->dev, dma, 64, DMA_TO_DEVICE);
	return 0;
}
`;
    expect(await told(open)).toEqual(['api-mismatch']);
  });

  it('is doubtful where the other arm of a decision releases the same thing by the right one', async () => {
    const undo = 'if (index == 0 && p->sram) kfree(p->ring); else dma_free_coherent(p->dev, 4096, p->ring, p->dma);';
    expect(await told(init(undo))).toEqual(['api-mismatch?']);
  });
});

describe('a mapping that code which is not seen may have ended', () => {
  const send = (undo: string): string => `
int port_send(struct port *p, void *buf)
{
	dma_addr_t dma = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	if (p->ops->start(p, dma)) {
		${undo}
		return -EIO;
	}
	dma_unmap_single(p->dev, dma, 64, DMA_TO_DEVICE);
	return 0;
}
`;

  it("is the function's own where it ends it itself", async () => {
    const right = 'dma_unmap_single(p->dev, dma, 64, DMA_TO_DEVICE);';
    expect(await told(send(right))).toEqual([]);
    expect(await told(send(right + right))).toEqual(['double-unmap']);
    expect(await told(send('dma_unmap_single(p->dev, dma, 64, DMA_FROM_DEVICE);'))).toEqual(['direction-mismatch']);
    expect(await told(send('dma_free_coherent(p->dev, 64, buf, dma);'))).toEqual(['api-mismatch']);
  });

  it('may be another that is ended in another direction', async () => {
    const either = `
int port_send(struct port *p, struct req *r)
{
	dma_addr_t dma;

	if (r->src == r->dst)
		dma = dma_map_single(p->dev, r->src, 64, DMA_BIDIRECTIONAL);
	else
		dma = dma_map_single(p->dev, r->src, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	p->ops->start(p, r, dma);
	if (r->src == r->dst)
		dma_unmap_single(p->dev, dma, 64, DMA_BIDIRECTIONAL);
	else
		dma_unmap_single(p->dev, dma, 64, DMA_TO_DEVICE);
	return 0;
}
`;
    expect(await sure(either)).toEqual([]);
  });
});

describe('what a loop makes and releases', () => {
  const fill = (undo: string): string => `
int ring_fill(struct port *p, void **bufs)
{
	int i;

	for (i = 0; i < p->size; i++) {
		p->ring[i].dma = dma_map_single(p->dev, bufs[i], 64, DMA_FROM_DEVICE);
		if (dma_mapping_error(p->dev, p->ring[i].dma))
			goto undo;
	}
	return 0;

undo:
	while (--i >= 0) {
		${undo}
	}
	return -ENOMEM;
}
`;
  it('is released twice where nothing is decided between', async () => {
    const once = 'dma_unmap_single(p->dev, p->ring[i].dma, 64, DMA_FROM_DEVICE);';
    expect(await sure(fill(once))).toEqual([]);
    expect(await sure(fill(once + once))).toEqual(['double-unmap']);
    expect(await sure(fill(`${once} if (p->ring[i].is_split) ${once}`))).toEqual([]);
  });

  it('may be another variable of the same name that is freed otherwise', async () => {
    const shadowed = `
#define RINGS 4
int port_probe(struct port *p)
{
	void *buf = kzalloc(8, GFP_KERNEL);
	int i, ret;

	if (!buf)
		return -ENOMEM;
	for (i = 0; i < RINGS; i++) {
		void *buf = dma_alloc_coherent(p->dev, 64, &p->ring[i].dma, GFP_KERNEL);

		if (!buf) {
			ret = -ENOMEM;
			goto undo;
		}
		p->ring[i].buf = buf;
	}
	ret = port_start(p);
	if (ret)
		goto undo;
	return 0;

undo:
	for (i = 0; i < RINGS && p->ring[i].buf; i++)
		dma_free_coherent(p->dev, 64, p->ring[i].buf, p->ring[i].dma);
	kfree(buf);
	return ret;
}
`;
    expect((await sure(shadowed)).filter((one) => one === 'double-free')).toEqual([]);
  });

  it('is released wrongly by what nothing there is for', async () => {
    expect(await sure(fill('dma_unmap_page(p->dev, p->ring[i].dma, 64, DMA_FROM_DEVICE);'))).toEqual([]);
    expect(await sure(fill('dma_free_coherent(p->dev, 64, bufs[i], p->ring[i].dma);'))).toEqual(['api-mismatch']);
  });
});

describe('a device address in two halves', () => {
  const send = (direction: string): string => `
int port_send(struct port *p, void *buf)
{
	dma_addr_t dma = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	p->desc->low = cpu_to_le32(lower_32_bits(dma));
	p->desc->high = cpu_to_le32(upper_32_bits(dma));
	if (port_start(p)) {
		dma = le32_to_cpu(p->desc->low) | (u64)le32_to_cpu(p->desc->high) << 32;
		dma_unmap_single(p->dev, dma, 64, ${direction});
		return -EIO;
	}
	return 0;
}
`;

  it('is whole again where they are put together', async () => {
    expect(await sure(send('DMA_TO_DEVICE'))).toEqual([]);
    expect(await told(send('DMA_FROM_DEVICE'))).toContain('direction-mismatch');
  });
});

test('the list of a command is the same whenever it is asked for', async () => {
  const map = (undo: string): string => `
int host_map(struct host *h, struct scsi_cmnd *cmd)
{
	int n = dma_map_sg(h->dev, scsi_prot_sglist(cmd), scsi_prot_sg_count(cmd), DMA_TO_DEVICE);

	if (!n)
		return -ENOMEM;
	if (n > h->most) {
		dma_unmap_sg(h->dev, scsi_prot_sglist(cmd), scsi_prot_sg_count(cmd), ${undo});
		return -EINVAL;
	}
	return 0;
}
`;
  expect(await sure(map('DMA_TO_DEVICE'))).toEqual([]);
  expect(await sure(map('DMA_FROM_DEVICE'))).toEqual(['direction-mismatch']);
});

describe('a host address that is given to the device', () => {
  const fill = (body: string): string => `
int port_fill(struct port *p, void *buf)
{
	dma_addr_t dma = dma_map_single(p->dev, buf, 64, DMA_FROM_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	${body}
	p->dma = dma;
	return 0;
}
void port_drain(struct port *p)
{
	dma_unmap_single(p->dev, p->dma, 64, DMA_FROM_DEVICE);
}
`;

  it('is told', async () => {
    expect(await told(fill('writel(virt_to_phys(buf), p->regs);'))).toEqual(['unmapped-common-buffer']);
  });

  it('is doubtful where the device is told the device address as well: a cookie', async () => {
    const both = 'writel(virt_to_phys(buf), p->regs + 4); writel(dma, p->regs);';
    expect(await told(fill(both))).toEqual(['unmapped-common-buffer?']);
  });

  it('is told where only its other half is the device address', async () => {
    const halves = 'writel(lower_32_bits(virt_to_phys(buf)), p->regs); writel(upper_32_bits(dma), p->regs + 4);';
    expect(await told(fill(halves))).toEqual(['unmapped-common-buffer']);
  });

  it.each([
    ['a structure', 'struct cmd c; c.address = lower_32_bits(virt_to_phys(buf)); port_exec(p, &c);'],
    ['an array', 'u32 c[2]; c[0] = virt_to_phys(buf); port_exec(p, c);'],
    ['a macro', 'PORT_SET_ADDRESS(p, virt_to_phys(buf));'],
  ])('is told where it goes into %s', async (_, body) => {
    expect(await told(fill(body))).toEqual(['unmapped-common-buffer']);
  });

  it('is told where a function makes it what the device wants, in either of two ways', async () => {
    const convert = 'static u32 words(struct port *p, u64 a) { if (p->words) return a / 4; return a; }';
    expect(await told(convert + fill('p->desc->address = words(p, virt_to_phys(buf));'))).toEqual([
      'unmapped-common-buffer',
    ]);
  });

  it.each([
    ['a call that is not seen', '', 'port_attach(p, virt_to_phys(buf), dma);'],
    [
      'one that is',
      'static void attach(struct port *p, u64 host, u64 dma) { writel(host, p->regs + 4); p->next = dma; }',
      'attach(p, virt_to_phys(buf), dma);',
    ],
  ])('is doubtful beside the device address, in %s', async (_, callee, body) => {
    expect(await told(callee + fill(body))).toEqual(['unmapped-common-buffer?']);
  });

  it('is doubtful where both its halves are told beside the whole', async () => {
    const both =
      'writel(lower_32_bits(virt_to_phys(buf)), p->regs); writel(upper_32_bits(virt_to_phys(buf)), p->regs + 4); writel(dma, p->regs + 8);';
    expect(await told(fill(both))).toEqual(['unmapped-common-buffer?']);
  });

  it('may be noted of a page from a pool, whose device address is asked for', async () => {
    const refill = `
int port_refill(struct port *p)
{
	struct page *page = page_pool_dev_alloc_pages(p->pool);

	if (!page)
		return -ENOMEM;
	writel(page_pool_get_dma_addr(page), p->regs);
	writel(page_to_phys(page), p->regs + 4);
	p->page = page;
	return 0;
}
`;
    expect((await sure(refill)).filter((one) => one === 'unmapped-common-buffer')).toEqual([]);
  });

  it('is meant where both addresses are compared', async () => {
    const compared = 'if (dma != virt_to_phys(buf)) return port_give_up(p, dma); writel(virt_to_phys(buf), p->regs);';
    expect(await told(fill(compared))).toEqual([]);
  });
});

describe('a mapping that a function keeps to itself when it has worked', () => {
  const run = (wait: string): string => `
int port_run(struct port *p, void *buf)
{
	dma_addr_t dma = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, dma))
		return -ENOMEM;
	writel(dma, p->regs);
	dma_async_issue_pending(p->chan);
	${wait}
	return 0;
}
`;

  it('is lost where it has waited for the device', async () => {
    expect(
      await told(
        run(
          'if (!wait_for_completion_timeout(&p->done, HZ)) { dma_unmap_single(p->dev, dma, 64, DMA_TO_DEVICE); return -EIO; }',
        ),
      ),
    ).toEqual(['mapping-leak']);
  });

  it('may be found in the device by whoever is told that it is done', async () => {
    expect(await told(run(''))).toEqual(['mapping-leak?']);
  });
});

test('a channel that is released twice is told, though its release stops it as well', async () => {
  const driver = `
static void port_release(struct port *p)
{
	if (!IS_ERR_OR_NULL(p->rx))
		dma_release_channel(p->rx);
}
static int port_request(struct port *p)
{
	p->rx = dma_request_chan(p->dev, "rx");
	if (IS_ERR(p->rx))
		return PTR_ERR(p->rx);
	if (port_start(p))
		goto release;
	return 0;

release:
	dma_release_channel(p->rx);
	port_release(p);
	return -EIO;
}
`;
  expect(await told(driver)).toEqual(['double-free']);
});
