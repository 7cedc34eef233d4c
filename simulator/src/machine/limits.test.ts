import { describe, expect, test } from 'vitest';
import { compileDmaseq, parseDmaseq } from '../dmaseq/index.ts';
import { PLATFORMS } from '../platforms/named.ts';
import { run } from './machine.ts';

function refusals(text: string, platform: string): number {
  const parsed = parseDmaseq(text);
  const compiled = parsed.ok ? compileDmaseq(parsed.document, 'limits') : parsed;
  const found = PLATFORMS.find(({ id }) => id === platform);
  if (!compiled.ok || found === undefined) throw new Error('the test is wrong');
  return run(compiled.compiled.program, found).refusals.length;
}

describe('more memory than a machine has', () => {
  test.each(['tdx', 'sev', 'vtd-strict', 'direct'])('is refused on %s, at once', (platform) => {
    expect(refusals('allocate a 64G\nmap m = a 64G\nunmap m\nfree a', platform)).toBe(2);
    expect(refusals('repeat 12 as i {\n  allocate a[i] 4G\n}', 'direct')).toBe(4);
  });

  test('comes back when it is freed', () => {
    expect(refusals('repeat 12 as i {\n  allocate a[i] 64M\n  free a[i]\n}', 'tdx')).toBe(0);
  });
});
