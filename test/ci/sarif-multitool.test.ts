import { execFileSync } from 'node:child_process';
import { afterAll, expect, it } from 'vitest';
import { FAULTY, Workspace } from './workspace.ts';

/** The validator of the standard's authors: 100 MB, so `.ci/run` fetches it and not everybody. */
const multitool = process.env.SARIF_MULTITOOL;
const work = new Workspace();
afterAll(() => work.remove());

it.skipIf(!multitool)(
  'the SARIF multitool finds no error in a report (skipped unless SARIF_MULTITOOL names it)',
  () => {
    work.put({ 'a dir/b.c': FAULTY, 'a.c': FAULTY });
    expect(work.dmaAudit('check', '--output', 'sarif=o.sarif').status).toBe(1);
    execFileSync(
      multitool ?? '',
      ['validate', 'o.sarif', '--output', 'validation.sarif', '--level', 'Error;Warning;Note'],
      {
        cwd: work.folder,
        env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
        stdio: 'ignore',
      },
    );
    const [run] = (work.json('validation.sarif') as { runs: { results: { level?: string; ruleId: string }[] }[] }).runs;
    expect(run?.results.length).toBeGreaterThan(0);
    expect(run?.results.filter(({ level }) => level === 'error')).toEqual([]);
  },
);
