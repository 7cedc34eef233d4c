import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** Why something is surely lost on some path of `start`. */
function losses(definition: string): readonly string[] {
  const project = new Project([new Unit('file.c', definition, models, 'linux')], models, parser);
  const source = project.function('start', 'file.c');
  if (!source) throw new Error('no function start');
  const { paths, degraded } = sequences(project, source, DEFAULT_BUDGET);
  expect(degraded).toEqual([]);
  const certain = paths.flatMap(({ program }) =>
    program.operations.flatMap((o) => (o.op === 'lose' && o.certain ? [o.why] : [])),
  );
  return [...new Set(certain)];
}

const HELPERS = `
static int make_table(struct engine *e)
{
	e->table = dma_alloc_coherent(e->dev, 4096, &e->table_addr, GFP_KERNEL);
	return e->table ? 0 : -ENOMEM;
}

static void free_table(struct engine *e)
{
	dma_free_coherent(e->dev, 4096, e->table, e->table_addr);
}

static int restart(struct engine *e)
{
	return start(e, e->first, 16);
}
`;

describe('a failing function that leaves what a callee made in a field', () => {
  const engine = (unwind: string, first = 'kcalloc(n, sizeof(*e->slots), GFP_KERNEL)', more = '') => `${HELPERS}
static int start(struct engine *e, void *cmd, int n)
{
	int err;

	e->slots = ${first};
	if (!e->slots)
		return -ENOMEM;
	err = make_table(e);
	if (err) {
		kfree(e->slots);
		return err;
	}
	err = enable(e);
	if (err) {
		${unwind}
		return err;
	}
	${more}
	return 0;
}

static void stop(struct engine *e)
{
	free_table(e);
}
`;

  it('has passed it over where it frees what it had allocated before', () => {
    expect(losses(engine('kfree(e->slots);'))).toEqual(['passed-over']);
    expect(losses(engine('free_table(e);\n\t\tkfree(e->slots);'))).toEqual([]);
  });

  it('may leave it to others where it takes nothing back', () => {
    expect(losses(engine('report(e);'))).toEqual([]);
  });

  it('tells nothing by what is of use within it only', () => {
    expect(losses(engine('kfree(e->slots);', undefined, 'kfree(e->slots);'))).toEqual([]);
  });

  it('tells nothing by memory that it was given', () => {
    expect(losses(engine('kfree(e->slots);', 'e->spare'))).toEqual([]);
  });

  it('leaves it to a caller that releases the field after the failure', () => {
    const kept = engine('kfree(e->slots);').replace(
      'return start(e, e->first, 16);',
      `int err = start(e, e->first, 16);

	if (err)
		free_table(e);
	return err;`,
    );
    expect(losses(kept)).toEqual([]);
  });

  it('may drop the last reference to what holds it', () => {
    const counted = (unwind: string) =>
      `${engine(`${unwind} kfree(e->slots);`)}
static void release(struct kref *users)
{
	free_table(container_of(users, struct engine, users));
}
`;
    expect(losses(counted('kref_put(&e->users, release);'))).toEqual([]);
    expect(losses(counted('kref_get(&e->users);'))).toEqual(['passed-over']);
  });
});

it('keeps what was made later apart from what was made before', () => {
  const order = (first: string, second: string) => `${HELPERS}
static int start(struct engine *e, void *cmd, int n)
{
	${first}
	${second}
	if (enable(e)) {
		kfree(e->slots);
		return -EIO;
	}
	return 0;
}
`;
  const slots = 'e->slots = kzalloc(64, GFP_KERNEL);\n\tif (!e->slots)\n\t\treturn -ENOMEM;';
  const table = 'if (make_table(e))\n\t\treturn -ENOMEM;';
  // A table that is made once and kept for the next time is older than what each try allocates.
  expect(losses(order(table, slots))).toEqual([]);
  expect(losses(order(slots, table))).toEqual(['passed-over']);
});

it('a mapping of a callee counts as much, as long as it outlives a success', () => {
  const digest = (end: string) => `
static int map_result(struct request *r)
{
	r->result_addr = dma_map_single(r->dev, r->result, 32, DMA_FROM_DEVICE);
	return dma_mapping_error(r->dev, r->result_addr) ? -ENOMEM : 0;
}

static int map_state(struct request *r)
{
	r->state_addr = dma_map_single(r->dev, r->state, 64, DMA_TO_DEVICE);
	return dma_mapping_error(r->dev, r->state_addr) ? -ENOMEM : 0;
}

static void unmap_state(struct request *r)
{
	dma_unmap_single(r->dev, r->state_addr, 64, DMA_TO_DEVICE);
}

static int start(struct request *r)
{
	if (map_state(r))
		return -ENOMEM;
	if (map_result(r)) {
		unmap_state(r);
		return -ENOMEM;
	}
	if (describe(r)) {
		unmap_state(r);
		return -ENOMEM;
	}
	submit(r);
	${end}
	return 0;
}

static void done(struct request *r)
{
	dma_unmap_single(r->dev, r->result_addr, 32, DMA_FROM_DEVICE);
	unmap_state(r);
}

static int again(struct request *r)
{
	return start(r);
}
`;
  expect(losses(digest(''))).toEqual(['passed-over']);
  expect(losses(digest('unmap_state(r);'))).toEqual([]);
});
