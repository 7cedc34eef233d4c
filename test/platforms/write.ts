/** Writes docs/platforms.md and docs/schema/platform.json: `node test/run.mjs test/platforms/write.ts`, in the root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformSchema, platformsDocument } from './document.ts';

writeFileSync(join('docs', 'platforms.md'), platformsDocument());
writeFileSync(join('docs', 'schema', 'platform.json'), platformSchema());
