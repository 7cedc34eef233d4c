import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const command = join(repository, 'server', 'bin', 'dma-audit.js');
const validate = new Ajv2020().compile(JSON.parse(readFileSync(join(repository, 'docs/schema/report.json'), 'utf8')));

const CLEAN = `#include <linux/dma-mapping.h>
static int send(struct device *dev, void *buf, size_t len)
{
	dma_addr_t addr = dma_map_single(dev, buf, len, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	start(dev, addr);
	dma_unmap_single(dev, addr, len, DMA_TO_DEVICE);
	return 0;
}
`;
const FAULTY = CLEAN.replace('len, DMA_TO_DEVICE);\n\treturn', 'len, DMA_FROM_DEVICE);\n\treturn');
/** One finding that is a warning. */
const WARNING = `#include <Uefi.h>
EFI_STATUS
Send (
  IN EFI_PCI_IO_PROTOCOL  *PciIo,
  IN VOID                 *Buffer,
  IN UINTN                Size
  )
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  Address;
  VOID                  *Mapping;
  UINTN                 Length;

  Length = Size;
  Status = PciIo->Map (PciIo, EfiPciIoOperationBusMasterRead, Buffer, &Length, &Address, &Mapping);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Length != Size) {
    return EFI_DEVICE_ERROR;
  }

  PciIo->Mem.Write (PciIo, EfiPciIoWidthUint64, 0, 0, 1, &Address);
  return PciIo->Unmap (PciIo, Mapping);
}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dma-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function dmaAudit(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

interface Report {
  readonly summary: {
    readonly files: number;
    readonly elapsedMs: number;
    readonly skippedFiles: readonly { readonly file: string; readonly reason: string }[];
  };
  readonly diagnostics: readonly { readonly file: string; readonly rule: string; readonly line: number }[];
}

/** The JSON report, which must be as the schema says. */
function report(args: readonly string[], input = ''): Report {
  const { stdout, stderr } = dmaAudit(['check', '--format', 'json', ...args], input);
  const parsed: unknown = JSON.parse(stdout || `"${stderr}"`);
  expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
  return parsed as Report;
}

const filesOf = ({ diagnostics }: Report): readonly string[] => diagnostics.map(({ file }) => file);

describe('a terminal', () => {
  const HOSTILE = 'a\u001b]0;x\u0007\u202e\u009b.c';
  const sized = FAULTY.replaceAll('len,', 'sizeof("\u001b[31m"),');

  it.each([
    ['check', HOSTILE],
    ['check', `no-${HOSTILE}`],
    ['check', '--format', 'json', HOSTILE],
    ['check', '--format', 'github', HOSTILE],
    ['check', '--platforms', HOSTILE, HOSTILE],
    ['simulate', `${HOSTILE}:send`],
    ['simulate', `${HOSTILE}:send`, '--format', 'dmaseq', '--platform', 'tdx'],
    ['simulate', `${HOSTILE}:send`, '--format', 'json', '--platform', 'tdx'],
    ['simulate', `${HOSTILE}:send`, '--size', 'x=1'],
    ['simulate', `${HOSTILE}:send`, '--size', HOSTILE],
    ['cost', HOSTILE],
    ['cost', '--format', 'json', HOSTILE],
    ['replay', `no-${HOSTILE}`],
    ['run', HOSTILE],
    ['explain', HOSTILE],
  ])('never gets what it acts on: %j', (...args) => {
    put({ [HOSTILE]: sized });
    const { stdout, stderr } = dmaAudit(args, '', { FORCE_COLOR: '1' });
    const colours = new RegExp(`${'\u001b'}\\[(?:1|2|22|3[1-9])m`, 'g');
    const shown = `${stdout}${stderr}`.replace(colours, '');
    expect(shown).toMatch(/a(?:\u{FFFD}|\\u001b)\]0;x|sizeof\("\u{FFFD}\[31m/u);
    expect(shown).not.toMatch(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  });
});

describe('exit status', () => {
  it('is 0 when nothing is found', () => {
    put({ 'a.c': CLEAN });
    expect(dmaAudit(['check', 'a.c'])).toMatchObject({ status: 0, stdout: '' });
  });

  it('is 1 when something is found', () => {
    put({ 'a.c': FAULTY });
    const { status, stdout } = dmaAudit(['check']);
    expect(status).toBe(1);
    expect(stdout).toContain('error[direction-mismatch] a.c:9:2 in send');
  });

  it.each([
    ['error', 0],
    ['warning', 1],
    ['never', 0],
  ])('for a warning with --fail-on %s is %i', (failOn, status) => {
    put({ 'a.c': WARNING });
    expect(report(['a.c', '--fail-on', failOn]).diagnostics).toMatchObject([{ rule: 'short-mapping' }]);
    expect(dmaAudit(['check', '--fail-on', failOn]).status).toBe(status);
  });

  it.each([
    ['a missing path', ['check', 'nowhere.c'], 'nowhere.c: no such file or directory'],
    ['a glob without a match', ['check', 'x/**/*.c'], 'x/**/*.c: matches no C source'],
    ['a missing list', ['check', '--files-from', 'list'], 'list: no such file or directory'],
    ['a root that is not there', ['check', '--root', 'nowhere'], '--root nowhere: no such file or directory'],
    ['an output that cannot be written', ['check', '--output', 'text=no/such/place'], 'no such file or directory'],
  ])('is 2 for %s', (_, args, message) => {
    const { status, stderr } = dmaAudit(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('is 3 for an ignore file that cannot be read', () => {
    mkdirSync(join(folder, '.dma-auditignore'));
    const { status, stderr } = dmaAudit(['check']);
    expect(status).toBe(3);
    expect(stderr).toContain('.dma-auditignore: is a directory');
  });

  it.each([
    ['an unknown option', ['check', '--nonsense'], "unknown option '--nonsense'"],
    ['an unknown command', ['chekc'], "unknown command 'chekc'"],
    ['no command', [], 'Usage: dma-audit'],
    ['an unknown rule', ['check', '--rule', 'mapping-leek'], "There is no rule 'mapping-leek'"],
    ['an unknown platform', ['check', '--platforms', 'sev,vax'], "There is no platform 'vax'"],
    ['an unknown format', ['check', '--format', 'xml'], 'Allowed choices are text, json'],
    ['an output without a file', ['check', '--output', 'json='], 'It must be FILE, FORMAT or FORMAT=FILE'],
    ['an unknown format of an output', ['check', '--output', 'xml=foo'], 'one of the formats text, json'],
    ['two outputs to one place', ['check', '--output', 'text', '--output', 'json'], 'only one --output can go'],
    ['an impossible shard', ['check', '--shard', '4/3'], 'a part and a number of parts'],
    ['lines without changes', ['check', '--changed-lines-only'], 'changed since when?'],
    ['an empty path', ['check', ''], 'a path is empty'],
    ['an empty root', ['check', '--root', ''], 'It must not be empty'],
    ['no number of jobs', ['check', '--jobs', '0'], 'a whole number from 1'],
    ['options that exclude each other', ['check', '--all', '--rule', 'mapping-leak'], 'exclude each other'],
  ])('is 4 for %s', (_, args, message) => {
    const { status, stderr } = dmaAudit(args);
    expect(status).toBe(4);
    expect(stderr).toContain(message);
  });

  it('is 2 when what is named cannot be checked, while the rest is', () => {
    put({ 'a.c': FAULTY, 'b.c': Buffer.from('\0'), 'notes.txt': 'x' });
    for (const name of ['b.c', 'notes.txt']) {
      const { status, stdout, stderr } = dmaAudit(['check', 'a.c', name, '--quiet']);
      expect(status).toBe(2);
      expect(stdout).toContain('error[direction-mismatch] a.c');
      expect(stderr).toMatch(new RegExp(`^dma-audit: ${name}: (binary|not a C source)\n$`));
      expect(dmaAudit(['check', 'a.c', name]).stderr.match(/(binary|not a C source)$/gm)).toHaveLength(1);
    }
    expect(dmaAudit(['check', '.']).status).toBe(1);
    // A list may be of everything that changed.
    expect(dmaAudit(['check', '--files-from', '-'], 'a.c\nnotes.txt\n').status).toBe(1);
    expect(dmaAudit(['check', '--files-from', '-'], 'a.c\nb.c\n').status).toBe(2);
  });

  it.skipIf(!existsSync('/dev/full'))('is 2 when standard output cannot be written', () => {
    put({ 'a.c': FAULTY });
    for (const args of [['check'], ['rules'], ['--help']]) {
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [command, ...args], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      });
      closeSync(full);
      expect({ status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('no space left on device'),
      });
    }
  });

  it('is 4, and nothing is lost, when an output would overwrite what is read', () => {
    put({ 'a.c': FAULTY, 'list.txt': 'a.c\n', 'known.json': '{ "baseline": 1, "findings": [] }' });
    symlinkSync('a.c', join(folder, 'link.txt'));
    for (const name of ['a.c', 'list.txt']) linkSync(join(folder, name), join(folder, `hard-${name}.json`));
    for (const args of [
      ['--output', 'a.c'],
      ['--output', 'sarif=link.txt'],
      ['--output', 'json=hard-a.c.json'],
      ['--files-from', 'list.txt', '--output', 'list.txt'],
      ['--files-from', 'list.txt', '--output', 'hard-list.txt.json'],
      ['--baseline', 'known.json', '--output', 'json=known.json'],
      ['--baseline', 'a.c', '--update-baseline'],
      ['--output', 'json=x', '--output', 'sarif=./x'],
    ])
      expect(dmaAudit(['check', ...args])).toMatchObject({ status: 4, stdout: '' });
    expect(readFileSync(join(folder, 'a.c'), 'utf8')).toBe(FAULTY);
    expect(dmaAudit(['check', '--output', 'json=/dev/null', '--output', 'sarif=/dev/null']).status).toBe(1);
  });

  it('is 4 for a cache that is a file', () => {
    put({ 'a.c': CLEAN });
    for (const cache of ['a.c', 'a.c/deeper'])
      expect(dmaAudit(['check', '--cache', cache])).toMatchObject({
        status: 4,
        stderr: expect.stringContaining(`--cache ${cache}: not a directory`),
      });
    expect(dmaAudit(['check', '--cache', 'new/cache']).status).toBe(0);
  });

  it.skipIf(process.platform === 'win32')('is 2, and the old report is there, when a new one cannot be written', () => {
    put({ 'a.c': FAULTY.repeat(20), 'out.json': 'old', 'known.json': '{ "baseline": 1, "findings": [] }' });
    const before = readFileSync(join(folder, 'known.json'), 'utf8');
    // Builds it, if need be.
    dmaAudit(['--version']);
    for (const args of ['--output json=out.json', '--baseline known.json --update-baseline']) {
      const line = `ulimit -f 1; exec "$0" "$1" check a.c --quiet ${args}`;
      const { status, stderr } = spawnSync('sh', ['-c', line, process.execPath, command], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/^dma-audit: .*(out|known)\.json: file too large\n$/),
      });
    }
    expect(readFileSync(join(folder, 'out.json'), 'utf8')).toBe('old');
    expect(readFileSync(join(folder, 'known.json'), 'utf8')).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['a.c', 'known.json', 'out.json']);
  });

  it.skipIf(!existsSync('/dev/stdout'))('is that of a check when a report goes to a device', () => {
    put({ 'a.c': FAULTY });
    const shell = (line: string): string =>
      spawnSync('sh', ['-c', line, process.execPath, command], { cwd: folder, encoding: 'utf8' }).stdout;
    const check = '"$0" "$1" check --quiet --output';
    const piped = shell(`(${check} json=/dev/stdout; echo $?) | cat`);
    expect(validate(JSON.parse(piped.replace(/1\n$/, '')))).toBe(true);
    // The shell goes on to write to the same file.
    expect(shell(`(${check} json=/dev/stdout; echo after) >> out.txt; cat out.txt`)).toMatch(/\}\nafter\n$/);
  });

  it.each([[['--help']], [['--version']], [['check', '--help']], [['rules']], [['platforms']]])(
    'is 0 for %s',
    (args) => {
      const { status, stdout } = dmaAudit(args);
      expect(status).toBe(0);
      expect(stdout).not.toBe('');
    },
  );
});

describe('harmful input', () => {
  it('is skipped with a reason, and the rest is checked', () => {
    put({ 'a.c': FAULTY, 'binary.c': Buffer.from('int a;\0\0'), 'notes.txt': 'x' });
    const huge = openSync(join(folder, 'huge.c'), 'w');
    ftruncateSync(huge, 50 << 20);
    closeSync(huge);
    const { summary, diagnostics } = report(['.', 'notes.txt']);
    expect(summary.skippedFiles).toEqual([
      { file: 'notes.txt', reason: 'not a C source' },
      { file: 'binary.c', reason: 'binary' },
      { file: 'huge.c', reason: 'larger than 8 MiB' },
    ]);
    expect(summary.files).toBe(1);
    expect(diagnostics).toHaveLength(1);
    expect(dmaAudit(['check']).stderr).toContain('skipped binary.c: binary');
  });

  it.skipIf(process.platform === 'win32')('such as a FIFO does not block', () => {
    put({ 'a.c': FAULTY });
    expect(spawnSync('mkfifo', [join(folder, 'pipe.c')]).status).toBe(0);
    expect(filesOf(report(['.']))).toEqual(['a.c']);
    expect(report(['.']).summary.skippedFiles).toEqual([{ file: 'pipe.c', reason: 'not a regular file' }]);
    expect(report(['a.*']).summary.skippedFiles).toEqual([]);
    expect(report(['pipe.c']).summary.skippedFiles).toEqual([{ file: 'pipe.c', reason: 'not a regular file' }]);
    for (const name of ['dma-audit.json', '.gitignore']) {
      expect(spawnSync('mkfifo', [join(folder, name)]).status).toBe(0);
      expect(dmaAudit(['check', '.'])).toMatchObject({
        status: 3,
        stderr: expect.stringContaining(`${name}: not a regular file`),
      });
      rmSync(join(folder, name));
    }
  });

  it.skipIf(process.platform !== 'linux')('such as a name that is not UTF-8 is told', () => {
    put({ 'a.c': FAULTY });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.from([0xe9]), Buffer.from('.c')]), FAULTY);
    expect(report(['.']).summary.skippedFiles).toEqual([{ file: 'x\u{FFFD}.c', reason: 'its name is not UTF-8' }]);
  });

  it('such as a loop of links ends', () => {
    put({ 'd/a.c': FAULTY });
    symlinkSync('..', join(folder, 'd', 'loop'));
    symlinkSync('self.c', join(folder, 'd', 'self.c'));
    expect(filesOf(report(['d']))).toEqual(['d/a.c']);
    expect(dmaAudit(['check', 'd/self.c'])).toMatchObject({ status: 2 });
  });

  it.skipIf(process.getuid?.() === 0)('such as a file without permission is named', () => {
    put({ 'a.c': FAULTY, 'secret.c': FAULTY });
    chmodSync(join(folder, 'secret.c'), 0);
    expect(report(['.']).summary.skippedFiles).toEqual([{ file: 'secret.c', reason: 'unreadable (EACCES)' }]);
  });

  it('such as bytes that are not UTF-8, and text that is not C, is read as far as possible', () => {
    const latin1 = Buffer.concat([Buffer.from('/* \xe9\xff */\n', 'latin1'), Buffer.from(FAULTY)]);
    const broken = `${'(((({{{'.repeat(2000)}\n${FAULTY.slice(0, 200)}`;
    put({ 'latin1.c': latin1, 'broken.c': broken, 'empty.c': '', 'crlf.c': FAULTY.replaceAll('\n', '\r\n') });
    expect(filesOf(report(['.']))).toEqual(['crlf.c', 'latin1.c']);
  });
});

describe('paths', () => {
  it('are files, directories and globs; each file is reported once', () => {
    put({ 'a/x.c': FAULTY, 'a/b/y.c': FAULTY, 'a/b/z.h': FAULTY, 'c/w.c': FAULTY });
    expect(filesOf(report(['a', 'a/x.c', './a/../a/x.c']))).toEqual(['a/b/y.c', 'a/b/z.h', 'a/x.c']);
    expect(filesOf(report(['**/[wy].c']))).toEqual(['a/b/y.c', 'c/w.c']);
    expect(filesOf(report([]))).toHaveLength(4);
  });

  it('with the signs of a glob can be meant as they are', () => {
    put({ '[a].c': FAULTY, 'a.c': FAULTY });
    expect(filesOf(report(['[a].c']))).toEqual(['[a].c']);
  });

  it('come from a file or standard input as well', () => {
    put({ 'a.c': FAULTY, 'b.c': FAULTY, 'c.c': FAULTY, list: 'a.c\nb.c\n' });
    expect(filesOf(report(['--files-from', 'list']))).toEqual(['a.c', 'b.c']);
    expect(filesOf(report(['--files-from', '-', 'b.c'], 'a.c\r\n'))).toEqual(['a.c', 'b.c']);
    expect(filesOf(report(['--files-from', '-'], ''))).toEqual([]);
    // As `git diff --name-only -z` writes it: names with line breaks are names.
    put({ 'two\nlines.c': FAULTY });
    expect(filesOf(report(['--files-from', '-'], 'a.c\0two\nlines.c\0'))).toEqual(['a.c', 'two\nlines.c']);
  });

  it('are named relative to the root', () => {
    put({ 'a/x.c': FAULTY });
    expect(filesOf(report(['--root', 'a', 'a']))).toEqual(['x.c']);
    expect(filesOf(report(['--root', '/', 'a']))[0]).toMatch(/^\w.*\/a\/x\.c$/);
  });

  it('of one file are checked in their directory, and reported alone', () => {
    const helper =
      'void done(struct device *d, dma_addr_t a, int n)\n{\n\tdma_unmap_single(d, a, n, DMA_TO_DEVICE);\n}\n';
    put({ 'a.c': CLEAN.replace('dma_unmap_single(dev, addr, len, DMA_TO_DEVICE)', 'done(dev, addr, len)') });
    put({ 'b.c': helper, 'other.c': FAULTY });
    expect(report(['a.c'])).toMatchObject({ summary: { files: 1 }, diagnostics: [] });
  });
});

describe('ignore files', () => {
  it('hold for what is found, not for what is named', () => {
    put({ '.gitignore': 'build/\n*.gen.c\n!keep.gen.c\n', '.dma-auditignore': 'third-party\n' });
    put({ 'a.c': FAULTY, 'build/b.c': FAULTY, 'c.gen.c': FAULTY, 'keep.gen.c': FAULTY, 'third-party/d.c': FAULTY });
    expect(filesOf(report(['.']))).toEqual(['a.c', 'keep.gen.c']);
    expect(filesOf(report(['**/*.c']))).toEqual(['a.c', 'keep.gen.c']);
    expect(filesOf(report(['build/b.c', 'c.gen.c']))).toEqual(['build/b.c', 'c.gen.c']);
  });

  it('say so where they leave nothing to check', () => {
    put({ '.gitignore': '/*\n!/debian/\n', 'lib/a.c': FAULTY, 'debian/rules': '' });
    const told = expect.stringContaining('ignore files (.gitignore, .dma-auditignore) leave no C source in it');
    expect(dmaAudit(['check', '.'])).toMatchObject({ status: 2, stderr: told });
    expect(dmaAudit(['check', 'lib'])).toMatchObject({ status: 1 });
  });

  it('nest: the inner one decides, and what is below an ignored directory stays ignored', () => {
    put({ '.gitignore': '*.c\nout/\n', 'in/.gitignore': '!a.c\n', 'in/a.c': FAULTY, 'in/b.c': FAULTY });
    put({ 'out/.gitignore': '!*.c\n', 'out/c.c': FAULTY });
    expect(filesOf(report(['.']))).toEqual(['in/a.c']);
  });

  it('of the repository hold below it, except for a directory that is named although it is ignored', () => {
    put({ '.git/HEAD': '', '.gitignore': '/lib/x.c\nout/\n', 'lib/x.c': FAULTY, 'lib/y.c': FAULTY, 'out/z.c': FAULTY });
    expect(filesOf(report(['lib']))).toEqual(['lib/y.c']);
    expect(filesOf(report(['out']))).toEqual(['out/z.c']);
  });
});

describe('the report', () => {
  it('is the same for any number of jobs and any order of arguments', () => {
    const names = Array.from({ length: 24 }, (_, i) => `d${i % 12}/f${i}.c`);
    put(Object.fromEntries(names.map((name, i) => [name, i % 5 === 0 ? CLEAN : FAULTY])));
    const one = report(['--jobs', '1', ...names]).diagnostics;
    expect(one).toHaveLength(19);
    expect(report(['--jobs', '3', ...names.toReversed()]).diagnostics).toEqual(one);
  });

  it('is written whole into a pipe', () => {
    const many = Array.from({ length: 1500 }, (_, i) => FAULTY.replace('send(', `send${i}(`)).join('\n');
    put({ 'many.c': many });
    expect(report(['many.c']).diagnostics).toHaveLength(1500);
  });

  it('goes to a file, with the status of a check', () => {
    put({ 'a.c': FAULTY });
    expect(dmaAudit(['check', '--output', 'json=out.json', 'a.c'])).toMatchObject({
      status: 1,
      stdout: '',
    });
    expect(validate(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')))).toBe(true);
  });

  it('shows code, platforms, related places and the path', () => {
    put({ 'a.c': FAULTY });
    const { stdout, stderr } = dmaAudit(['check']);
    expect(stdout).toContain('     9 |         dma_unmap_single(dev, addr, len, DMA_FROM_DEVICE);');
    expect(stdout).toMatch(/\n {7}\| {9}\^{49}\n/);
    expect(stdout).toMatch(/breaks on: .*swiotlb/);
    expect(stdout).toMatch(/works on: direct/);
    expect(stdout).toContain('mapped here, a.c:4:20');
    expect(stdout).toContain('path:');
    expect(stderr).toMatch(/^1 finding in 1 function with DMA, 1 file, [\d.]+ s\n$/);
  });

  it('has colours only where they are wanted', () => {
    put({ 'a.c': FAULTY });
    const coloured = (args: readonly string[], env: NodeJS.ProcessEnv) =>
      dmaAudit(['check', ...args], '', env).stdout.includes('\u001b[');
    expect(coloured([], {})).toBe(false);
    expect(coloured([], { FORCE_COLOR: '1' })).toBe(true);
    expect(coloured(['--no-color'], { FORCE_COLOR: '1' })).toBe(false);
    expect(coloured([], { NO_COLOR: '1' })).toBe(false);
    expect(coloured([], { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
    expect(coloured([], { NO_COLOR: '', FORCE_COLOR: '1' })).toBe(true);
  });

  it('is all that --quiet lets through, and --stats tells more', () => {
    put({ 'a.c': FAULTY, 'b.c': Buffer.from('\0') });
    expect(dmaAudit(['check', '--quiet']).stderr).toBe('');
    expect(dmaAudit(['check', '--stats']).stderr).toMatch(/1 {2}direction-mismatch[\s\S]*peak memory: \d+ MiB/);
  });
});

describe('options', () => {
  it('choose rules and platforms', () => {
    put({ 'a.c': FAULTY });
    expect(report(['--rule', 'mapping-leak,double-free', '--rule', 'double-unmap']).diagnostics).toEqual([]);
    expect(report(['--rule', 'direction-mismatch', '--platforms', 'swiotlb,direct']).diagnostics).toMatchObject([
      { platforms: { breaks: ['swiotlb'], works: ['direct'] } },
    ]);
  });

  it('override the dialect', () => {
    put({ 'a.c': FAULTY });
    expect(report(['--dialect', 'edk2']).diagnostics).toEqual([]);
    expect(report(['--dialect', 'linux']).diagnostics).toHaveLength(1);
  });
});

describe('the examples', () => {
  it('are reported where they say that they are wrong, and nowhere else', () => {
    const { diagnostics } = report(['--all', join(repository, 'examples')]);
    expect(diagnostics.length).toBeGreaterThanOrEqual(6);
    // They are parts of drivers: nobody sees where their lives end.
    for (const d of diagnostics.filter(({ rule }) => rule !== 'lifecycle-leak'))
      expect(d).toMatchObject({ function: expect.stringMatching(/_wrong$|Wrong$/) });
  });
});

describe('the documents', () => {
  const firstBlock = (document: string): string =>
    /```text\n(.*?)```/s.exec(readFileSync(join(repository, document), 'utf8'))?.[1] ?? '';

  it('show the example as it comes out', () => {
    const args = ['check', '--root', repository, '--rule', 'mapping-leak', join(repository, 'examples/linux')];
    expect(firstBlock('README.md')).toBe(`${dmaAudit(args).stdout.trimEnd()}\n`);
  });

  it('list every command with its options as --help does', async () => {
    const commands = [...dmaAudit(['--help']).stdout.matchAll(/^ {2}([a-z]+)(?: .*)?$/gm)].map(
      ([, name]) => name ?? '',
    );
    const names = commands.filter((name) => name !== 'help');
    expect(names).toContain('check');
    const sections = names.map(
      (name) => `## dma-audit ${name}\n\n\`\`\`text\n${dmaAudit([name, '--help']).stdout.trimEnd()}\n\`\`\`\n`,
    );
    const head =
      '# Command line reference\n\nMade from `--help` by `npx vitest run server/src/cli -u`; a test fails when it is out of date.\n';
    await expect([head, ...sections].join('\n')).toMatchFileSnapshot('../../../docs/cli-reference.md');
  });
});
