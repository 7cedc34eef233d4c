import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

const SETUP = `
static int setup(struct port *p)
{
	p->buf = dma_alloc_coherent(p->dev, 64, &p->dma, GFP_KERNEL);
	if (!p->buf)
		return -ENOMEM;
	if (port_check(p)) {
		dma_free_coherent(p->dev, 64, p->buf, p->dma);
		return -EIO;
	}
	return 0;
}
`;

const TEARDOWN = `
static void teardown(struct port *port)
{
	if (port->buf)
		dma_free_coherent(port->dev, 64, port->buf, port->dma);
}
`;

/** Where, after `setup` has failed, something is released again: the functions. */
function releasedAgainBy(text: string): readonly string[] {
  const unit = new Unit('file.c', text, models, 'linux');
  const project = new Project([unit], models, parser);
  const source = project.function('setup', 'file.c');
  if (!source) throw new Error('no function setup');
  const { paths, place } = sequences(project, source, DEFAULT_BUDGET);
  const functions = paths.flatMap(({ program: { operations } }) => {
    const end = operations.findIndex(({ op }) => op === 'return');
    return end < 0 ? [] : operations.slice(end + 1).flatMap((o) => (o.op === 'declare' ? [] : place(o.site).function));
  });
  return [...new Set(functions)];
}

describe('what a failing function has freed and left in a field', () => {
  it.each([
    [
      'by its caller',
      'int ret = setup(p); if (ret) dma_free_coherent(p->dev, 64, p->buf, p->dma); return ret;',
      'open',
    ],
    [
      'by what its caller calls',
      'int ret = setup(p); if (ret) goto fail; return 0; fail: teardown(p); return ret;',
      'teardown',
    ],
    [
      'under another name of the same',
      'struct port *q = p; int ret = setup(p); if (ret < 0) { teardown(q); return ret; } return 0;',
      'teardown',
    ],
    [
      'whether there was anything else to do or not',
      'if (setup(p)) { if (p->open) port_stop(p); teardown(p); } return 0;',
      'teardown',
    ],
    [
      'when the caller has gone on and something else fails',
      `int ret = setup(p); if (ret == -EPROBE_DEFER) return ret; if (!ret) p->fast = true; if (p->old) port_age(p);
       ret = port_start(p); if (ret) goto fail; return 0; fail: teardown(p); return ret;`,
      'teardown',
    ],
  ])('is freed again %s', (_, body, by) => {
    expect(releasedAgainBy(`${SETUP}${TEARDOWN}int open(struct port *p)\n{\n${body}\n}\n`)).toEqual([by]);
  });

  it.each([
    ['the caller returns', 'return setup(p);'],
    ['the caller frees only after success', 'int ret = setup(p); if (ret) return ret; teardown(p); return 0;'],
    ['the caller clears the field', 'if (setup(p)) { p->buf = NULL; teardown(p); } return 0;'],
    ['the caller clears all of it', 'if (setup(p)) { memset(p, 0, sizeof(*p)); teardown(p); } return 0;'],
    ['something unknown decides', 'if (setup(p)) { if (p->open) teardown(p); } return 0;'],
    [
      'the caller goes on and remembers the failure',
      'int ret = setup(p); p->on = !ret; ret = port_start(p); if (ret) { if (p->on) teardown(p); } return ret;',
    ],
    ['the caller goes on and asks', 'int ret = setup(p); int on = port_is_on(p); if (on) teardown(p); return ret;'],
    ['the caller frees that of another', 'if (setup(p)) teardown(p->next); return 0;'],
    ['the variable means another one by then', 'if (setup(p)) { p = p->next; teardown(p); } return 0;'],
  ])('is not where %s', (_, body) => {
    expect(releasedAgainBy(`${SETUP}${TEARDOWN}int open(struct port *p)\n{\n${body}\n}\n`)).toEqual([]);
  });

  it('is freed again by the caller of a caller that only passes the failure on', () => {
    const callers = `
static int start(struct card *card) { return setup(&card->port); }
int probe(struct card *card)
{
	int ret = start(card);

	if (ret)
		teardown(&card->port);
	return ret;
}
`;
    expect(releasedAgainBy(`${SETUP}${TEARDOWN}${callers}`)).toEqual(['teardown']);
  });

  it('is not where the function has cleared the field', () => {
    const setup = SETUP.replace('return -EIO', 'p->buf = NULL; return -EIO');
    const open = 'int open(struct port *p) { int ret = setup(p); if (ret) teardown(p); return ret; }';
    expect(releasedAgainBy(`${setup}${TEARDOWN}${open}`)).toEqual([]);
  });

  const all = (undo: string) => `
int open(struct card *card, int n)
{
	int i, ret;

	for (i = 0; i < n; i++) {
		ret = setup(&card->ports[i]);
		if (ret)
			goto fail;
	}
	return 0;
fail:
	${undo}
	return ret;
}
`;

  it('is freed again by a loop over all elements', () => {
    const undo = 'for (i = 0; i < card->count; i++) teardown(&card->ports[i]);';
    expect(
      releasedAgainBy(`${SETUP}${TEARDOWN}${all(undo).replace('int n', 'int unused').replace('< n', '< card->count')}`),
    ).toEqual(['teardown']);
  });

  it('is not by a loop over those that were set up', () => {
    expect(releasedAgainBy(`${SETUP}${TEARDOWN}${all('while (--i >= 0) teardown(&card->ports[i]);')}`)).toEqual([]);
    expect(
      releasedAgainBy(`${SETUP}${TEARDOWN}${all('for (int j = 0; j < i; j++) teardown(&card->ports[j]);')}`),
    ).toEqual([]);
  });

  it('is freed again with the object that held it', () => {
    const text = `
struct block { void *base; dma_addr_t addr; };
static int block_alloc(struct device *dev, struct block **b)
{
	*b = kzalloc(sizeof(**b), GFP_KERNEL);
	if (!*b)
		return -ENOMEM;
	(*b)->base = dma_alloc_coherent(dev, 64, &(*b)->addr, GFP_KERNEL);
	if (!(*b)->base)
		return -ENOMEM;
	return 0;
}
static void block_free(struct device *dev, struct block *b)
{
	if (!b)
		return;
	if (b->base)
		dma_free_coherent(dev, 64, b->base, b->addr);
	kfree(b);
}
static int setup(struct port *p)
{
	int ret = block_alloc(p->dev, &p->block);

	if (ret)
		return ret;
	if (port_check(p)) {
		block_free(p->dev, p->block);
		return -EIO;
	}
	return 0;
}
int open(struct port *p)
{
	int ret = setup(p);

	if (ret)
		block_free(p->dev, p->block);
	return ret;
}
`;
    expect(releasedAgainBy(text)).toEqual(['block_free']);
    expect(releasedAgainBy(text.replace('return -EIO', 'p->block = NULL; return -EIO'))).toEqual([]);
  });
});
