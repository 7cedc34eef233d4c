import { afterAll, describe, expect, it } from 'vitest';
import { CLEAN, FAULTY, Workspace } from './workspace.ts';

/** The life of a project with the checker, from the first day on; each step goes on from the one before. */
describe('a scratch repository', () => {
  const work = new Workspace();
  afterAll(() => work.remove());
  const other = FAULTY.replace('send', 'receive');

  interface Reported {
    readonly summary: object;
    readonly diagnostics: readonly { readonly file: string; readonly fingerprint: string }[];
  }
  const report = (...args: readonly string[]): Reported => {
    const { stdout, stderr } = work.dmaAudit('check', '--format', 'json', ...args);
    expect(stderr).toContain('with DMA');
    return JSON.parse(stdout);
  };

  it('is configured by init, once', () => {
    work.git('init', '-q');
    const names = Array.from({ length: 9 }, (_, i) => `drivers/d${i % 3}/f${i}.c`);
    work.put(Object.fromEntries(names.map((name, i) => [name, CLEAN.replace('send', `send${i}`)])));
    work.put({ 'old.c': FAULTY, 'vendor/x.c': FAULTY });
    expect(work.dmaAudit('init')).toMatchObject({ status: 0 });
    expect(work.json('dma-audit.json')).toMatchObject({ dialect: 'linux', exclude: ['vendor/**'] });
    expect(work.dmaAudit('init')).toMatchObject({ status: 2, stderr: expect.stringContaining('--force') });
    work.commit('first');
  });

  it('has one seeded bug, which check finds', () => {
    const { status, stdout } = work.dmaAudit('check');
    expect(status).toBe(1);
    expect(stdout.match(/^error\[/gm)).toHaveLength(1);
    expect(stdout).toContain('error[direction-mismatch] old.c:10:2 in send');
  });

  it('reports it as SARIF as well', () => {
    expect(work.dmaAudit('check', '--output', 'sarif=a.sarif', '--output', 'text')).toMatchObject({ status: 1 });
    expect(work.json('a.sarif')).toMatchObject({ runs: [{ results: [{ ruleId: 'direction-mismatch' }] }] });
  });

  it('puts it into the baseline', () => {
    expect(work.dmaAudit('check', '--baseline', 'known.json')).toMatchObject({ status: 3 });
    expect(work.dmaAudit('check', '--baseline', 'known.json', '--update-baseline')).toMatchObject({ status: 0 });
    expect(work.dmaAudit('check', '--baseline', 'known.json')).toMatchObject({ status: 0, stdout: '' });
    work.commit('baseline');
  });

  it('keeps what the baseline knows of other files, when only some are checked', () => {
    for (const path of ['drivers', 'drivers/d0/f0.c'])
      expect(work.dmaAudit('check', path, '--baseline', 'known.json', '--update-baseline')).toMatchObject({
        status: 0,
      });
    expect(work.dmaAudit('check', '--baseline', 'known.json')).toMatchObject({ status: 0, stdout: '' });
  });

  it('keeps it there when the code moves and is written another way', () => {
    const moved = FAULTY.replaceAll('addr', 'dma')
      .replaceAll('dma_dma', 'dma_addr')
      .replace('int send', '\n\nint send');
    work.put({ 'old.c': moved.replace('(dev, dma, len,', '(dev,\n\t\t\t dma, len,') });
    expect(work.dmaAudit('check', '--baseline', 'known.json')).toMatchObject({ status: 0, stdout: '' });
  });

  it('finds a new bug alone with --since, and with --staged only when it is staged', () => {
    work.put({ 'drivers/d0/f0.c': other });
    for (const since of ['HEAD', 'HEAD~1']) {
      const { status, stdout } = work.dmaAudit('check', '--baseline', 'known.json', '--since', since);
      expect(status).toBe(1);
      expect(stdout.match(/^error\[\S+ \S+/gm)).toEqual(['error[direction-mismatch] drivers/d0/f0.c:10:2']);
    }
    expect(work.dmaAudit('check', '--staged')).toMatchObject({ status: 0 });
    work.git('add', 'drivers/d0/f0.c');
    // What is staged counts, not what lies in the working tree.
    work.put({ 'drivers/d0/f0.c': CLEAN });
    const staged = work.dmaAudit('check', '--staged');
    expect(staged).toMatchObject({ status: 1, stdout: expect.stringContaining('drivers/d0/f0.c:10:2 in receive') });
    work.put({ 'drivers/d0/f0.c': other });
    expect(report('--since', 'HEAD', 'drivers/d0').diagnostics).toHaveLength(1);
    expect(report('--since', 'HEAD', 'drivers/*/f0.c').diagnostics).toHaveLength(1);
    expect(report('--since', 'HEAD', 'drivers/d1').diagnostics).toEqual([]);
    expect(work.dmaAudit('check', '--since', 'no-such-thing')).toMatchObject({ status: 4 });
    expect(work.dmaAudit('check', '--since=--output=x')).toMatchObject({ status: 4 });
  });

  it('tells changed lines from others', () => {
    work.commit('a bug');
    work.put({ 'drivers/d0/f0.c': `${other}\nint unrelated;\n` });
    expect(report('--since', 'HEAD').diagnostics).toHaveLength(1);
    expect(report('--since', 'HEAD', '--changed-lines-only').diagnostics).toEqual([]);
    work.put({ 'drivers/d0/f0.c': other.replace('error(dev', 'error (dev') });
    expect(report('--since', 'HEAD', '--changed-lines-only').diagnostics).toHaveLength(1);
  });

  it('finds the same from one machine, from three shards, and from a cold and a warm cache', () => {
    const { summary, diagnostics: one } = report();
    expect(work.dmaAudit('check')).toMatchObject({ status: 1 });
    expect(one.map(({ file }) => file)).toEqual(['drivers/d0/f0.c', 'old.c']);
    for (const i of [1, 2, 3])
      expect(work.dmaAudit('check', '--shard', `${i}/3`, '--output', `partial=part${i}.json`).status).toBeLessThan(2);
    const parts = ['part3.json', 'part1.json', 'part2.json'];
    const { status, stdout } = work.dmaAudit('merge', '--format', 'json', ...parts);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      diagnostics: one,
      summary: { ...summary, elapsedMs: expect.any(Number) },
    });
    expect(work.dmaAudit('merge', 'part1.json', 'part3.json')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('missing: shard 2 of 3'),
    });
    const part = work.read('part1.json');
    work.put({ 'cut.json': part.slice(0, -20), 'edited.json': part.replace('"shard":', '"shards":') });
    for (const name of ['cut.json', 'edited.json', 'old.c'])
      expect(work.dmaAudit('merge', name)).toMatchObject({
        status: 2,
        stderr: `dma-audit: ${name}: no result of --output partial\n`,
      });
    expect(work.dmaAudit('merge', '--baseline', 'known.json', ...parts)).toMatchObject({ status: 1 });
    for (const _ of ['cold', 'warm'])
      expect(report('--cache', '.cache')).toMatchObject({
        diagnostics: one,
        summary: { ...summary, elapsedMs: expect.any(Number) },
      });
  });

  it('is never told what the cache knew before a change, also of a file beside', () => {
    const helper = (direction: string) =>
      `void done(struct device *d, dma_addr_t a, int n)\n{\n\tdma_unmap_single(d, a, n, ${direction});\n}\n`;
    const caller = CLEAN.replace('dma_unmap_single(dev, addr, len, DMA_TO_DEVICE)', 'done(dev, addr, len)');
    work.put({ 'two/a.c': caller, 'two/b.c': helper('DMA_TO_DEVICE') });
    expect(report('--cache', '.cache', 'two').diagnostics).toEqual([]);
    work.put({ 'two/b.c': helper('DMA_FROM_DEVICE') });
    const told = report('--cache', '.cache', 'two/a.c').diagnostics;
    // It lies in a file that was not named, and is told nevertheless.
    expect(told.map(({ file }) => file)).toEqual(['two/b.c']);
    expect(report('--cache', '.cache', 'two').diagnostics).toEqual(told);
    work.put({ 'two/a.c': '', 'two/b.c': '' });
  });

  it('is clean when the bug is fixed or suppressed with a reason, and the baseline shrinks', () => {
    work.put({ 'drivers/d0/f0.c': CLEAN });
    expect(work.dmaAudit('check', '--baseline', 'known.json')).toMatchObject({ status: 0 });
    work.put({
      'old.c': FAULTY.replace('\tdma_unmap', '\t// dma-audit: ignore[direction-mismatch] -- measured\n\tdma_unmap'),
    });
    const suppressed = work.dmaAudit('check', '--baseline', 'known.json');
    expect(suppressed).toMatchObject({ status: 0, stdout: '' });
    expect(suppressed.stderr).toContain('1 finding of the baseline gone');
    expect(work.dmaAudit('check', '--output', 'sarif=a.sarif')).toMatchObject({ status: 0 });
    expect(work.json('a.sarif')).toMatchObject({ runs: [{ results: [] }] });
    expect(work.dmaAudit('check', '--baseline', 'known.json', '--update-baseline')).toMatchObject({ status: 0 });
    expect(work.json('known.json')).toEqual({ baseline: 1, findings: [] });
  });

  it('hears of a suppression that is no longer needed', () => {
    work.put({ 'old.c': `// dma-audit: ignore-file[direction-mismatch] -- measured\n${CLEAN}` });
    const { status, stdout } = work.dmaAudit('check');
    expect(status).toBe(0);
    expect(stdout).toBe('notice old.c:1:1\n  this suppression of direction-mismatch suppresses nothing\n\n');
  });
});
