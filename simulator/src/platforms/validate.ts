import type { PlatformDescription } from './description.ts';
import { PLATFORM_SCHEMA, type Schema } from './schema.ts';

/** A place in a description, and what is wrong there. */
export interface PlatformError {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type PlatformVerdict =
  | { readonly ok: true; readonly description: PlatformDescription }
  | { readonly ok: false; readonly errors: readonly PlatformError[] };

/** Checks a parsed JSON value against the schema, and that its parts go together. */
export function validatePlatform(value: unknown): PlatformVerdict {
  const errors = check(PLATFORM_SCHEMA, value, []);
  if (errors.length > 0) return { ok: false, errors };
  // The schema holds: it says the same as the type, which a test keeps true.
  const description = value as PlatformDescription;
  const conflicts = incompatible(description);
  return conflicts.length > 0 ? { ok: false, errors: conflicts } : { ok: true, description };
}

/** Why the parts of a description do not go together. */
export function incompatible(description: PlatformDescription): readonly PlatformError[] {
  const { memory, bounce, iommu, dialects, device } = description;
  const errors: PlatformError[] = [];
  const add = (part: keyof PlatformDescription, message: string): void => {
    errors.push({ path: [part], message });
  };
  const encrypted = memory.technology !== 'plain';
  const translates = iommu.kind !== 'none' && !(iommu.kind === 'dma-iommu' && iommu.mode === 'passthrough');
  const alwaysBounces = bounce.kind === 'iommudxe' || (bounce.kind === 'swiotlb' && bounce.when === 'always');
  if (encrypted && !alwaysBounces) add('bounce', 'an encrypted guest needs a pool through which everything goes');
  if (translates && bounce.kind !== 'none') add('iommu', 'stands in the place of the bounce pool: make that none');
  if (iommu.kind !== 'none' && encrypted) add('iommu', 'no IOMMU of an encrypted guest is simulated');
  const ownDialect =
    bounce.kind === 'swiotlb' || iommu.kind === 'tce' ? 'linux' : bounce.kind === 'none' ? null : 'edk2';
  if (ownDialect !== null && dialects.some((dialect) => dialect !== ownDialect)) {
    add('dialects', `these parts belong to ${ownDialect}`);
  }
  if (bounce.kind === 'swiotlb') {
    if (bounce.areas * 256 > bounce.mebibytes * 1024) add('bounce', 'an area takes 256 KiB at least');
    if (bounce.dynamic === true && bounce.release === '6.1') add('bounce', 'Linux 6.1 has no dynamic pools');
    if (bounce.dynamic === true && bounce.device !== undefined) add('bounce', "a device's own pool does not grow");
  }
  if (bounce.kind === 'dmalib' && bounce.deviceOffset > bounce.deviceLimit) add('bounce', 'the device reaches nothing');
  if (iommu.kind === 'dma-iommu' && device.addressBits < 32) add('device', 'an IOMMU is simulated from 32 bits on');
  return errors;
}

type Path = PlatformError['path'];

function check(rule: Schema, value: unknown, path: Path): readonly PlatformError[] {
  const fault = (message: string): readonly PlatformError[] => [{ path, message }];
  if (rule.oneOf !== undefined) return checkKinds(rule.oneOf, value, path);
  if (rule.type !== undefined && !hasType(value, rule.type)) return fault(`expected ${WORDS[rule.type]}`);
  if (rule.const !== undefined && value !== rule.const) return fault(`expected "${rule.const}"`);
  if (rule.enum !== undefined && !rule.enum.some((one) => one === value))
    return fault(`expected one of ${rule.enum.join(', ')}`);
  if (typeof value === 'string') {
    if (value.length < (rule.minLength ?? 0)) return fault('must not be empty');
    if (rule.pattern !== undefined && !new RegExp(rule.pattern, 'u').test(value))
      return fault(`must match ${rule.pattern}`);
  }
  if (typeof value === 'number') {
    const { minimum = value, maximum = value } = rule;
    if (value < minimum || value > maximum) return fault(`must be from ${minimum} to ${maximum}`);
  }
  if (Array.isArray(value)) {
    if (value.length < (rule.minItems ?? 0)) return fault('must not be empty');
    if (rule.uniqueItems === true && new Set(value).size < value.length) return fault('must not repeat itself');
    const { items } = rule;
    return items === undefined ? [] : value.flatMap((item, index) => check(items, item, [...path, index]));
  }
  return isRecord(value) && rule.properties !== undefined ? checkObject(rule, rule.properties, value, path) : [];
}

function checkObject(
  rule: Schema,
  properties: Readonly<Record<string, Schema>>,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): readonly PlatformError[] {
  const missing = (rule.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path, message: `"${name}" is missing` }));
  const present = Object.entries(value).flatMap(([name, item]) => {
    const at = [...path, name];
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) return check(property, item, at);
    return [{ path: at, message: `unknown property; there are ${Object.keys(properties).join(', ')}` }];
  });
  return [...missing, ...present];
}

function checkKinds(rules: readonly Schema[], value: unknown, path: Path): readonly PlatformError[] {
  if (!isRecord(value)) return [{ path, message: 'expected an object' }];
  const rule = rules.find((one) => one.properties?.kind?.const === value.kind);
  if (rule !== undefined) return check(rule, value, path);
  const kinds = rules.map((one) => one.properties?.kind?.const).join(', ');
  return [{ path: [...path, 'kind'], message: `expected one of ${kinds}` }];
}

const WORDS = {
  object: 'an object',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
} as const;

function hasType(value: unknown, type: keyof typeof WORDS): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return isRecord(value);
  return typeof value === type;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
