import type {
  Action,
  ApiModel,
  ConstantModel,
  Dialect,
  EntryPointModel,
  HarmlessGroup,
  IteratorModel,
  ModelFile,
} from './schema.ts';

/** The tables of all model files, made fast to ask. Names are case-sensitive; `undefined` = not known. */
export interface Models {
  /** Every function and member, harmless names included, after overriding. */
  readonly entries: readonly ApiModel[];
  function(name: string, dialect: Dialect): ApiModel | undefined;
  /**
   * The member `receiver->name (…)`, asked with the number of its arguments. Where several protocols share the member, the text
   * of the receiver decides between them (see `ApiModel.receivers`). Dots stay in the name: "Mem.Write".
   */
  member(name: string, argumentCount: number, dialect: Dialect, receiver?: string): ApiModel | undefined;
  constant(name: string, dialect: Dialect): ConstantModel | undefined;
  iterator(name: string, dialect: Dialect): IteratorModel | undefined;
  /** Member of an operations table; a table that no entry names gets what holds for any table. */
  entryPoint(member: string, table: string | undefined, dialect: Dialect): EntryPointModel | undefined;
  /** The same for tables that are initialised by position (index from 0). */
  entryPointAt(position: number, table: string, dialect: Dialect): EntryPointModel | undefined;
  /** Matches text that holds a call with one of `actions`: a cheap sieve before parsing, not a proof. */
  triggerPattern(dialect: Dialect, actions?: readonly Action[]): RegExp;
}

/** Actions that make a function worth a look: it makes, ends, hands over or converts DMA memory. */
const DMA_ACTIONS: readonly Action[] = [
  'allocate',
  'free',
  'map',
  'unmap',
  'transfer',
  'sync',
  'check-mapping',
  'convert',
  'channel-request',
  'channel-release',
  'set-mask',
  'export',
  'sg-address',
  'sg-length',
];

/** Later files override earlier ones: functions by name, members by name, number of arguments and receivers. */
export function createModels(files: readonly ModelFile[]): Models {
  const functions = new Map<string, ApiModel>();
  const members = new Map<string, readonly ApiModel[]>();
  const variadic = new Map<string, ApiModel>();
  const constants = new Map<string, ConstantModel>();
  const iterators = new Map<string, IteratorModel>();
  const patterns: { readonly pattern: RegExp; readonly model: IteratorModel }[] = [];
  const entryPoints = new Map<string, EntryPointModel>();

  const addApi = (model: ApiModel): void => {
    for (const dialect of model.dialects) {
      const key = `${dialect} ${model.name}`;
      if (model.call === 'function') functions.set(key, model);
      else if (model.variadic === true) variadic.set(key, model);
      else {
        const withCount = `${key} ${model.args.length}`;
        const others = (members.get(withCount) ?? []).filter((other) => !sameReceivers(other, model));
        members.set(withCount, model.receivers === undefined ? [...others, model] : [model, ...others]);
      }
    }
  };
  const addIterator = (model: IteratorModel): void => {
    if (model.name.includes('*')) patterns.unshift({ pattern: globPattern(model.name), model });
    else for (const dialect of model.dialects) iterators.set(`${dialect} ${model.name}`, model);
  };
  const addEntryPoint = (model: EntryPointModel): void => {
    for (const dialect of model.dialects) {
      const table = `${dialect} ${model.table ?? ''}`;
      entryPoints.set(`${table} ${model.member}`, model);
      if (model.position !== undefined) entryPoints.set(`${table} #${model.position}`, model);
    }
  };
  for (const file of files) {
    for (const group of file.harmless ?? []) for (const model of expand(group)) addApi(model);
    for (const model of file.functions ?? []) addApi(model);
    for (const model of file.constants ?? [])
      for (const dialect of model.dialects) constants.set(`${dialect} ${model.name}`, model);
    for (const model of file.iterators ?? []) addIterator(model);
    for (const model of file.entryPoints ?? []) addEntryPoint(model);
  }

  const entries = [...new Set([...functions.values(), ...[...members.values()].flat(), ...variadic.values()])];
  return {
    entries,
    function: (name, dialect) => functions.get(`${dialect} ${name}`),
    member: (name, argumentCount, dialect, receiver = '') => {
      const key = `${dialect} ${name}`;
      const text = receiver.toLowerCase();
      const found = members
        .get(`${key} ${argumentCount}`)
        ?.find(
          ({ receivers }) => receivers === undefined || receivers.some((part) => text.includes(part.toLowerCase())),
        );
      if (found !== undefined) return found;
      const open = variadic.get(key);
      return open !== undefined && argumentCount >= open.args.length ? open : undefined;
    },
    constant: (name, dialect) => constants.get(`${dialect} ${name}`),
    iterator: (name, dialect) =>
      iterators.get(`${dialect} ${name}`) ??
      patterns.find(({ pattern, model }) => model.dialects.includes(dialect) && pattern.test(name))?.model,
    entryPoint: (member, table, dialect) =>
      entryPoints.get(`${dialect} ${table ?? ''} ${member}`) ?? entryPoints.get(`${dialect}  ${member}`),
    entryPointAt: (position, table, dialect) => entryPoints.get(`${dialect} ${table} #${position}`),
    triggerPattern: (dialect, actions = DMA_ACTIONS) => {
      const isWanted = ({ action, transfers, args }: ApiModel): boolean =>
        actions.includes(action) ||
        (transfers === true && actions.includes('transfer')) ||
        // Whoever stops a channel has started it, often on memory that others map.
        (action === 'device-stop' && args.includes('channel') && actions === DMA_ACTIONS);
      const named = entries.filter((model) => model.dialects.includes(dialect) && isWanted(model));
      const names = (call: ApiModel['call']): readonly string[] => [
        ...new Set(named.filter((model) => model.call === call).map(({ name }) => name)),
      ];
      return callPattern(names('function'), names('member'));
    },
  };
}

function expand(group: HarmlessGroup): readonly ApiModel[] {
  return group.names.map((name) => ({
    name,
    call: 'function',
    dialects: group.dialects,
    action: group.action,
    args: [],
    ...(group.action === 'sleep' ? { sleeps: 'always' as const } : {}),
  }));
}

function sameReceivers(a: ApiModel, b: ApiModel): boolean {
  return (a.receivers ?? []).join('\n') === (b.receivers ?? []).join('\n');
}

function globPattern(name: string): RegExp {
  return new RegExp(`^${name.split('*').map(literally).join('\\w*')}$`);
}

/** `->` may stand apart from the name, and "Mem.Write" may be written with blanks about its dot. */
function callPattern(functions: readonly string[], members: readonly string[]): RegExp {
  const parts: string[] = [];
  if (functions.length > 0) parts.push(`\\b(?:${functions.map(literally).join('|')})`);
  if (members.length > 0) parts.push(`(?:->|\\.)\\s*(?:${members.map(literally).join('|')})`);
  return parts.length > 0 ? new RegExp(`(?:${parts.join('|')})\\s*\\(`) : /(?!)/;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
