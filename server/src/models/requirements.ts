import type { Action, ApiModel, ModelFile, Role } from './schema.ts';

/** What an entry must say beyond the schema so that its action can be executed. */
interface Requirement {
  readonly family?: true;
  readonly failure?: true;
  readonly memory?: true;
  /** From each list one role among the arguments; `result:x` is fulfilled by the result. */
  readonly roles: readonly (readonly (Role | `result:${NonNullable<ApiModel['result']>}`)[])[];
  /** Properties without which the action means nothing. */
  readonly properties?: readonly (keyof ApiModel)[];
}

const mapped = ['buffer', 'page', 'scatterlist', 'sg-table', 'object', 'result:pointer'] as const;
const handle = ['device-address', 'mapping', 'iova', 'scatterlist', 'sg-table', 'object', 'page'] as const;
const allocated = [
  'cpu-address-out',
  'object',
  'sg-table',
  'result:cpu-address',
  'result:page',
  'result:pointer',
] as const;
const released = ['cpu-address', 'page', 'object', 'pool', 'sg-table', 'scatterlist'] as const;
const touched = ['buffer', 'scatterlist', 'page'] as const;

const requirements: Partial<Record<Action, Requirement>> = {
  map: { family: true, failure: true, roles: [mapped] },
  unmap: { family: true, roles: [handle] },
  transfer: { roles: [['buffer']] },
  allocate: { family: true, failure: true, memory: true, roles: [[...allocated, 'pool', '-']] },
  free: { family: true, roles: [released] },
  'allocate-memory': { family: true, failure: true, memory: true, roles: [allocated] },
  'free-memory': { family: true, roles: [released] },
  sync: { roles: [handle], properties: ['owner'] },
  'check-mapping': { roles: [['device-address']] },
  'set-mask': { failure: true, roles: [['device'], ['value']] },
  export: { roles: [['cpu-address'], ['device-address']] },
  'set-attribute': { failure: true, roles: [['mapping'], ['access']] },
  convert: { failure: true, roles: [['buffer', 'page']], properties: ['to'] },
  'channel-request': { family: true, failure: true, roles: [['result:pointer']] },
  'channel-release': { family: true, roles: [['channel']] },
  // Without a channel or device it stops all that was started.
  'device-stop': { roles: [], properties: ['quiet'] },
  'device-start': { roles: [['channel', 'device', 'this']] },
  'read-memory': { roles: [touched] },
  'write-memory': { roles: [touched] },
  'copy-memory': { roles: [touched] },
  give: { roles: [['value', 'value-at', 'scatterlist', '-']] },
  pass: { roles: [['value']] },
  part: { roles: [['value']] },
  'to-host-address': { roles: [['value']] },
  wait: { failure: true, roles: [] },
  'is-error': { failure: true, roles: [['value']] },
  store: { roles: [['place', 'value-out'], ['value']] },
  keep: { roles: [['value']] },
  assume: { roles: [['condition', 'status']] },
  'assume-not': { roles: [['condition']] },
  'register-callback': { roles: [['callback'], ['context']], properties: ['event'] },
  manage: {
    roles: [
      ['callback', 'value'],
      ['context', 'value'],
    ],
  },
  'sg-address': { roles: [['scatterlist']] },
  'sg-length': { roles: [['scatterlist']] },
  'sg-virtual': { roles: [['scatterlist']] },
  'sg-init': { roles: [['scatterlist', 'sg-table'], touched] },
  'unmap-info-get': { roles: [['owner'], ['field']] },
  'unmap-info-set': { roles: [['owner'], ['field'], ['value']] },
};

/** What the entry lacks, in words; empty when it can be executed. */
export function missingFacts(model: ApiModel): readonly string[] {
  const need = requirements[model.action];
  const lacks: string[] = [];
  if (need?.family && model.family === undefined) lacks.push('a "family"');
  if (need?.failure && model.failure === undefined) lacks.push('a "failure" sign');
  if (need?.memory && model.memory === undefined) lacks.push('the kind of "memory"');
  for (const property of need?.properties ?? []) if (model[property] === undefined) lacks.push(`"${property}"`);
  for (const roles of need?.roles ?? []) if (!roles.some((role) => plays(model, role))) lacks.push(words(roles));
  return lacks.map((what) => `action "${model.action}" needs ${what}`);
}

function plays(model: ApiModel, role: string): boolean {
  return role.startsWith('result:')
    ? model.result === role.slice('result:'.length)
    : model.args.some((it) => it === role);
}

function words(roles: readonly string[]): string {
  const args = roles.filter((role) => !role.startsWith('result:') && role !== '-').map((role) => `"${role}"`);
  const results = roles.filter((role) => role.startsWith('result:')).map((role) => `"${role.slice('result:'.length)}"`);
  const either = [
    ...(args.length > 0 ? [`an argument of role ${args.join(' or ')}`] : []),
    ...(results.length > 0 ? [`a "result" of ${results.join(' or ')}`] : []),
  ];
  return either.join(', or ');
}

/** What ends that which the action makes. An allocation may hand out memory that is mapped already (page_pool). */
const endings: Partial<Record<Action, readonly Action[]>> = {
  map: ['unmap'],
  allocate: ['free', 'unmap'],
  'allocate-memory': ['free-memory'],
  'channel-request': ['channel-release'],
};
const releases: readonly Action[] = Object.values(endings).flat();

/**
 * Entries whose family has no other end among `files`: a mapping that nothing unmaps, a release that nothing makes. Managed
 * entries may lack the release: the framework does it.
 */
export function unpairedEntries(files: readonly ModelFile[]): readonly ApiModel[] {
  const all = files.flatMap((file) => file.functions ?? []);
  const made = new Set<string>();
  const gone = new Set<string>();
  for (const model of all) {
    for (const end of acceptedEnds(model)) made.add(end);
    if (releases.includes(model.action)) gone.add(`${model.action} ${model.family}`);
  }
  return all.filter((model) => {
    const ends = acceptedEnds(model);
    if (ends.length > 0) return model.managed !== true && !ends.some((end) => gone.has(end));
    return releases.includes(model.action) && !made.has(`${model.action} ${model.family}`);
  });
}

function acceptedEnds({ action, family, releasedBy = [] }: ApiModel): readonly string[] {
  return (endings[action] ?? []).flatMap((end) => [family, ...releasedBy].map((name) => `${end} ${name}`));
}
