/** Writes docs/dmaseq.md: `node test/run.mjs test/dmaseq/write.ts`, in the root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dmaseqDocument } from './document.ts';

writeFileSync(join('docs', 'dmaseq.md'), dmaseqDocument());
