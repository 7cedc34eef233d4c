import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, uriOf } from './client.ts';

const examples = join(import.meta.dirname, '../../examples');
const nic = join(examples, 'linux/mailbox_nic.c');
const text = readFileSync(nic, 'utf8');

describe('the server', () => {
  let client: Client;
  beforeAll(async () => {
    client = await new Client().start();
  });
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
  });

  it('tells the diagnostics of an open file, with both ends, page and platforms', async () => {
    await client.open(uriOf(nic), text);
    const diagnostics = await client.settled(uriOf(nic));
    expect(diagnostics.map(({ code }) => code)).toContain('unchecked-mapping');
  });
});
