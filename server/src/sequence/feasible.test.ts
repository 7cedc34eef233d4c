import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** Why something is lost in function f of this text, other than that nobody comes back for it. */
function losses(text: string, name = 'f'): readonly string[] {
  const project = new Project([new Unit('file.c', text, models, 'linux')], models, parser);
  const source = project.function(name, 'file.c');
  if (!source) throw new Error(`no function ${name}`);
  const found = sequences(project, source, DEFAULT_BUDGET)
    .paths.flatMap(({ program }) => program.operations)
    .flatMap((o) => (o.op === 'lose' && o.why !== 'lifecycle-end' ? [`${o.why}${o.certain ? '' : ', maybe'}`] : []));
  return [...new Set(found)];
}

const MAP = `if (dma_mapping_error(p->dev, a)) return -EIO;`;

describe('paths that cannot be are not followed', () => {
  it('a question in the same words gets the same answer', () => {
    const body = (second: string) => `static int f(struct port *p, struct task *t)
{
	int n = 0;

	if (!speaks_sata(t->protocol)) {
		n = dma_map_sg(p->dev, t->list, t->count, DMA_TO_DEVICE);
		if (!n)
			return -ENOMEM;
	}
	if (ring_doorbell(p)) {
		if (!${second})
			dma_unmap_sg(p->dev, t->list, t->count, DMA_TO_DEVICE);
		return -EIO;
	}
	return 0;
}`;
    expect(losses(body('speaks_sata(t->protocol)'))).toEqual([]);
    expect(losses(body('speaks_sata(p->protocol)'))).toContain('unwound');
    // The queue may have been emptied meanwhile.
    expect(losses(body('try_next(t->protocol)').replaceAll('speaks_sata', 'try_next'))).toContain('unwound');
  });

  it('lists longer than the driver refuses elsewhere are not mapped', () => {
    const code = (bound: string) => `static bool needs_fallback(struct request *r)
{
	return sg_nents_for_len(r->src, r->length) > ${bound} ? true : false;
}
static bool refuses(struct request *r)
{
	if (sg_nents(r->src) > ${bound})
		return true;
	return false;
}
static int f(struct port *p, struct request *r)
{
	int err = 0;
	int n = dma_map_sg(p->dev, r->src, sg_nents(r->src), DMA_TO_DEVICE);

	if (n <= 0 || n > MAX_ENTRIES) {
		err = -EINVAL;
		goto out;
	}
	err = run(p);
	dma_unmap_sg(p->dev, r->src, sg_nents(r->src), DMA_TO_DEVICE);
out:
	return err;
}`;
    expect(losses(code('MAX_ENTRIES'))).toEqual([]);
    expect(losses(code('MAX_BYTES'))).toEqual(['unwound']);
  });

  it('what a function returns that is not entered is known where it returns numbers only, or its arguments decide', () => {
    const code = (helper: string, call: string) => `${helper}
static int f(struct port *p)
{
	dma_addr_t a = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	int err;

	${MAP}
	err = ${call};
	if (err)
		return err;
	p->addr = a;
	return 0;
}`;
    const many = (end: string) =>
      `static int note(struct port *p, int how)\n{\n\tint i;\n\tif (!how)\n\t\treturn 0;\n\tfor (i = 0; i < 9; i++) {\n\t\tp->a[i] = i; p->b[i] = 2; p->c[i] = 3;\n\t\tp->d[i] = i; p->e[i] = 2;\n\t}\n\tif (p->x)\n\t\treturn 0;\n\tif (p->y)\n\t\treturn ${end};\n\treturn 0;\n}`;
    expect(losses(code(many('0'), 'note(p, 1)'))).toEqual([]);
    expect(losses(code(many('-EIO'), 'note(p, 0)'))).toEqual([]);
    expect(losses(code(many('-EIO'), 'note(p, 1)'))).toEqual(['returning']);
  });

  it('a pointer that was followed is no error pointer', () => {
    const code = (use: string) => `static struct port *make(struct port *p)
{
	struct port *q = find(p);

	${use}
	q_init(p);
	p->cpu = dma_alloc_coherent(p->dev, 64, &p->addr, GFP_KERNEL);
	if (!p->cpu)
		return ERR_PTR(-ENOMEM);
	return q;
}
static int f(struct port *p)
{
	struct port *q = make(p);

	if (IS_ERR(q))
		return PTR_ERR(q);
	if (ring_doorbell(p)) {
		dma_free_coherent(p->dev, 64, p->cpu, p->addr);
		return -EIO;
	}
	return 0;
}`;
    expect(losses(code('q->next = p;'))).toEqual([]);
    expect(losses(code(''))).toEqual(['unwound, maybe']);
  });
});

describe('a mapping is still known', () => {
  it('when a macro of the driver walks over it', () => {
    expect(
      losses(`static int f(struct port *p, struct mr *mr)
{
	int n = 0;

	mr->umem = ib_umem_get(p->dev, mr->start, mr->length, 0);
	if (IS_ERR(mr->umem))
		return PTR_ERR(mr->umem);
	port_for_each_block(mr->umem, &n, PAGE_SIZE) {
		n++;
	}
	if (ring_doorbell(p)) {
		ib_umem_release(mr->umem);
		return -EIO;
	}
	return 0;
}`),
    ).toEqual([]);
  });

  it('by a part of the object that stands for it', () => {
    expect(
      losses(`static int f(struct port *p, struct mr *mr)
{
	struct ib_umem_dmabuf *d = ib_umem_dmabuf_get_pinned(p->dev, 0, 64, mr->fd, 0);

	if (IS_ERR(d))
		return PTR_ERR(d);
	if (ring_doorbell(p)) {
		ib_umem_release(&d->umem);
		return -EIO;
	}
	mr->umem = &d->umem;
	return 0;
}`),
    ).toEqual([]);
  });

  it('in an array inside a structure, whatever macro is asked for its size', () => {
    expect(
      losses(`static int f(struct port *p)
{
	struct request r = { 0 };
	int n = 1;

	r.part[n].addr = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, r.part[n].addr))
		return -EIO;
	if (p->wanted == ARRAY_SIZE(r.part) || ring_doorbell(p, &r)) {
		dma_unmap_single(p->dev, r.part[n].addr, 64, DMA_TO_DEVICE);
		return -EIO;
	}
	p->request = r;
	return 0;
}`),
    ).toEqual([]);
  });
});

describe('a leak of what a callee made', () => {
  const code = (table: string) => `static int ring_alloc(struct port *p)
{
	p->cpu = dma_alloc_coherent(p->dev, 64, &p->addr, GFP_KERNEL);
	return p->cpu ? 0 : -ENOMEM;
}
static int f(struct port *p)
{
	int err = ring_alloc(p);

	if (err)
		return err;
	err = request_irq(p->irq, handler, 0, "port", p);
	if (err) {
		dma_free_coherent(p->dev, 64, p->cpu, p->addr);
		return err;
	}
	err = clock_on(p);
	if (err)
		return err;
	return 0;
}
${table}`;

  it('is certain where nothing lives on when the function fails', () => {
    expect(losses(code('static struct platform_driver d = { .probe = f };'))).toEqual(['unwound']);
  });

  it('may be taken back later by the owner of the object elsewhere', () => {
    expect(losses(code('static struct net_device_ops d = { .ndo_set_features = f };'))).toEqual(['unwound, maybe']);
  });
});

describe('a failure', () => {
  it('is not the end of a packet that was copied and mapped after all', () => {
    const code = (after: string) => `static netdev_tx_t f(struct sk_buff *skb, struct port *p)
{
	dma_addr_t a = dma_map_single(p->dev, skb->data, skb->len, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, a)) {
		a = dma_map_single(p->dev, p->bounce, skb->len, DMA_TO_DEVICE);
		if (dma_mapping_error(p->dev, a))
			return NETDEV_TX_OK;
		${after}
	}
	p->ring[p->head] = a;
	if (p->full)
		dma_unmap_single(p->dev, a, skb->len, DMA_TO_DEVICE);
	return NETDEV_TX_OK;
}`;
    expect(losses(code(''))).toEqual([]);
  });

  it('that says "busy" leaves what it handed over to whom it was handed', () => {
    const code = (name: string) => `static int f(struct port *p)
{
	void *cpu;
	dma_addr_t a;
	int err;

	cpu = dma_alloc_coherent(p->dev, 64, &a, GFP_KERNEL);
	if (!cpu)
		return -ENOMEM;
	err = fw_command(p, cpu, a);
	if (err != ${name})
		dma_free_coherent(p->dev, 64, cpu, a);
	return err;
}`;
    expect(losses(code('-EBUSY'))).not.toContain('unwound');
    expect(losses(code('-EIO'))).toContain('unwound');
  });
});

it('an error number that is made a pointer is a failure, whatever is known of it but that it is not zero', () => {
  const code = (more: string) => `static struct mr *f(struct port *p, struct mr *mr)
{
	int err;

	mr->umem = ib_umem_get(p->dev, mr->start, mr->length, 0);
	if (IS_ERR(mr->umem))
		return ERR_CAST(mr->umem);
	err = ring_doorbell(p);
	if (err)
		goto out;
	err = port_register(p);
	if (err) {
		ib_umem_release(mr->umem);
		goto out;
	}
	return mr;
out:
	${more}
	return ERR_PTR(err);
}`;
  expect(losses(code(''))).toEqual(['unwound']);
  expect(losses(code('ib_umem_release(mr->umem);'))).toEqual([]);
});
