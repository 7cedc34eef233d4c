import { describe, expect, it } from 'vitest';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels, type Dialect } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, type DmaPath, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();

function paths(definition: string, dialect: Dialect = 'linux', name = 'f'): readonly DmaPath[] {
  const unit = new Unit('file.c', definition, models, dialect);
  const project = new Project([unit], models, parser);
  const source = project.function(name, 'file.c');
  if (!source) throw new Error(`no function ${name}`);
  const { paths: found, degraded } = sequences(project, source, DEFAULT_BUDGET);
  expect(degraded).toEqual([]);
  return found.filter((p) => p.complete);
}

/**
 * Why something is lost on some path of a function with this body, other than that nobody comes back for it; the mapping is
 * checked, its handle is `a`.
 */
function losses(body: string): readonly string[] {
  const found = paths(`
static int f(struct port *p, void *buf, dma_addr_t *out)
{
	dma_addr_t a = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, a))
		return -EIO;
	${body}
}
`);
  return [
    ...new Set(
      found.flatMap((p) =>
        p.program.operations.flatMap((o) =>
          o.op === 'lose' && o.why !== 'lifecycle-end' ? [`${o.why}${o.certain ? '' : ', maybe'}`] : [],
        ),
      ),
    ),
  ];
}

describe('a mapping whose handle is', () => {
  it.each([
    ['in a field of a parameter', 'p->addr = a; return 0;'],
    ['in an element of an array', 'p->ring[p->head] = a; return 0;'],
    ['in an out-parameter', '*out = a; return 0;'],
    ['in a global', 'last_address = a; return 0;'],
    ['in a static variable', 'static dma_addr_t kept; kept = a; return 0;'],
    ['returned', 'return a;'],
    ['given to code that is not seen', 'port_submit(p, a); return 0;'],
    [
      'in a new object that hangs on a parameter',
      'struct req *r = kzalloc(sizeof(*r), GFP_KERNEL); r->addr = a; p->req = r; return 0;',
    ],
    [
      'in a new object that is on a list',
      'struct req *r = kzalloc(sizeof(*r), GFP_KERNEL); r->addr = a; list_add(&r->node, &p->list); return 0;',
    ],
  ])('%s is held', (_where, body) => {
    expect(losses(body)).toEqual([]);
  });

  it.each([
    ['nowhere', 'return -EIO;'],
    ['in another local', 'dma_addr_t b = a; return -EIO;'],
    ['in a local structure', 'struct req r; r.addr = a; return -EIO;'],
    ['only printed in part', 'p->low = 3; return -EIO;'],
  ])('%s is lost', (_where, body) => {
    expect(losses(body)).toEqual(['returning']);
  });

  it('nowhere after success was perhaps given to the device', () => {
    expect(losses('return 0;')).toEqual(['returning, maybe']);
  });

  it('in two ways that always go together is followed in both, after paths have met', () => {
    const body = (second: string) => `int held = 0, own = 0;
	if (p->n == 1) { held = 1; own = 1; } ${second}
	if (held && !own) return -EIO;
	dma_unmap_single(p->dev, a, 64, DMA_TO_DEVICE);
	return 0;`;
    expect(losses(body(''))).toEqual([]);
    expect(losses(body('else if (p->n == 2) held = 1;'))).toEqual(['returning']);
  });

  it('is looked for in a function that it is handed to, though that reaches no API', () => {
    const found = paths(`
static int queue(struct port *p, dma_addr_t addr, int len)
{
	struct entry *e;
	int i;

	if (p->used >= p->size) {
		p->stopped++;
		return -ENOMEM;
	}
	e = ring_produce(p->ring);
	e->len = len & 0xffff;
	for (i = 0; i < 4; i++)
		e->pad[i] = 0;
	e->flags = p->flags | p->mask;
	p->addr[p->head] = addr;
	p->head = (p->head + 1) % p->size;
	return 0;
}
static int f(struct port *p, void *buf, int len)
{
	dma_addr_t a = dma_map_single(p->dev, buf, len, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, a))
		return -EIO;
	if (queue(p, a, len))
		return -EBUSY;
	return 0;
}
`);
    const lost = found.flatMap(({ program }) => program.operations.flatMap((o) => (o.op === 'lose' ? [o.why] : [])));
    expect(lost).toEqual(['returning']);
  });

  it('may be where it is not seen, when what it was handed to does not fail', () => {
    const found = paths(`
static int queue(struct port *p, dma_addr_t addr, int len)
{
	struct entry *e;
	int i;

	if (p->used >= p->size) {
		p->stopped++;
		return -ENOMEM;
	}
	e = ring_produce(p->ring);
	e->len = len & 0xffff;
	for (i = 0; i < 4; i++)
		e->pad[i] = 0;
	e->flags = p->flags | p->mask;
	RING_ADDRESS(p->ring, addr);
	p->head = (p->head + 1) % p->size;
	return 0;
}
static int f(struct port *p, void *buf, int len)
{
	dma_addr_t a = dma_map_single(p->dev, buf, len, DMA_TO_DEVICE);

	if (dma_mapping_error(p->dev, a))
		return -EIO;
	if (queue(p, a, len))
		return 0;
	return wait_for(p);
}
`);
    const lost = found.flatMap(({ program }) => program.operations.flatMap((o) => (o.op === 'lose' ? [o.why] : [])));
    expect(lost.filter((why) => why === 'returning')).toEqual(['returning']);
  });

  it('in a field may be left to a caller that releases the field when the function fails', () => {
    const code = (onError: string) => `static int start(struct port *p)
{
	p->addr = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->addr))
		return -ENOMEM;
	if (ring_doorbell(p)) {
		dma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);
		return -EIO;
	}
	if (ring_again(p))
		return -EIO;
	return 0;
}

static void stop(struct port *p)
{
	dma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);
}

static int open(struct port *p)
{
	int err = start(p);

	if (err)
		${onError}
	return err;
}
`;
    const leaks = (text: string) =>
      paths(text, 'linux', 'start').flatMap((p) =>
        p.program.operations.flatMap((o) => (o.op === 'lose' ? [o.certain] : [])),
      );
    expect(leaks(code('stop(p);'))).toEqual([false]);
    expect(leaks(code('report(p);'))).toEqual([true]);
    expect(leaks(code('return err;\n\tstop(p);'))).toEqual([true]);
  });

  it('in a field is lost when another failing path shows that the function cleans up after itself', () => {
    const body = (second: string) => `p->addr = a;
	if (start(p)) { dma_unmap_single(p->dev, a, 64, DMA_TO_DEVICE); return -EIO; }
	if (ring_doorbell(p)) { ${second} return -EIO; }
	return 0;`;
    expect(losses(body(''))).toEqual(['unwound']);
    expect(losses(body('dma_unmap_single(p->dev, a, 64, DMA_TO_DEVICE);'))).toEqual([]);
  });
});

describe('a list that a failing function leaves mapped', () => {
  const lost = (caller: string) =>
    paths(`static int f(struct port *p, struct request *r)
{
	if (!dma_map_sg(p->dev, r->list, r->entries, DMA_TO_DEVICE))
		return -ENOMEM;
	if (!ring_doorbell(p))
		return -EIO;
	return 0;
}

static void give_back(struct port *p, struct request *r)
{
	dma_unmap_sg(p->dev, r->list, r->entries, DMA_TO_DEVICE);
	complete(&r->done);
}

static int submit(struct port *p, struct request *r)
{
	int err = f(p, r);

	${caller}
	return err;
}
`).flatMap((p) => p.program.operations.flatMap((o) => (o.op === 'lose' ? [`${o.why} ${o.certain}`] : [])));

  it.each([
    ['is given back by nobody', 'if (err)\n\t\treport(p);', ['unclaimed false']],
    ['is given back by who called it', 'if (err)\n\t\tgive_back(p, r);', []],
    ['is given back where it has worked', 'if (!err)\n\t\tgive_back(p, r);', ['unclaimed false']],
  ])('%s', (_who, caller, expected) => {
    expect(lost(caller)).toEqual(expected);
  });
});

describe('a channel that is left in a field by a failing function', () => {
  /** Is it lost, and is that certain? */
  const lost = (table: string, rest = '', middle = '') =>
    paths(
      `${rest}
static int f(struct port *p)
{
	p->chan = dma_request_chan(p->dev, "tx");
	if (IS_ERR(p->chan))
		return PTR_ERR(p->chan);
	${middle}
	if (ring_doorbell(p))
		return -EIO;
	return 0;
}
${table}`,
    ).flatMap((p) => p.program.operations.flatMap((o) => (o.op === 'lose' && o.failing ? [o.certain] : [])));

  it.each([
    ['a probe', 'static struct platform_driver d = { .probe = f };', [true]],
    ['what opens a port', 'static const struct uart_ops o = { .startup = f };', [true]],
    [
      'what is followed by its counterpart even so',
      'static const struct snd_soc_dai_ops o = { .hw_params = f };',
      [false],
    ],
    ['a step of somebody else’s probe', 'static const struct nand_controller_ops o = { .attach_chip = f };', [false]],
    ['a request', 'static const struct i2c_algorithm o = { .master_xfer = f };', [false]],
  ])('%s', (_who, table, expected) => {
    expect(lost(table)).toEqual(expected);
  });

  const PROBE = 'static struct platform_driver d = { .probe = f };';
  const loop = (field: string) =>
    `static void tidy(struct port *p, int n)\n{\nint i;\nfor (i = 0; i < n; i++)\n${field};\n}\n`;

  it('may have been released by what was called since', () => {
    expect(lost(PROBE, loop('dma_release_channel(p->chan)'), 'tidy(p, p->n);')).not.toContain(true);
  });

  it('has not been released by what releases something else, though it names the field', () => {
    const unmap = 'dma_unmap_single(p->chan->device->dev, p->addr[i], 64, DMA_TO_DEVICE)';
    expect(lost(PROBE, loop(unmap), 'tidy(p, p->n);')).toContain(true);
  });
});

describe('does the function say that it fails?', () => {
  /** One answer for each path, in order of the source. */
  const answers = (definition: string, dialect: Dialect = 'linux') => paths(definition, dialect).map((p) => p.failing);
  const typed = (type: string, value: string) =>
    answers(
      `static ${type} f(struct port *p, int n)\n{\ndma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);\nreturn ${value};\n}\n`,
    );

  it.each<[string, string, boolean | null]>([
    ['int', '0', false],
    ['int', '-1', true],
    ['int', '-ENOMEM', true],
    ['int', '3', false],
    ['int', 'n', null],
    ['int', '-EINPROGRESS', false],
    ['int', '-EBUSY', true],
    ['netdev_tx_t', 'NETDEV_TX_OK', null],
    ['bool', 'false', null],
    ['u32', '0', null],
    ['u32', '-ENOMEM', true],
    ['u32', '0xfffffff4', null],
    ['struct req *', 'NULL', true],
    ['struct req *', 'ERR_PTR(-ENOMEM)', true],
    ['struct req *', '&p->req', false],
  ])('%s %s: %s', (type, value, expected) => {
    expect(typed(type, value)).toEqual([expected]);
  });

  it('a void function says nothing', () => {
    expect(
      answers('static void f(struct port *p)\n{\ndma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);\n}\n'),
    ).toEqual([null]);
  });

  /** Maps what it is given; `failed`: what it does when that cannot be mapped. */
  const mapped = (type: string, failed: string, rest: string) =>
    answers(`static ${type} f(struct port *p, void *buf)
{
	p->addr = dma_map_single(p->dev, buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->addr))
		${failed}
	${rest}
}
`);

  it.each(['void', 'netdev_tx_t'])(
    'a %s function fails where it goes to the label to which its failures go',
    (type) => {
      const value = type === 'void' ? '' : ' NETDEV_TX_OK';
      const body = `if (!ring(p)) goto drop;\nreturn${value};\ndrop:\nreport(p);\nreturn${value};`;
      expect(mapped(type, 'goto drop;', body)).toEqual([null, true, true]);
    },
  );

  it('an int function fails where it goes there, though it returns 0', () => {
    const body = 'if (!ring(p)) goto drop;\nreturn 0;\ndrop:\nreport(p);\nreturn 0;';
    expect(mapped('int', 'goto drop;', body)).toEqual([false, true, true]);
  });

  it('a void function says nothing where all ways go by one label', () => {
    expect(mapped('void', 'goto out;', 'if (!ring(p)) goto out;\nstart(p);\nout:\nreport(p);')).not.toContain(true);
  });

  it.each<[string, string, readonly (boolean | null)[]]>([
    ['a number that it gives for its own failure', 'return 4181;', [true, true, false]],
    ['a number that it gives otherwise', 'return 4182;', [true, false, false]],
  ])('an int function fails with %s', (_which, otherwise, expected) => {
    const found = mapped('int', 'return 4181;', `if (!ring(p)) ${otherwise}\nreturn 0;`);
    expect(found.toSorted().reverse()).toEqual(expected);
  });

  it('EBUSY means "queued" in a function that says EINPROGRESS as well', () => {
    const found = answers(
      'static int f(struct port *p, int n)\n{\ndma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);\nif (n == -EINPROGRESS)\nreturn -EBUSY;\nreturn 0;\n}\n',
    );
    expect(new Set(found)).toEqual(new Set([false]));
  });

  it('what a test has shown of the returned value counts', () => {
    expect(
      answers(
        'static int f(struct port *p)\n{\nint ret;\ndma_unmap_single(p->dev, p->addr, 64, DMA_TO_DEVICE);\nret = run(p);\nif (ret < 0)\nreturn ret;\nreturn 0;\n}\n',
      ).sort(),
    ).toEqual([false, true]);
  });

  it.each<[string, boolean]>([
    ['EFI_SUCCESS', false],
    ['EFI_DEVICE_ERROR', true],
    ['EFI_NOT_READY', false],
  ])('%s: %s', (status, expected) => {
    expect(
      answers(
        `EFI_STATUS\nf (IN PORT *Port)\n{\n  Port->PciIo->Unmap (Port->PciIo, Port->Mapping);\n  return ${status};\n}\n`,
        'edk2',
      ),
    ).toEqual([expected]);
  });
});

describe('what a driver never comes back for', () => {
  const driver = (open: string, others: string) => `
static int f(struct port *p)
{
	${open}
	return 0;
}

${others}

static int port_probe(struct platform_device *pdev)
{
	return f(port_of(pdev));
}
`;
  const table = (members: string) => `static struct platform_driver port_driver = {${members}};`;
  const allocation = 'p->ring = dma_alloc_coherent(p->dev, 64, &p->dma, GFP_KERNEL); if (!p->ring) return -ENOMEM;';
  const removable = `
static void port_remove(struct platform_device *pdev)
{
	port_quiet(port_of(pdev));
}

${table('.probe = port_probe, .remove = port_remove')}
`;

  const ends = (text: string): readonly string[] => [
    ...new Set(
      paths(text).flatMap((p) =>
        p.program.operations.flatMap((o) => (o.op === 'lose' ? [`${o.why}${o.certain ? '' : ', maybe'}`] : [])),
      ),
    ),
  ];

  it('is lost for ever, when it was made as the device came, and the device can go', () => {
    expect(ends(driver(allocation, removable))).toEqual(['lifecycle-end']);
  });

  it('may stay where the device cannot go', () => {
    expect(ends(driver(allocation, table('.probe = port_probe')))).toEqual(['lifecycle-end, maybe']);
  });

  it('may be made and taken back by others who call the function', () => {
    const other = 'int port_ioctl(struct port *p) { return f(p); }';
    expect(ends(driver(allocation, removable + other))).toEqual(['lifecycle-end, maybe']);
  });

  it.each([
    ['of its kind', 'void port_free(struct port *p) { dma_free_coherent(p->dev, 64, p->ring, p->dma); }', []],
    [
      'of another kind',
      'void port_stop(struct port *p) { writel(p->dma, p->regs); dma_unmap_sg(p->dev, p->list, 1, DMA_TO_DEVICE); }',
      ['lifecycle-end'],
    ],
  ])('is found where a function that names its field releases something %s', (_, other, expected) => {
    expect(ends(driver(allocation, removable + other))).toEqual(expected);
  });

  it('is a mapping of memory that goes by itself with the device', () => {
    const mapping = `
	p->buf = devm_kzalloc(p->dev, 64, GFP_KERNEL);
	if (!p->buf)
		return -ENOMEM;
	p->dma = dma_map_single(p->dev, p->buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(p->dev, p->dma))
		return -EIO;`;
    expect(ends(driver(mapping, ''))).toEqual(['lifecycle-end']);
  });

  it('is not said of variables at file scope', () => {
    const global = 'ring = dma_alloc_coherent(p->dev, 64, &ring_dma, GFP_KERNEL); if (!ring) return -ENOMEM;';
    expect(ends(driver(global, removable))).toEqual([]);
  });
});
