import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTY, repository, Workspace } from './workspace.ts';

const work = new Workspace();
beforeAll(() => {
  work.put({ 'a dir/b,c%d.c': FAULTY, 'a.c': FAULTY, 'skipped.c': 'int a;\0' });
  const outputs = ['sarif=o.sarif', 'gitlab=gl.json', 'junit=junit.xml', 'github=gh.txt', 'json=o.json', 'text'];
  const { status, stdout } = work.dmaAudit('check', ...outputs.flatMap((output) => ['--output', output]));
  expect(status).toBe(1);
  expect(stdout).toContain('error[direction-mismatch]');
});
afterAll(() => work.remove());

/** The official schema in draft 4, whose only difference here is the name of `id`. */
function sarifSchema(): object {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(readFileSync(join(repository, 'test/ci/sarif-2.1.0.json'), 'utf8'));
  return schema;
}

describe('SARIF', () => {
  it('is as the official schema says', () => {
    const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(sarifSchema());
    expect(validate(work.json('o.sarif')), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ version: '2.1.0', runs: [{ results: [] }] })).toBe(false);
  });

  it('has rules with help, CWE, the path, related places and fingerprints', () => {
    expect(work.json('o.sarif')).toMatchObject({
      runs: [
        {
          tool: {
            driver: {
              name: 'dma-audit',
              rules: expect.arrayContaining([
                expect.objectContaining({
                  id: 'direction-mismatch',
                  helpUri: expect.stringContaining('cwe.mitre.org'),
                  help: { text: expect.stringContaining('What it does'), markdown: expect.any(String) },
                }),
              ]),
            },
          },
          taxonomies: [{ name: 'CWE' }],
          columnKind: 'utf16CodeUnits',
          results: [
            {
              ruleId: 'direction-mismatch',
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'a%20dir/b%2Cc%25d.c', uriBaseId: '%SRCROOT%' },
                    region: { startLine: 10, startColumn: 2 },
                  },
                },
              ],
              relatedLocations: [{ message: { text: 'mapped here' } }],
              codeFlows: [{ threadFlows: [{ locations: expect.any(Array) }] }],
              partialFingerprints: { 'dmaAudit/v1': expect.stringMatching(/^[0-9a-f]{24}$/) },
            },
            {},
          ],
        },
      ],
    });
  });

  it('sends people where the configuration says', () => {
    work.put({ 'help.json': '{ "ruleHelp": "https://host/{rule}.md" }' });
    work.dmaAudit('check', '--config', 'help.json', '--output', 'sarif=help.sarif');
    expect(work.json('help.sarif')).toMatchObject({
      runs: [
        {
          tool: {
            driver: {
              rules: expect.arrayContaining([
                expect.objectContaining({ id: 'wrong-handle', helpUri: 'https://host/wrong-handle.md' }),
              ]),
            },
          },
        },
      ],
    });
  });

  it('names what was skipped', () => {
    expect(work.json('o.sarif')).toMatchObject({
      runs: [{ invocations: [{ toolExecutionNotifications: [{ message: { text: 'skipped: binary.' } }] }] }],
    });
  });
});

it('GitHub annotations escape what would end them', () => {
  const [first] = work.read('gh.txt').split('\n');
  expect(first).toMatch(
    /^::error file=a dir\/b%2Cc%25d\.c,line=10,endLine=10,col=2,endColumn=\d+,title=direction-mismatch::\S/,
  );
});

it('GitLab issues have fingerprints that are unique in the report', () => {
  const issues = work.json('gl.json') as readonly { readonly fingerprint: string }[];
  expect(issues).toMatchObject([
    {
      check_name: 'direction-mismatch',
      severity: 'critical',
      location: { path: 'a dir/b,c%d.c', lines: { begin: 10, end: 10 } },
    },
    { location: { path: 'a.c' } },
  ]);
  expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(2);
});

it('JUnit has a suite per file and a failed case per finding', () => {
  const xml = work.read('junit.xml');
  expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="dma-audit" tests="2" failures="2"/);
  expect(xml.match(/<failure type="direction-mismatch" message="[^"<>&]+">/g)).toHaveLength(2);
  const { stdout } = work.dmaAudit('check', '--format', 'junit', '--rule', 'double-free');
  expect(stdout).toContain('<testcase classname="dma-audit" name="nothing found"/>');
});
