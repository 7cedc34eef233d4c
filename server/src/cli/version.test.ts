import { expect, it } from 'vitest';
import { homeOf, ruleHelpOf } from './version.ts';

it.each([
  [{}, null, null],
  [{ repository: 'owner/name' }, null, null],
  [
    { repository: { url: 'git+https://host/owner/name.git' } },
    'https://host/owner/name',
    'https://host/owner/name/blob/v1.2.3/server/src/rules/{rule}.md',
  ],
  [
    { homepage: 'https://home', repository: 'https://host/owner/name/' },
    'https://home',
    'https://host/owner/name/blob/v1.2.3/server/src/rules/{rule}.md',
  ],
])('the addresses are those of the manifest %j, and none is made up', (manifest, home, help) => {
  expect(homeOf(manifest)).toBe(home);
  expect(ruleHelpOf(manifest, '1.2.3')).toBe(help);
});
