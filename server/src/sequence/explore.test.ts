import type { Operation, Reference } from '@dma-audit/simulator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { type Budget, DEFAULT_BUDGET, type DmaPath, type Exploration, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

function explore(text: string, name: string, budget: Partial<Budget> = {}): Exploration {
  const path = text.includes('EFI_STATUS') ? 'file.c' : 'drivers/file.c';
  const dialect = text.includes('EFI_STATUS') ? 'edk2' : 'linux';
  const unit = new Unit(path, text, models, dialect);
  const project = new Project([unit], models, parser);
  const source = project.function(name, path);
  if (!source) throw new Error(`no function ${name}`);
  return sequences(project, source, { ...DEFAULT_BUDGET, ...budget });
}

/** Resources are numbered as they come up in one path: m1, m2 (mappings), b1 (buffers). */
function showPath(path: DmaPath): string {
  const names = new Map<string, string>();
  const name = (target: Reference): string => {
    if (target.to !== 'mapping' && target.to !== 'buffer') return target.to;
    const kind = target.to === 'mapping' ? 'm' : 'b';
    const known = names.get(`${kind}${target.id}`);
    const own = known ?? `${kind}${[...names.keys()].filter((k) => k.startsWith(kind)).length + 1}`;
    names.set(`${kind}${target.id}`, own);
    return target.how === 'exact' ? own : `${own}(${target.how})`;
  };
  const show = (o: Operation): string[] => {
    switch (o.op) {
      case 'declare':
        return [];
      case 'allocate':
        return [
          `allocate ${name({ to: 'buffer', id: o.buffer, how: 'exact' })}${o.outcome === 'ok' ? '' : ` ${o.outcome}`}`,
        ];
      case 'map':
        return [
          `map ${name({ to: 'mapping', id: o.mapping, how: 'exact' })}${o.outcome === 'ok' ? '' : ` ${o.outcome}`}`,
        ];
      case 'check':
        return [`${o.right ? 'check' : 'wrong check'} ${name(o.target)}`];
      case 'lose':
        return [`lose ${name(o.target)} ${o.why}`];
      default:
        return [`${o.op}${'target' in o ? ` ${name(o.target)}` : ''}`];
    }
  };
  const end = path.complete ? { true: 'fails', false: 'works', null: 'returns' }[`${path.failing}`] : 'cut';
  return [...path.program.operations.flatMap(show), end].join(', ');
}

/** What the function does with DMA on each of its paths; paths that end before the function does are left out. */
function programs(text: string, name = 'f', budget: Partial<Budget> = {}): string[] {
  const exploration = explore(text, name, budget);
  expect(exploration.degraded).toEqual([]);
  return exploration.paths.filter((p) => p.complete).map(showPath);
}

const MAP = 'dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE)';
const UNMAP = (address: string) => `dma_unmap_single(p->dev, ${address}, 64, DMA_TO_DEVICE)`;
const linux = (body: string, before = '') => `${before}
static int f(struct port *p, void *buf, int n)
{
${body}
}
`;

const finish = `static void finish(struct port *p) { ${UNMAP('p->dma')}; }`;

describe('paths that meet', () => {
  it('are not kept apart by what nobody reads any more', () => {
    const copies = ['one', 'two', 'three', 'four', 'five', 'six'];
    const body = `dma_addr_t a = ${MAP}, ${copies.map((c) => `${c} = 0`).join(', ')};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	p->dma = a;
${copies.map((c, i) => `	if (n & ${2 ** i}) ${c} = a;\n	if (${c}) p->count++;`).join('\n')}
	return 0;`;
    expect(programs(linux(body, finish), 'f', { states: 4 })).toEqual([
      'map m1 failed, check m1, fails',
      'map m1, check m1, works',
    ]);
  });

  it('keep what a callee returns: two failures are a failure', () => {
    const callee = `static int begin(struct port *p, void *buf)
{
	int ret = prepare(p);

	if (ret)
		return ret;
	ret = program(p);
	if (ret)
		return ret;
	p->dma = ${MAP};
	return dma_mapping_error(p->dev, p->dma) ? -EIO : 0;
}
`;
    const body = `if (begin(p, buf))
		return -EIO;
	${UNMAP('p->dma')};
	return 0;`;
    expect(programs(linux(body, callee)).sort()).toEqual([
      'fails',
      'map m1 failed, check m1, fails',
      'map m1, check m1, unmap m1, works',
    ]);
  });
});

describe('a status whose errors are positive', () => {
  it('fails whichever error it is', () => {
    const text = `static blk_status_t f(struct port *p, void *buf, int n)
{
	blk_status_t ret = BLK_STS_IOERR;

	if (n)
		ret = BLK_STS_RESOURCE;
	p->dma = ${MAP};
	if (dma_mapping_error(p->dev, p->dma))
		return ret;
	${UNMAP('p->dma')};
	return BLK_STS_OK;
}
`;
    expect(programs(text)).toEqual(['map m1 failed, check m1, fails', 'map m1, check m1, unmap m1, works']);
  });
});

describe('what a value tells', () => {
  it('the upper half of an address that is not 0 may be 0', () => {
    const body = `dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	if (upper_32_bits(a)) {
		${UNMAP('a')};
		return -ERANGE;
	}
	p->dma = a;
	return 0;`;
    expect(programs(linux(body, finish)).sort()).toEqual([
      'map m1 failed, check m1, fails',
      'map m1, check m1, unmap m1, fails',
      'map m1, check m1, works',
    ]);
  });

  it('a length that is counted down to 0 was not mapped short', () => {
    const text = `EFI_STATUS
f (IN PORT *Port, IN VOID *Data, IN UINTN Wanted)
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  Address;
  VOID                  *Mapping;
  UINTN                 Length;

  Length = Wanted;
  Status = Port->PciIo->Map (Port->PciIo, EfiPciIoOperationBusMasterRead, Data, &Length, &Address, &Mapping);
  if (EFI_ERROR (Status)) {
    return Status;
  }
  if (Length != Wanted) {
    Port->PciIo->Unmap (Port->PciIo, Mapping);
    return EFI_BAD_BUFFER_SIZE;
  }
  if (Length != 0) {
    Start (Port);
  }
  Port->PciIo->Unmap (Port->PciIo, Mapping);
  return EFI_SUCCESS;
}
`;
    const paths = programs(text);
    expect(paths.filter((path) => path.includes('short') && path.endsWith('works'))).toEqual([]);
    expect(paths.some((path) => path.includes('short') && path.endsWith('fails'))).toBe(true);
  });

  it('a variable that reaches the end of a list is not given up', () => {
    const body = `struct buffer *b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->dma = ${MAP};
	if (dma_mapping_error(p->dev, b->dma)) {
		kfree(b);
		return -EIO;
	}
	p->list = b;
	b = b->next;
	while (b)
		b = b->next;
	return 0;`;
    expect(programs(linux(body)).join()).not.toContain('hand-over');
  });
});

describe('outcomes', () => {
  it('a test of the result makes a path for each', () => {
    expect(
      programs(linux(`dma_addr_t a = ${MAP}; if (dma_mapping_error(p->dev, a)) return -EIO; ${UNMAP('a')}; return 0;`)),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, works",
      ]
    `);
  });

  it('a result that nobody tests fails on a path of its own', () => {
    expect(programs(linux(`dma_addr_t a = ${MAP}; start(p, a); ${UNMAP('a')}; return 0;`))).toMatchInlineSnapshot(`
      [
        "map m1, unmap m1, works",
        "map m1 failed, unmap m1, give m1, works",
      ]
    `);
  });

  it('NULL tells that an allocation failed', () => {
    expect(
      programs(
        linux(
          'dma_addr_t a; void *v = dma_alloc_coherent(p->dev, 64, &a, GFP_KERNEL); if (!v) return -ENOMEM; dma_free_coherent(p->dev, 64, v, a); return 0;',
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "allocate b1, check b1, free b1, works",
        "allocate b1 failed, check b1, fails",
      ]
    `);
  });

  it('a comparison with 0 is no test of a device address', () => {
    expect(
      programs(linux(`dma_addr_t a = ${MAP}; if (!a) return -EIO; ${UNMAP('a')}; return 0;`)),
    ).toMatchInlineSnapshot(`
      [
        "map m1, wrong check m1, unmap m1, works",
        "map m1 failed, wrong check m1, unmap m1, give m1, works",
      ]
    `);
  });

  it('a plain -1 tells of failure as well as an error code', () => {
    expect(
      programs(
        linux(`dma_addr_t a = ${MAP}; if (dma_mapping_error(p->dev, a)) return -1; ${UNMAP('a')}; return 0;`),
      )[0],
    ).toMatch(/fails$/);
  });

  it('a failed call leaves what its out-parameters had before: the old handle is released, the failed one is not', () => {
    expect(
      programs(`
EFI_STATUS
f (IN PORT *Port, IN VOID *Data)
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  Address;
  VOID                  *Mapping;
  UINTN                 Length;

  Mapping = NULL;
  Length = 64;
  Status = Port->PciIo->Map (Port->PciIo, EfiPciIoOperationBusMasterRead, Data, &Length, &Address, &Mapping);
  if (EFI_ERROR (Status)) {
    goto Done;
  }
  Status = Run (Port, Address);
Done:
  if (Mapping != NULL) {
    Port->PciIo->Unmap (Port->PciIo, Mapping);
  }
  return Status;
}
`),
    ).toMatchInlineSnapshot(`
      [
        "map m1, check m1, unmap m1, returns",
        "map m1 failed, check m1, fails",
      ]
    `);
  });
});

describe('merging', () => {
  it('decisions that do not touch DMA make no more paths', () => {
    const noise = Array.from({ length: 12 }, (_, i) => `if (p->flag${i}) p->count += ${i};`).join('\n');
    const around = (inside: string) =>
      linux(`dma_addr_t a = ${MAP}; if (dma_mapping_error(p->dev, a)) return -EIO; ${inside} ${UNMAP('a')}; return 0;`);
    expect(programs(around(noise))).toEqual(programs(around('')));
  });

  it('a flag remembers whether there is something to release', () => {
    expect(
      programs(
        linux(`
	int mapped = 0;
	dma_addr_t a;
	if (n) {
		a = ${MAP};
		if (dma_mapping_error(p->dev, a))
			return -EIO;
		mapped = 1;
	}
	run(p);
	if (mapped)
		${UNMAP('a')};
	return 0;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, works",
        "works",
      ]
    `);
  });

  it('a macro is its number: what a callee returns decides on the branch of its caller', () => {
    const helper = `
#define QUEUE_OK 0
#define QUEUE_BUSY 0x102
static int start(struct priv *p)
{
	if (p->dead)
		return -EIO;
	if (p->full)
		return QUEUE_BUSY;
	kick(p);
	return QUEUE_OK;
}
`;
    expect(
      programs(
        linux(
          `
	dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a)) return -EIO;
	int rc = start(p);
	if (rc != QUEUE_OK)
		${UNMAP('a')};
	return rc;`,
          helper,
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, fails",
        "map m1, check m1, lose m1 returning, works",
      ]
    `);
  });

  it.each(['#define MAPPED 4', 'enum { MAPPED = 4 };', ''])('flags are told apart (%s)', (definition) => {
    expect(
      programs(
        linux(
          `
	int state = p->state;
	dma_addr_t a;
	state &= ~MAPPED;
	if (n) {
		a = ${MAP};
		if (dma_mapping_error(p->dev, a))
			return -EIO;
		state |= MAPPED;
		state |= 3;
	}
	run(p);
	if (state & MAPPED)
		${UNMAP('a')};
	return 0;`,
          `${definition}\n`,
        ),
      ),
    ).toEqual(['map m1 failed, check m1, fails', 'map m1, check m1, unmap m1, works', 'works']);
  });

  it('success and failure stay apart by the value that is returned', () => {
    expect(
      programs(
        linux(`
	int ret = 0;
	dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	ret = run(p);
	if (ret)
		goto out;
	${UNMAP('a')};
out:
	return ret;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, lose m1 returning, fails",
        "map m1, check m1, unmap m1, works",
      ]
    `);
  });

  it('a case that falls through meets the one below; no case that fits goes on behind', () => {
    expect(
      programs(
        linux(`
	dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	switch (n) {
	case 1:
		dma_sync_single_for_cpu(p->dev, a, 64, DMA_TO_DEVICE);
		/* fallthrough */
	case 2:
		${UNMAP('a')};
		return 0;
	}
	return 0;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, works",
        "map m1, check m1, lose m1 returning, works",
      ]
    `);
  });
});

describe('loops', () => {
  const map = 'p->ring[i] = dma_map_single(p->dev, p->buf[i], 64, DMA_TO_DEVICE);';

  it('that touch DMA are unrolled', () => {
    expect(
      programs(
        linux(
          `int i; for (i = 0; i < n; i++) { ${map} if (dma_mapping_error(p->dev, p->ring[i])) return -EIO; } return 0;`,
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, map m2 failed, check m2, lose m1 lifecycle-end, fails",
        "works",
        "map m1, check m1, works",
        "map m1, check m1, map m2, check m2, works",
      ]
    `);
  });

  it('that unwind release every earlier element', () => {
    expect(
      programs(
        linux(`
	int i;
	for (i = 0; i < n; i++) {
		${map}
		if (dma_mapping_error(p->dev, p->ring[i]))
			goto unwind;
	}
	return 0;
unwind:
	while (--i >= 0)
		${UNMAP('p->ring[i]')};
	return -EIO;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, map m2 failed, check m2, unmap m1, fails",
        "works",
        "map m1, check m1, works",
        "map m1, check m1, map m2, check m2, works",
      ]
    `);
  });

  it('that unwind one short leave the first element', () => {
    const leaky = linux(`
	int i;
	for (i = 0; i < n; i++) {
		${map}
		if (dma_mapping_error(p->dev, p->ring[i]))
			goto unwind;
	}
	return 0;
unwind:
	while (--i > 0)
		${UNMAP('p->ring[i]')};
	return -EIO;`);
    expect(programs(leaky).filter((p) => p.includes('unmap'))).toEqual([]);
  });

  it('that release hand over what they may have reached', () => {
    expect(
      programs(
        linux(`
	struct slot *s;
	dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	list_for_each_entry(s, &p->slots, node)
		${UNMAP('s->addr')};
	return 0;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, hand-over m1, hand-over m2, hand-over m3, works",
      ]
    `);
  });

  it('without an end are left at the budget, and the function still has its paths', () => {
    expect(
      programs(
        linux(
          `for (;;) { dma_addr_t a = ${MAP}; if (dma_mapping_error(p->dev, a)) return -EIO; ${UNMAP('a')}; if (ready(p)) return 0; }`,
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, map m2 failed, check m2, fails",
        "map m1, check m1, unmap m1, works",
        "map m1, check m1, unmap m1, map m2, check m2, unmap m2, works",
      ]
    `);
  });

  it('that do not touch DMA are run once, with what they assign unknown', () => {
    expect(
      programs(
        linux(`
	int i, bad = 0;
	dma_addr_t a = ${MAP};
	if (dma_mapping_error(p->dev, a))
		return -EIO;
	for (i = 0; i < n; i++)
		if (check(p, i))
			bad++;
	if (!bad)
		${UNMAP('a')};
	return 0;`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, lose m1 returning, works",
        "map m1, check m1, unmap m1, works",
      ]
    `);
  });
});

describe('callees', () => {
  const helper = `
static int map_it(struct port *p, void *buf, dma_addr_t *out)
{
	*out = ${MAP};
	if (dma_mapping_error(p->dev, *out))
		return -ENOMEM;
	return 0;
}
static void unmap_it(struct port *p, dma_addr_t a)
{
	${UNMAP('a')};
}
`;

  it('are entered, with what they put into out-parameters', () => {
    expect(
      programs(
        linux('dma_addr_t a; int ret = map_it(p, buf, &a); if (ret) return ret; unmap_it(p, a); return 0;', helper),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, works",
      ]
    `);
    expect(explore(linux('dma_addr_t a; return map_it(p, buf, &a);', helper), 'f').entered).toEqual(
      new Set(['drivers/file.c:f', 'drivers/file.c:map_it']),
    );
  });

  it('tell by their result whether there is a mapping', () => {
    expect(
      programs(
        linux(
          'dma_addr_t a; if (map_it(p, buf, &a)) { unmap_it(p, a); return -EIO; } unmap_it(p, a); return 0;',
          helper,
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, unmap m1, fails",
        "map m1, check m1, unmap m1, works",
      ]
    `);
  });

  it('that call themselves end', () => {
    expect(
      programs(linux(`if (n > 0) return f(p, buf, n - 1); ${UNMAP('p->addr')}; return 0;`)).length,
    ).toBeGreaterThan(0);
  });

  it('that are not seen may release what they get if their name says so', () => {
    const call = (name: string) =>
      programs(
        linux(`dma_addr_t a = ${MAP}; if (dma_mapping_error(p->dev, a)) return -EIO; ${name}(p, a); return 0;`),
      )[1];
    expect(call('port_release')).toContain('hand-over m1');
    expect(call('port_submit')).not.toContain('hand-over');
    expect(call('port_submit')).not.toContain('lose');
  });
});

describe('values', () => {
  const twice = (condition: string) =>
    programs(
      linux(`
	dma_addr_t a = 0;
	if (${condition}) {
		a = ${MAP};
		if (dma_mapping_error(p->dev, a))
			return -EIO;
	}
	run(p);
	if (${condition})
		${UNMAP('a')};
	return 0;`),
    );
  const lost = (paths: readonly string[]) => paths.filter((p) => p.includes('lose'));

  it.each(['n', 'HAS_DATA(n)', 'port_queue_len(p)', 'n > 3 && n < 9'])(
    '%s is the same when asked twice',
    (condition) => {
      expect(lost(twice(condition))).toEqual([]);
      expect(twice(condition).some((p) => p.includes('unmap'))).toBe(true);
    },
  );

  it.each(['try_get(p)', 'read_next(p)'])('%s may differ when asked twice', (condition) => {
    expect(lost(twice(condition))).not.toEqual([]);
  });

  it('an array inside a structure is its own address, the element given back is the element stored', () => {
    expect(
      programs(
        linux(
          `dma_addr_t *r = p->ring; r[2] = ${MAP}; if (dma_mapping_error(p->dev, p->ring[2])) return -EIO; ${UNMAP('p->ring[2]')}; return 0;`,
          'struct port { struct device *dev; dma_addr_t ring[8]; };',
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "map m1 failed, check m1, fails",
        "map m1, check m1, unmap m1, works",
      ]
    `);
  });
});

describe('budget', () => {
  const paths = (count: number) =>
    linux(
      `${Array.from({ length: count }, (_, i) => `dma_addr_t a${i} = 0;`).join(' ')} ${Array.from({ length: count }, (_, i) => `if (p->flag${i}) { a${i} = ${MAP}; if (dma_mapping_error(p->dev, a${i})) return -EIO; }`).join('\n')} ${Array.from({ length: count }, (_, i) => `if (p->flag${i}) ${UNMAP(`a${i}`)};`).join('\n')} return 0;`,
    );

  it('spent steps are told', () => {
    const { degraded, paths: found } = explore(paths(4), 'f', { steps: 12 });
    expect(degraded).toEqual(['path budget spent']);
    expect(found.filter((p) => p.complete)).toEqual([]);
  });

  it('too many states are told, and not kept', () => {
    const narrow = explore(paths(6), 'f', { states: 4 });
    expect(narrow.degraded).toEqual(['too many states']);
    const wide = explore(paths(6), 'f', { states: 1000 });
    expect(wide.degraded).toEqual([]);
    expect(narrow.paths.filter((p) => p.complete).length).toBeLessThan(wide.paths.filter((p) => p.complete).length);
  });

  it('how far the loops of a callee went is over when it returns', () => {
    const text = `struct ring { dma_addr_t desc[4]; int n; };
static void free_ring(struct device *dev, struct ring *r)
{
	int i;
	if (!r->n)
		return;
	for (i = 0; i < r->n; i++) {
		if (!r->desc[i])
			continue;
		dma_unmap_single(dev, r->desc[i], 64, DMA_TO_DEVICE);
		r->desc[i] = 0;
	}
}
void f(struct device *dev, struct ring *r)
{
${Array.from({ length: 9 }, (_, i) => `\tfree_ring(dev, r + ${i});`).join('\n')}
}`;
    expect(explore(text, 'f', { steps: 3_000 }).degraded).toEqual([]);
  });

  it('giving up states invents no leak', () => {
    const { paths: found } = explore(paths(6), 'f', { states: 4 });
    expect(
      found
        .filter((p) => p.complete && p.failing === false)
        .map(showPath)
        .filter((p) => p.includes('lose')),
    ).toEqual([]);
  });

  it('states stay within it: twice as many flags give no more than about twice as many paths', () => {
    const count = (flags: number) => explore(paths(flags), 'f', { states: 8 }).paths.length;
    expect(count(14)).toBeLessThan(3 * count(7));
  });

  it('code that is not understood is told', () => {
    expect(explore(linux(`dma_addr_t a = ${MAP}; if (a @ b) return 1; return 0;`), 'f').degraded).toEqual([
      'syntax error',
    ]);
  });
});

describe('a function whose parts depend on two parameters', () => {
  const CONDITIONS = {
    '1': () => true,
    x: (x: boolean) => x,
    '!x': (x: boolean) => !x,
    y: (_: boolean, y: boolean) => y,
    '!y': (_: boolean, y: boolean) => !y,
    'x && y': (x: boolean, y: boolean) => x && y,
    'x || y': (x: boolean, y: boolean) => x || y,
  } as const;
  type Condition = keyof typeof CONDITIONS;
  type What = 'unmap' | 'return' | 'count';
  interface Part {
    readonly when: Condition;
    readonly what: What;
  }
  const alone = fc.constantFrom<Condition>('1', 'x', '!x', 'y', '!y');
  const any = fc.oneof(alone, fc.constantFrom<Condition>('x && y', 'x || y'));
  const parts = (when: fc.Arbitrary<Condition>) =>
    fc.array(fc.record({ when, what: fc.constantFrom<What>('unmap', 'return', 'count') }), { maxLength: 4 });
  const text: Record<What, string> = { unmap: `${UNMAP('a')};`, return: 'return 0;', count: 'p->count++;' };

  const isLost = (mapped: Condition, list: readonly Part[]): boolean =>
    [0, 1, 2, 3].some((bits) => {
      const holds = (c: Condition) => CONDITIONS[c](bits > 1, bits % 2 === 1);
      const first = list.find(({ when, what }) => what !== 'count' && holds(when));
      return holds(mapped) && first?.what !== 'unmap';
    });

  const isReported = (mapped: Condition, list: readonly Part[]): boolean => {
    const body = `dma_addr_t a = 0;
	if (${mapped}) {
		a = ${MAP};
		if (dma_mapping_error(p->dev, a))
			return -EIO;
	}
	${list.map(({ when, what }) => `if (${when}) { ${text[what]} }`).join('\n\t')}
	return 0;`;
    return programs(`static int f(struct port *p, void *buf, int x, int y)\n{\n${body}\n}\n`).some((path) =>
      path.includes('lose'),
    );
  };

  it('loses its mapping on some path exactly if it does so for some values of them', () => {
    fc.assert(
      fc.property(alone, parts(alone), (mapped, list) => {
        expect(isReported(mapped, list)).toBe(isLost(mapped, list));
      }),
      { numRuns: 100 },
    );
  });

  it('hides no loss behind conditions of both, though merging may forget that one of them held', () => {
    fc.assert(
      fc.property(any, parts(any), (mapped, list) => {
        fc.pre(isLost(mapped, list));
        expect(isReported(mapped, list)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
