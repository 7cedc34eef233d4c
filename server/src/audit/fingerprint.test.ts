import { describe, expect, it } from 'vitest';
import { fingerprint, withPlaces } from './fingerprint.ts';

const of = (...texts: readonly string[]) => fingerprint('mapping-leak', 'probe', texts);

describe('fingerprint', () => {
  it.each([
    ['white space', 'dma_map_single (dev,\n\t\tbuf, len,\n\t\tDMA_TO_DEVICE)'],
    ['comments', 'dma_map_single(dev, /* whole */ buf, len, DMA_TO_DEVICE) // here'],
    ['names of locals', 'dma_map_single(d, data, size, DMA_TO_DEVICE)'],
  ])('survives other %s', (_, text) => {
    expect(of(text)).toBe(of('dma_map_single(dev, buf, len, DMA_TO_DEVICE)'));
  });

  it.each([
    ['calls', 'dma_map_page(dev, buf, len, DMA_TO_DEVICE)'],
    ['fields', 'dma_map_single(dev, p->buf, len, DMA_TO_DEVICE)'],
    ['constants', 'dma_map_single(dev, buf, len, DMA_FROM_DEVICE)'],
    ['uses of one local', 'dma_map_single(dev, buf, buf, DMA_TO_DEVICE)'],
  ])('tells other %s apart', (_, text) => {
    expect(of(text)).not.toBe(of('dma_map_single(dev, buf, len, DMA_TO_DEVICE)'));
  });

  it('follows a local from one place to the other', () => {
    expect(of('map(a)', 'unmap(a)')).toBe(of('map(b)', 'unmap(b)'));
    expect(of('map(a)', 'unmap(a)')).not.toBe(of('map(a)', 'unmap(b)'));
  });
});

describe('withPlaces', () => {
  it('tells equal findings of one file apart, in their order', () => {
    const at = (file: string, print: string) => ({ file, fingerprint: print });
    const places = withPlaces([at('a.c', 'x'), at('a.c', 'y'), at('a.c', 'x'), at('b.c', 'x')]);
    expect(places.map((one) => one.fingerprint)).toEqual(['x', 'y', 'x.2', 'x']);
  });
});
