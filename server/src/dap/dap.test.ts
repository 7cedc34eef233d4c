import { COSTS, PLATFORMS } from '@dma-audit/simulator';
import { describe, expect, test } from 'vitest';
import { Project, simulate, Unit } from '../audit/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { DEFAULT_BUDGET } from '../sequence/index.ts';
import { createParser } from '../syntax/index.ts';
import { frame, MessageReader } from './framing.ts';
import { DebugSession } from './session.ts';

const SOURCE = `#include <linux/dma-mapping.h>
static dma_addr_t prepare(struct device *dev, void *data)
{
	return dma_map_single(dev, data, 64, DMA_TO_DEVICE);
}
int send(struct device *dev, void *data)
{
	dma_addr_t addr = prepare(dev, data);

	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	post(dev, addr);
	dma_unmap_single(dev, addr, 64, DMA_FROM_DEVICE);
	return 0;
}
`;

const models = createModels(builtinModels);
const parser = await createParser();
const project = new Project([new Unit('a.c', SOURCE, models, null)], models, parser);

async function launch(given: object) {
  const numbers: number[] = [];
  const session = new DebugSession(async ({ path }) => {
    numbers.push(path);
    throw new Error('found');
  });
  const all = { program: '/src/a.c', function: 'send', ...given };
  const [reply] = await session.handle({ seq: 1, type: 'request', command: 'launch', arguments: all });
  return [numbers[0], reply?.message];
}

async function started(...breakpoints: readonly number[]) {
  const session = new DebugSession(async ({ function: name, path }) => {
    const platforms = PLATFORMS.filter(({ id }) => id === 'tdx');
    const options = { platforms, sizes: new Map(), paths: new Set([path]), budget: DEFAULT_BUDGET, figures: COSTS };
    const simulation = simulate(project, 'a.c', name, options);
    if (simulation === null) throw new Error(`no function ${name}`);
    return { simulation, root: '/src' };
  });
  let seq = 0;
  const ask = (command: string, given: object = {}) =>
    session.handle({ seq: ++seq, type: 'request', command, arguments: given });
  await ask('initialize');
  const launched = await ask('launch', { program: '/src/a.c', function: 'send' });
  const set = await ask('setBreakpoints', {
    source: { path: '/src/a.c' },
    breakpoints: breakpoints.map((line) => ({ line })),
  });
  await ask('setExceptionBreakpoints', { filters: ['faults'] });
  await ask('configurationDone');
  const body = async (command: string, given: object = {}) => (await ask(command, given))[0]?.body;
  const line = async () => (await body('stackTrace')) as { stackFrames: { line: number; name: string }[] };
  return {
    ask,
    body,
    launched,
    set,
    where: async () => (await line()).stackFrames.map((one) => `${one.name}:${one.line}`),
  };
}

test.each([
  [{}, 1, 'found'],
  [{ path: 2, platform: null }, 2, 'found'],
  [{ path: '99' }, undefined, 'path must be a whole number from 1'],
  [{ path: 0 }, undefined, 'path must be a whole number from 1'],
  [{ platform: 7 }, undefined, 'platform must be a text'],
])('a launch with %j', async (given, path, message) => {
  expect(await launch(given)).toEqual([path, message]);
});

describe('a debug session', () => {
  test('begins at the first step, in the function that was entered, and steps on and back', async () => {
    const { ask, where, launched } = await started();
    expect(launched).toMatchObject([{ success: true }, { event: 'initialized' }]);
    expect(await where()).toEqual(['send:8']);
    for (let i = 0; i < 3 && (await where()).length < 2; i++) await ask('stepIn');
    expect(await where()).toEqual(['prepare:4', 'send:8']);
    await ask('stepOut');
    expect((await where())[0]).toMatch(/^send:/);
    for (let i = 0; i < 20; i++) await ask('stepBack');
    expect(await where()).toEqual(['send:8']);
  });

  test('shows memory as the step leaves it, and the counters so far', async () => {
    const { ask, body } = await started(10);
    await ask('continue');
    const memory = await body('variables', { variablesReference: 1 });
    expect(memory).toMatchObject({ variables: [{ name: 'data', value: 'device, bounced' }] });
    const counters = await body('variables', { variablesReference: 3 });
    expect(JSON.stringify(counters)).toContain('"bytes copied to bounce buffers","value":"64"');
  });

  test('stops at breakpoints on the path and at faults, and ends behind the last step', async () => {
    const { ask, set, where } = await started(10, 99);
    expect(set[0]).toMatchObject({ body: { breakpoints: [{ verified: true }, { verified: false }] } });
    expect((await ask('continue')).at(-1)).toMatchObject({ event: 'stopped', body: { reason: 'breakpoint' } });
    expect(await where()).toEqual(['send:10']);
    const fault = await ask('continue');
    expect(fault.map((one) => one.event ?? one.command)).toEqual(['continue', 'output', 'stopped']);
    expect(fault[2]).toMatchObject({ body: { reason: 'exception' } });
    expect(await where()).toEqual(['send:13']);
    expect((await ask('continue')).at(-1)).toMatchObject({ event: 'terminated' });
    while ((await where())[0] !== 'send:10') await ask('reverseContinue');
    expect(await where()).toEqual(['send:10']);
  });

  test('tells what it cannot do', async () => {
    const session = new DebugSession(() => Promise.reject(new Error('no such file')));
    const fails = (command: string, given: object) =>
      session.handle({ seq: 1, type: 'request', command, arguments: given });
    expect(await fails('launch', { program: 'a.c', function: 'f' })).toMatchObject([
      { success: false, message: 'no such file' },
    ]);
    expect(await fails('launch', {})).toMatchObject([{ success: false }]);
    expect(await fails('next', {})).toMatchObject([{ success: false }]);
    expect(await fails('evaluate', {})).toMatchObject([{ success: false, message: 'evaluate is not supported' }]);
    expect(await session.handle('hello')).toEqual([]);
  });
});

test('messages are put together again, however they are cut', () => {
  const messages = [{ a: 'ü€😀' }, { b: 2 }];
  const bytes = Buffer.from(`${messages.map(frame).join('')}Content-Length: 3\r\n\r\n{x}${frame({ c: 3 })}`);
  const seen: unknown[] = [];
  const reader = new MessageReader((message) => seen.push(message));
  for (const byte of bytes) reader.push(Buffer.from([byte]));
  expect(seen).toEqual([...messages, { c: 3 }]);
});
