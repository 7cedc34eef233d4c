import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
const command = join(repository, 'server', 'bin', 'dma-audit.js');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, in which commands run. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'dma-audit-ci-'));

  put(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  json(name: string): unknown {
    return JSON.parse(this.read(name));
  }

  dmaAudit(...args: readonly string[]): Outcome {
    return this.#run(process.execPath, [command, ...args]);
  }

  /** Never with the settings of whoever runs the tests. */
  git(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.#run('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args]);
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  commit(message: string): void {
    this.git('add', '-A');
    this.git('commit', '-q', '-m', message);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[]): Outcome {
    const env = { ...process.env, NO_COLOR: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    });
    return { status, stdout, stderr };
  }
}

/** A driver without faults. */
export const CLEAN = `#include <linux/dma-mapping.h>

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

/** One finding: direction-mismatch. */
export const FAULTY = CLEAN.replace('len, DMA_TO_DEVICE);\n\treturn', 'len, DMA_FROM_DEVICE);\n\treturn');
