import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

interface Driver {
  readonly rings?: string;
  /** The beginning, after `struct port *p = …` and with the ring allocated. */
  readonly open?: string;
  readonly stop?: string;
  readonly table?: string;
  /** More functions, before the others. */
  readonly more?: string;
}

/** What `begin` leaves behind where it fails: how sure it is, and the line where those paths go on together. */
function leftBehind({
  rings = 'ret = port_rings(p);',
  open = 'ret = port_irq(p); if (ret) goto err; ret = port_go(p); if (ret) goto err; return 0; err: port_off(p); return ret;',
  stop = 'dma_free_coherent(p->dev, 4096, p->ring, p->ring_dma);',
  table = 'static const struct net_device_ops ops = { .ndo_open = begin, .ndo_stop = end };',
  more = '',
}: Driver): readonly string[] {
  const text = `
static int port_rings(struct port *p)
{
	p->ring = dma_alloc_coherent(p->dev, 4096, &p->ring_dma, GFP_KERNEL);
	return p->ring ? 0 : -ENOMEM;
}
${more}
static int begin(struct net_device *ndev)
{
	struct port *p = netdev_priv(ndev);
	int ret = 0;

	${rings}
	if (ret)
		return ret;
	${open}
}
static int end(struct net_device *ndev)
{
	struct port *p = netdev_priv(ndev);

	${stop}
	return 0;
}
${table}
`;
  const unit = new Unit('file.c', text, models, 'linux');
  const project = new Project([unit], models, parser);
  const source = project.function('begin', 'file.c');
  if (!source) throw new Error('no function');
  const { paths, place } = sequences(project, source, DEFAULT_BUDGET);
  const found = paths.flatMap(({ program }) =>
    program.operations.flatMap((o) => {
      if (o.op !== 'lose' || !o.failing) return [];
      const cleanUp = o.cleanUp === undefined ? '' : `, ${text.slice(place(o.cleanUp).start, place(o.cleanUp).end)}`;
      return [`${o.certain ? 'sure' : 'maybe'}${cleanUp}`];
    }),
  );
  return [...new Set(found)];
}

describe('what a failing entry point leaves in a field', () => {
  it('is lost where its counterpart would have released it: nobody calls that after a failure', () => {
    expect(leftBehind({})).toEqual(['sure, port_off(p)']);
  });

  it('may be somebody else’s where the counterpart leaves it alone', () => {
    expect(leftBehind({ stop: 'port_off(p);' })).toEqual(['maybe, port_off(p)']);
  });

  it('is released where the framework calls the counterpart after a failure too', () => {
    const table = 'static const struct snd_pcm_ops ops = { .hw_params = begin, .hw_free = end };';
    expect(leftBehind({ table })).toEqual(['maybe, port_off(p)']);
  });

  it('is not lost where the entry point calls its counterpart itself', () => {
    const open = 'ret = port_irq(p); if (ret) end(ndev); return ret;';
    expect(leftBehind({ open, more: 'static int end(struct net_device *ndev);' })).toEqual([]);
  });

  it('may be kept for the next time where the path has looked whether it is there', () => {
    const rings = 'if (!p->ring) ret = port_rings(p);';
    expect(leftBehind({ rings, open: 'ret = port_irq(p); if (ret) return ret; return 0;' })).toEqual(['maybe']);
  });

  it('may be released by what the failing path calls on the way', () => {
    const more =
      'static void port_put(struct port *p) { if (p->users == 0) dma_free_coherent(p->dev, 4096, p->ring, p->ring_dma); }';
    expect(leftBehind({ more, open: 'ret = port_irq(p); if (ret) port_put(p); return ret;' })).toEqual(['maybe']);
  });
});

describe('the driver’s part of what a framework has made', () => {
  it('is there, and as empty as the rest', () => {
    const text = `
static int begin(struct usb_interface *intf)
{
	struct ieee80211_hw *hw = ieee80211_alloc_hw(64, NULL);
	struct port *p;

	if (!hw)
		return -ENOMEM;
	p = hw->priv;
	p->ring = dma_alloc_coherent(p->dev, 4096, &p->ring_dma, GFP_KERNEL);
	if (!p->ring)
		return -ENOMEM;
	if (p->spare)
		dma_free_coherent(p->dev, 4096, p->ring, p->ring_dma);
	return 0;
}
`;
    const unit = new Unit('file.c', text, models, 'linux');
    const source = new Project([unit], models, parser).function('begin', 'file.c');
    if (!source) throw new Error('no function');
    const { paths } = sequences(new Project([unit], models, parser), source, DEFAULT_BUDGET);
    const outcomes = paths.map(({ program }) =>
      program.operations.map((o) => ('outcome' in o ? `${o.op} ${o.outcome}` : o.op)),
    );
    expect(outcomes).toContainEqual(['allocate failed', 'check']);
    expect(outcomes.flat()).not.toContain('free');
  });
});
