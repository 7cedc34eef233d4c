import type { EntryPointModel } from '../models/index.ts';
import type { FunctionSource } from '../sequence/index.ts';
import type { Project } from './project.ts';

/** Words by which people call what is done once, where nothing else tells. */
export const SETUP =
  /(^|_)(probe|init|setup|attach|detach|remove|exit|create|destroy|alloc|register|config|configure|start|stop|open|close|suspend|resume|reset|reinit|restart|recover|bringup|boot|load|download|fw|firmware|identify|detect|enable|disable|add|del|free|cleanup|selftest|test|show)(_|\d*$)|^(?:Initialize|Init|Create|Start|Reset|Identify|Detect)|(?:Initialize|Init|Start|Stop|EntryPoint|Entry|Reset|Identify|Detect)$/;

/** Among these, words for the end of something. */
const END =
  /(^|_)(detach|remove|exit|destroy|unregister|stop|close|suspend|reset|disable|del|free|fini|cleanup|release|shutdown)(_|\d*$)|(?:Stop|Unload|Exit|Reset)$/;

/**
 * What a text does with a function by its name: it puts it into a member of a structure, or declares it to be called when the
 * driver comes or goes.
 */
export type Mention =
  | { readonly member: string; readonly table: string | undefined }
  | { readonly position: number; readonly table: string }
  | 'declared'
  | 'declared for the end';

const MEMBER = /\.(\w+)\s*=\s*&?([A-Za-z_]\w*)\b/g;
/** Tables whose members are given by position: `SIMPLE_DEV_PM_OPS (name, suspend, resume)`, an initialiser of a protocol. */
const BY_POSITION = /\b([A-Z_]*PM_OPS)\s*\(([^(){};]*)\)|\b(EFI_\w+_PROTOCOL)\s+\w+\s*=\s*\{([^{}]*)\}/g;
const DECLARATION = /(?:\bmodule_(?:init|exit)|_initcall)(?=(\W[^;(]*))|\bEFI_DRIVER_BINDING_PROTOCOL(?=\w*(\W[^;]*))/g;

const COMMENT = /\/\*.*?\*\/|\/\/.*$/gms;

/** Mentions in a section of a file, by function, or by what else may be named so. */
export function mentionsIn(text: string): ReadonlyMap<string, readonly Mention[]> {
  const mentions = new Map<string, Mention[]>();
  const add = (name: string, mention: Mention): void => {
    const others = mentions.get(name);
    if (others) others.push(mention);
    else mentions.set(name, [mention]);
  };
  for (const { 1: member = '', 2: name = '', index } of text.matchAll(MEMBER))
    add(name, {
      member,
      get table() {
        return tableAt(text, index);
      },
    });
  for (const { 1: macro, 2: values, 3: type, 4: members } of text.matchAll(BY_POSITION))
    for (const [position, value] of (values ?? members ?? '').replace(COMMENT, '').split(',').entries()) {
      const name = /^\s*(?:\(\s*\w+\s*\)\s*)?&?\s*([A-Za-z_]\w*)\s*$/.exec(value)?.[1];
      if (name) add(name, { position, table: macro ?? type ?? '' });
    }
  for (const [by, called = '', bound = ''] of text.matchAll(DECLARATION))
    for (const name of (called || bound).match(/\b[A-Za-z_]\w*/g) ?? [])
      add(name, by === 'module_exit' || (bound && END.test(name)) ? 'declared for the end' : 'declared');
  return mentions;
}

/** The parts that a function plays in tables and declarations of the project; "other" for one that is not known. */
export const rolesOf = (project: Project, name: string): readonly string[] =>
  [...project.all].flatMap((unit) => unit.mentions(name).map((mention) => roleOf(project, mention)));

/** Functions that end what this one began, in the tables of the project that name it. */
export const counterpartsOf = (project: Project, name: string): readonly FunctionSource[] =>
  beside(project, name, ({ undoneBy }) => undoneBy);

/** Functions that are called later than this one, in the tables of the project that name it. */
export const sequelsOf = (project: Project, name: string): readonly FunctionSource[] =>
  beside(project, name, ({ followedBy }) => followedBy);

function beside(
  project: Project,
  name: string,
  wanted: (entry: EntryPointModel) => readonly string[] | undefined,
): readonly FunctionSource[] {
  const { models, dialect } = project;
  return [...project.all].flatMap((unit) =>
    unit.mentions(name).flatMap((mention) => {
      const entry = entryOf(project, mention);
      if (!entry || typeof mention === 'string' || mention.table === undefined) return [];
      const { table } = mention;
      return (wanted(entry) ?? [])
        .flatMap((member) => unit.namesIn(member, models.entryPoint(member, table, dialect)?.position, table))
        .flatMap((other) => project.function(other, unit.path) ?? []);
    }),
  );
}

function entryOf({ models, dialect }: Project, mention: Mention): EntryPointModel | undefined {
  if (typeof mention === 'string') return undefined;
  return 'member' in mention
    ? models.entryPoint(mention.member, mention.table, dialect)
    : models.entryPointAt(mention.position, mention.table, dialect);
}

function roleOf(project: Project, mention: Mention): string {
  if (mention === 'declared') return 'probe';
  if (mention === 'declared for the end') return 'remove';
  return entryOf(project, mention)?.role ?? ('member' in mention ? guessed(mention.member) : 'other');
}

/** The tag of the structure whose initialiser is open at this place. */
function tableAt(text: string, at: number): string | undefined {
  const before = text.slice(Math.max(0, at - 4000), at);
  return [...before.matchAll(/\bstruct\s+(\w+)\s+\w+(?:\[\w*\])?\s*=\s*\{/g)].at(-1)?.[1];
}

const guessed = (member: string): string => (END.test(member) ? 'stop' : SETUP.test(member) ? 'probe' : 'other');
