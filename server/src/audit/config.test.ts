import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { RULES } from '../rules/index.ts';
import { CONFIG_SCHEMA, type Config, extendConfig, parseConfig, rulesToRun, severities } from './config.ts';

const errorsOf = (text: string): readonly string[] => {
  const result = parseConfig(text, 'dma-audit.json');
  return result.ok ? [] : result.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

describe('parseConfig', () => {
  it('takes what the schema describes, with comments and trailing commas', () => {
    const text = '{\n  // ours\n  "rules": { "mapping-leak": "warning", },\n  "platforms": ["swiotlb"],\n}';
    for (const one of [text, `\uFEFF${text}`])
      expect(parseConfig(one, 'x')).toMatchObject({ ok: true, value: { rules: { 'mapping-leak': 'warning' } } });
  });

  it.each([
    [
      'a misspelled rule',
      '{\n  "rules": { "mapping-leek": "off" }\n}',
      ['2:14: unknown property "mapping-leek"; did you mean "mapping-leak"?'],
    ],
    [
      'a wrong level',
      '{ "rules": { "mapping-leak": "warn" } }',
      [expect.stringMatching(/^1:30: "warn" is not one of "on"/)],
    ],
    ['an unknown platform', '{ "platforms": ["vax"] }', [expect.stringMatching(/^1:17: "vax" is not one of/)]],
    ['a deep nest', '['.repeat(20_000), ['1:101: nested deeper than 100 levels']],
    ['a wrong type', '{ "exclude": "x" }', ['1:14: expected an array']],
    ['two of a kind', '{ "failOn": "error",\n"failOn": "never" }', ['2:1: this property is there twice']],
    [
      'an address without a rule',
      '{ "ruleHelp": "https://host/" }',
      ['1:15: expected an address such as https://host/rules/{rule}.md'],
    ],
    ['no address', '{ "ruleHelp": "{rule}" }', ['1:15: expected an address such as https://host/rules/{rule}.md']],
    ['no JSON', '{ "rules": }', ['1:12: value expected']],
    ['nothing', '', ['1:1: value expected']],
  ])('tells the place of %s', (_, text, errors) => {
    expect(errorsOf(text)).toEqual(errors);
  });
});

describe('the published schema', () => {
  it('is the one that is used', async () => {
    await expect(`${JSON.stringify(CONFIG_SCHEMA, null, 2)}\n`).toMatchFileSnapshot('../../../docs/schema/config.json');
  });

  it('means the same to a complete validator', () => {
    const complete = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(CONFIG_SCHEMA);
    for (const text of [
      '{}',
      '{ "rules": { "mapping-leak": "off" } }',
      '{ "overrides": [{ "files": ["a"], "rules": {} }] }',
    ])
      expect(complete(JSON.parse(text))).toBe(true);
    for (const text of [
      '{ "rules": { "x": "off" } }',
      '{ "overrides": [{ "files": [] }] }',
      '{ "failOn": "x" }',
      '[]',
    ]) {
      expect(complete(JSON.parse(text))).toBe(false);
      expect(errorsOf(text)).not.toEqual([]);
    }
  });
});

describe('severities', () => {
  const config: Config = {
    rules: { 'direction-mismatch': 'warning', 'double-free': 'off' },
    overrides: [
      { files: ['drivers/**'], rules: { 'direction-mismatch': 'off', 'double-free': 'on' } },
      { files: ['drivers/net/*.c'], rules: { 'direction-mismatch': 'information' } },
    ],
    exclude: ['third-party/**'],
  };
  const of = severities(config, 'default');

  it('are those of the last override that says something', () => {
    expect(of('direction-mismatch', 'lib/a.c', null)).toBe('warning');
    expect(of('direction-mismatch', 'drivers/a.c', null)).toBeNull();
    expect(of('direction-mismatch', 'drivers/net/a.c', null)).toBe('information');
    expect(of('double-free', 'drivers/net/a.c', null)).toBe('error');
    expect(of('double-free', 'lib/a.c', null)).toBeNull();
  });

  it('are none for excluded files, for the nursery and for guesses', () => {
    expect(of('direction-mismatch', 'third-party/x/a.c', null)).toBeNull();
    expect(of('channel-leak', 'a.c', 'nursery')).toBeNull();
    expect(of('direction-mismatch', 'a.c', 'guess')).toBeNull();
  });

  it('switch on what is in the nursery, everywhere or in some files', () => {
    const level = severities(
      { rules: { 'mapping-leak': 'warning' }, overrides: [{ files: ['net/**'], rules: { 'channel-leak': 'on' } }] },
      'default',
    );
    expect(level('mapping-leak', 'a.c', 'nursery')).toBe('warning');
    expect(level('mapping-leak', 'a.c', null)).toBe('warning');
    expect(level('channel-leak', 'net/a.c', 'nursery')).toBe('warning');
    expect(level('channel-leak', 'a.c', 'nursery')).toBeNull();
    // Only the command line asks for guesses.
    expect(level('mapping-leak', 'a.c', 'guess')).toBeNull();
  });

  it('give way to what the command line names', () => {
    const named = severities(config, new Set(['double-free']));
    expect(named('double-free', 'lib/a.c', 'guess')).toBe('error');
    expect(named('direction-mismatch', 'lib/a.c', null)).toBeNull();
    expect(severities(config, 'all')('channel-leak', 'lib/a.c', 'nursery')).toBe('warning');
  });

  it('decide what is run', () => {
    const run = rulesToRun(config, 'default');
    expect(run).toContain('double-free');
    for (const { id } of RULES.filter(({ nursery }) => nursery)) expect(run).not.toContain(id);
    expect(rulesToRun({ rules: { 'double-free': 'off' } }, 'default')).not.toContain('double-free');
  });
});

it('a configuration changes the one that it extends', () => {
  const base: Config = { failOn: 'never', dialect: 'edk2', rules: { 'double-free': 'off' }, exclude: ['a'] };
  expect(extendConfig(base, { failOn: 'error', rules: { 'mapping-leak': 'off' }, exclude: ['b'] })).toMatchObject({
    failOn: 'error',
    dialect: 'edk2',
    rules: { 'double-free': 'off', 'mapping-leak': 'off' },
    exclude: ['a', 'b'],
  });
});
