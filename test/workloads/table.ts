/** Writes docs/workloads.md: `node test/run.mjs test/workloads/table.ts`, in the repository's root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workloadsDocument } from './document.ts';

writeFileSync(join('docs', 'workloads.md'), workloadsDocument());
