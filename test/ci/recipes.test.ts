import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../server/src/audit/index.ts';
import { CLEAN, FAULTY, repository, Workspace } from './workspace.ts';

const read = (name: string): string => readFileSync(join(repository, name), 'utf8');
const guide = read('docs/ci.md');
const { version } = JSON.parse(read('server/package.json'));

let work: Workspace;
beforeEach(() => {
  work = new Workspace();
});
afterEach(() => work.remove());

/** Runs a script as a CI service would; `npx dma-audit` is this checkout. */
function bash(script: string, env: NodeJS.ProcessEnv = {}) {
  const command = join(repository, 'server/bin/dma-audit.js');
  work.put({
    '.bin/npx': `#!/bin/sh
while [ "\${1#--}" != "$1" ]; do shift; done
case "$1" in dma-audit|dma-audit@${version}) ;; *) echo "npx: $1?" >&2; exit 99 ;; esac
shift
exec '${process.execPath}' '${command}' "$@"
`,
  });
  chmodSync(join(work.folder, '.bin/npx'), 0o755);
  const path = `${join(work.folder, '.bin')}${delimiter}${process.env.PATH}`;
  const options = { cwd: work.folder, encoding: 'utf8', env: { ...process.env, ...env, PATH: path } } as const;
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], options);
  return { status, stdout, stderr };
}

/** The script of the action, out of the block behind `run: |`. */
function actionScript(): string {
  const [, block = ''] = /^ {6}run: \|\n((?: {8}.*\n?|\n)+)/m.exec(read('action.yml')) ?? [];
  return block.replace(/^ {8}/gm, '');
}

const INPUTS = {
  PACKAGE: `dma-audit@${version}`,
  PATHS: '.',
  BASELINE: '',
  SINCE: '',
  FAIL_ON: '',
  SARIF: 'o.sarif',
  ANNOTATIONS: 'true',
  CACHE: '',
};

describe('the GitHub action', () => {
  const act = (inputs: Partial<typeof INPUTS> = {}) =>
    bash(actionScript(), { ...INPUTS, ...inputs, GITHUB_OUTPUT: join(work.folder, 'output') });

  it('annotates, writes SARIF and tells its status', () => {
    work.put({ 'a.c': FAULTY, 'b/b.c': CLEAN });
    const { status, stdout } = act({ PATHS: 'a.c\nb' });
    expect({ status, output: work.read('output') }).toEqual({ status: 1, output: 'status=1\n' });
    expect(stdout).toMatch(/^::error file=a\.c,line=10/);
    expect(work.json('o.sarif')).toMatchObject({ version: '2.1.0' });
    expect(act({ FAIL_ON: 'never', ANNOTATIONS: 'false', CACHE: 'c' })).toMatchObject({ status: 0 });
  });

  it('never runs what an input says', () => {
    work.put({ 'a.c': CLEAN });
    const evil = '$(touch owned) ; touch owned; `touch owned`';
    for (const name of ['PACKAGE', 'SINCE', 'BASELINE', 'FAIL_ON', 'SARIF', 'PATHS'] as const) act({ [name]: evil });
    expect(bash('ls').stdout).not.toMatch(/^owned$/m);
    expect(read('action.yml').split('      run: |')[1]).not.toContain('${{');
  });

  it('has the version of this checkout, and so has the hook', () => {
    expect(read('action.yml')).toContain(`default: dma-audit@${version}\n`);
    expect(read('.pre-commit-hooks.yaml')).toContain(`dma-audit@${version} check --staged`);
    expect([...guide.matchAll(/dma-audit@([\d.]+\d)/g)].map(([, one]) => one)).toEqual(Array(5).fill(version));
  });
});

describe('docs/ci.md', () => {
  it('names nobody who does not exist', () => {
    for (const text of [guide, read('action.yml'), read('.pre-commit-hooks.yaml')])
      expect(text).not.toMatch(/OWNER|REPOSITORY|your-org/);
  });

  it('shows a hook that is the one of this project', () => {
    const [, entry = ''] = /entry: (npx .*)$/m.exec(guide) ?? [];
    expect(read('.pre-commit-hooks.yaml')).toContain(`entry: ${entry}\n`);
  });

  it('shows a configuration that is valid', () => {
    const blocks = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
    expect(blocks).toHaveLength(1);
    for (const block of blocks) expect(parseConfig(block, 'x')).toMatchObject({ ok: true });
  });

  it('shows commands that run: the first five minutes', () => {
    work.put({ 'a.c': FAULTY });
    work.git('init', '-q');
    const [, script = ''] = /## Five minutes\n\n```sh\n([\s\S]*?)```/.exec(guide) ?? [];
    expect(bash(script)).toMatchObject({ status: 0 });
    expect(bash('npx dma-audit check --baseline dma-baseline.json')).toMatchObject({ status: 0, stdout: '' });
  });

  it('shows commands that run: GitLab', () => {
    work.put({ 'a.c': FAULTY, 'dma-baseline.json': '{ "baseline": 1, "findings": [] }' });
    const commands = [...guide.matchAll(/^\s+(?:- |script: )(npx dma-audit.*)$/gm)].map(([, line]) => line ?? '');
    expect(commands).toHaveLength(2);
    const [check = '', merge = ''] = commands;
    for (const index of ['1', '2', '3'])
      expect(bash(check, { CI_NODE_INDEX: index, CI_NODE_TOTAL: '3' })).toMatchObject({ status: 0 });
    expect(bash(merge)).toMatchObject({ status: 1 });
    expect(work.json('quality.json')).toMatchObject([{ check_name: 'direction-mismatch' }]);
  });

  it('shows commands that run: Jenkins and stuart', () => {
    work.put({ 'a.c': FAULTY, 'MyPlatformPkg/b.c': CLEAN });
    mkdirSync(join(work.folder, 'Build'));
    const [, jenkins = ''] = /^sh '(npx dma-audit.*)'$/m.exec(guide) ?? [];
    expect(bash(jenkins)).toMatchObject({ status: 0, stdout: expect.stringContaining('direction-mismatch') });
    const [, stuart = ''] = /^(npx dma-audit check --output junit=Build.*)$/m.exec(guide) ?? [];
    expect(bash(stuart)).toMatchObject({ status: 0 });
    expect(work.read('Build/dma-audit.xml')).toContain('nothing found');
  });
});
