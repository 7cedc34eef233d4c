/** A place in a JSON value where it breaks the schema. `on: "key"` = the property's name is at fault, not its value. */
export interface Violation {
  readonly path: readonly (string | number)[];
  readonly on: 'key' | 'value';
  readonly message: string;
}

/** The part of JSON Schema that the formats of users' files need; a test compares the verdicts with those of a complete validator. */
export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

type Path = readonly (string | number)[];

/** Checks a parsed file against its schema. Objects take no properties that the schema does not name. */
export function validate(value: unknown, schema: Schema): readonly Violation[] {
  return check(schema, schema, value, []);
}

function check(root: Schema, rule: Schema, value: unknown, path: Path): readonly Violation[] {
  if (rule.$ref !== undefined) return check(root, definition(root, rule.$ref), value, path);
  const at = (message: string): readonly Violation[] => [{ path, on: 'value', message }];
  if (rule.type !== undefined && !hasType(value, rule.type)) return at(`expected ${article(rule.type)}`);
  if (rule.enum !== undefined && !(typeof value === 'string' && rule.enum.includes(value)))
    return at(`${JSON.stringify(value)} is not one of ${choices(rule.enum, value)}`);
  if (typeof value === 'string') {
    if (value.length < (rule.minLength ?? 0)) return at('must not be empty');
    if (rule.pattern !== undefined && !new RegExp(rule.pattern).test(value))
      return at(`${JSON.stringify(value)} is not a C name`);
  }
  if (typeof value === 'number' && value < (rule.minimum ?? Number.NEGATIVE_INFINITY))
    return at(`must be ${rule.minimum} or more`);
  if (Array.isArray(value)) return checkArray(root, rule, value, path);
  if (isRecord(value)) return checkObject(root, rule, value, path);
  return [];
}

function checkArray(root: Schema, rule: Schema, value: readonly unknown[], path: Path): readonly Violation[] {
  if (value.length < (rule.minItems ?? 0)) return [{ path, on: 'value', message: 'must not be empty' }];
  const { items } = rule;
  return items === undefined ? [] : value.flatMap((item, index) => check(root, items, item, [...path, index]));
}

function checkObject(
  root: Schema,
  rule: Schema,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): readonly Violation[] {
  const { properties } = rule;
  if (properties === undefined) return [];
  const missing = (rule.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name): Violation => ({ path, on: 'value', message: `"${name}" is missing` }));
  const present = Object.entries(value).flatMap(([name, item]) => {
    const at = [...path, name];
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) return check(root, property, item, at);
    return [
      {
        path: at,
        on: 'key' as const,
        message: `unknown property ${JSON.stringify(name)}${hint(name, Object.keys(properties))}`,
      },
    ];
  });
  return [...missing, ...present];
}

function definition(root: Schema, reference: string): Schema {
  const found = root.$defs?.[reference.replace('#/$defs/', '')];
  if (found === undefined) throw new Error(`the schema has no ${reference}`);
  return found;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return isRecord(value);
  return typeof value === type;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function article(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** Short lists in full, of long ones the nearest: nobody reads 40 roles in an error message. */
function choices(names: readonly string[], value: unknown): string {
  if (names.length <= 8) return names.map((name) => `"${name}"`).join(', ');
  return `the ${names.length} that the format knows${hint(typeof value === 'string' ? value : '', names)}`;
}

function hint(wrong: string, names: readonly string[]): string {
  const ranked = names.map((name) => ({ name, distance: editDistance(wrong, name) }));
  const best = ranked.reduce((a, b) => (b.distance < a.distance ? b : a), { name: '', distance: 4 });
  return best.name === '' || best.distance >= wrong.length ? '' : `; did you mean "${best.name}"?`;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
