import { describe, expect, test } from 'vitest';
import { compileDmaseq, parseDmaseq } from '../dmaseq/index.ts';
import { hintPlatforms, hints } from './hints.ts';

/** What each hint of a program saves: rule, platform, and the counter that fell most. */
function saved(text: string): readonly string[] {
  const parsed = parseDmaseq(text);
  const compiled = parsed.ok ? compileDmaseq(parsed.document, 'hints') : parsed;
  if (!compiled.ok) throw new Error(JSON.stringify(compiled));
  const { program } = compiled.compiled;
  return hints(program, hintPlatforms(program.dialect)).flatMap(({ violation: { kind }, savings }) =>
    savings.map(({ platform: { id }, now, instead }) => {
      const words = (['refusals', 'conversions', 'invalidations', 'bytesToBounce'] as const)
        .filter((name) => now[name] !== instead[name])
        .map((name) => `${name} ${now[name]} → ${instead[name]}`);
      return `${kind} ${id}: ${words.join(', ')}`;
    }),
  );
}

describe('hints', () => {
  test('a coherent buffer that is made and freed again could be kept', () => {
    expect(saved('allocate a 16K\nfree a')).toEqual(['conversion-churn tdx: conversions 2 → 0']);
    expect(saved('allocate a 16K')).toEqual([]);
    expect(saved('allocate a 64 family=dma-pool-block\nfree a')).toEqual([]);
  });

  test('pages that the program shares and takes back could stay shared', () => {
    expect(saved('declare a 8K pages\nconvert a 8K shared\nconvert a 8K private')).toEqual([
      'conversion-churn tdx: conversions 2 → 0',
    ]);
  });

  test('a buffer for both sides of firmware is converted where there is no pool', () => {
    expect(saved('dialect edk2\nallocate a 4K\nmap m = a 4K bidirectional common\nunmap m\nfree a')).toEqual([
      'conversion-churn iommudxe-tdx-no-pool: conversions 2 → 0',
    ]);
  });

  test('the same mapping turn after turn could be one', () => {
    const turns = 'declare a 4K heap\nrepeat 3 as i {\nmap m[i] = a 4K to-device\nunmap m[i] to-device\n}';
    expect(saved(turns)).toEqual(['map-in-loop vtd-strict: invalidations 3 → 1']);
    expect(saved(turns.replace('unmap m[i] to-device\n}', '}\nrepeat 3 as i {\nunmap m[i] to-device\n}'))).toEqual([]);
  });

  test('pages that are unmapped one by one could be one range', () => {
    const pages = 'repeat 4 as i {\ngiven mapping m[i]\n}\nrepeat 4 as i {\nunmap m[i] 4K to-device family=page\n}';
    expect(saved(pages)).toEqual(['flush-per-page vtd-strict: invalidations 4 → 1']);
    expect(saved(pages.replace('4K', '2K'))).toEqual([]);
  });

  test('small coherent buffers could be blocks of one page', () => {
    expect(saved('allocate a 64\nallocate b 128\nallocate c 64')).toEqual(['sub-page-coherent tdx: conversions 3 → 1']);
    expect(saved('allocate a 64\nallocate b 2K')).toEqual([]);
  });

  test('a narrow mask makes transfers bounce, a wider one beside it is tried first', () => {
    expect(saved('set-mask 32')).toEqual(['bounce-heavy swiotlb-32bit: bytesToBounce 4096 → 0']);
    expect(saved('set-mask 64\nset-mask 32')).toEqual([]);
    expect(saved('set-mask 32 common')).toEqual([]);
  });

  test('a length that is no whole number of cache lines bounces where caches are not coherent', () => {
    const read = (bytes: number) =>
      `dialect edk2\ndeclare a 64 heap\nmap m = a ${bytes} from-device\nunmap m from-device`;
    expect(saved(read(13)).map((one) => one.split(':')[0])).toEqual(['bounce-heavy dmalib-noncoherent']);
    expect(saved(read(128))).toEqual([]);
  });

  test('what no pool can hold is refused, in pieces it is not', () => {
    expect(saved('map m = unknown 512K to-device').filter((one) => one.includes('tdx'))).toEqual([
      'oversized-bounce tdx: refusals 1 → 0, bytesToBounce 0 → 262144',
    ]);
    expect(saved('map m = unknown 256K to-device')).toEqual([]);
  });
});
