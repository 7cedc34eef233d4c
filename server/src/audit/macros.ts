import { posix } from 'node:path';
import {
  type Definition,
  evaluateConstant,
  type FileConstants,
  type MacroKnowledge,
  type PlacedSection,
  readConstants,
  sectionsOf,
} from '../source/index.ts';

/** A file as it is named in reports. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Definitions that are looked at for one condition; they may refer to each other, and to themselves. */
const MAX_ASKED = 100;

const NONE: readonly Definition[] = [];

/** What was read of a section, as the first one of its file or as another. */
interface SectionConstants extends FileConstants {
  readonly isBegin: boolean;
}

interface ReadFile {
  readonly sections: readonly PlacedSection<SectionConstants>[];
  readonly constants: FileConstants;
}

const READ = new WeakMap<NamedText, ReadFile>();

/** `before`: the same file before an edit. */
function constantsOf(file: NamedText, before?: ReadFile): FileConstants {
  const known = READ.get(file);
  if (known) return known.constants;
  const read = (text: string, start: number): SectionConstants => {
    const isBegin = start === 0;
    return { ...readConstants(text, isBegin), isBegin };
  };
  const sections = sectionsOf(file.text, read, before?.sections).map((one) =>
    one.section.isBegin === (one.start === 0) ? one : { ...one, section: read(one.text, one.start) },
  );
  const constants = joined(sections);
  READ.set(file, { sections, constants });
  return constants;
}

function joined(sections: readonly PlacedSection<FileConstants>[]): FileConstants {
  const [only, ...others] = sections;
  if (only && others.length === 0) return only.section;
  const definitions = new Map<string, readonly Definition[]>();
  for (const { start, section } of sections)
    for (const [name, some] of section.definitions)
      definitions.set(name, [
        ...(definitions.get(name) ?? NONE),
        ...some.map((one) => ({ ...one, at: one.at + start })),
      ]);
  return { definitions, includes: sections.flatMap(({ section }) => section.includes) };
}

/**
 * The macros and enumerators of some files, each file as it sees those that it includes. Only files that somebody asks about
 * are read, and values are reckoned when they are wanted: headers may define many thousands.
 */
export class Macros {
  readonly #files: ReadonlyMap<string, NamedText>;
  /** Files that a file includes in turn, itself first. */
  readonly #closures = new Map<string, readonly NamedText[]>();
  readonly #inHeaders = new Map<string, readonly Definition[]>();

  /** `before`: those of the same files before an edit. */
  constructor(files: Iterable<NamedText>, before?: Macros) {
    this.#files = new Map([...files].map((file) => [file.name, file]));
    for (const file of this.#files.values()) {
      const known = before ? before.#files.get(file.name) : undefined;
      const read = known && READ.get(known);
      if (read) constantsOf(file, read);
    }
  }

  /** The same files but for one. */
  with(file: NamedText): Macros {
    return new Macros(
      [...this.#files.values()].map((one) => (one.name === file.name ? file : one)),
      this,
    );
  }

  /** Whether other files say the same of all names, be it at other places. */
  definesTheSame(others: Macros): boolean {
    return (
      this.#files.size === others.#files.size &&
      [...this.#files.values()].every((file) => {
        const other = others.#files.get(file.name);
        return other !== undefined && (other === file || isSame(constantsOf(file), constantsOf(other)));
      })
    );
  }

  /** Value of a macro or enumerator where a file uses it; null where it is not known, or where it depends on the configuration. */
  numberOf(name: string, file: string, others: (name: string) => number | null): number | null {
    const definitions = this.#definitionsOf(name, file);
    let value: number | null = null;
    for (const { expression } of definitions) {
      if (expression === null) return null;
      const one = evaluateConstant(expression, { numberOf: others, isDefined: () => null });
      if (one === null || (value !== null && one !== value)) return null;
      value = one;
    }
    return value;
  }

  /** What the conditionals of a file may ask. */
  knowledgeOf(file: string): MacroKnowledge {
    return {
      isDefined: (name, at) => (this.#certain(name, file, at) ? true : null),
      numberOf: (name, at) => {
        let asked = 0;
        const numberOf = (other: string): number | null => {
          const expression = this.#certain(other, file, at)?.expression ?? null;
          if (expression === null || ++asked > MAX_ASKED) return null;
          return evaluateConstant(expression, { numberOf, isDefined: () => null });
        };
        return numberOf(name);
      },
    };
  }

  /** The definition of a macro, if it is the only one, stands before the offset and depends on nothing. */
  #certain(name: string, file: string, at: number): Definition | null {
    let found: Definition | null = null;
    for (const one of this.#closureOf(file)) {
      for (const definition of constantsOf(one).definitions.get(name) ?? NONE) {
        const isBefore = one.name !== file || definition.at < at;
        if (found || !isBefore || !definition.isCertain) return null;
        found = definition;
      }
    }
    return found;
  }

  /** Those that the file sees; for what comes to it by a way that is not seen, those of any header. */
  #definitionsOf(name: string, file: string): readonly Definition[] {
    const seen = this.#closureOf(file).flatMap((one) => constantsOf(one).definitions.get(name) ?? NONE);
    if (seen.length > 0) return seen;
    let others = this.#inHeaders.get(name);
    if (!others) {
      const headers = [...this.#files.values()].filter((one) => one.name.endsWith('.h'));
      others = headers.flatMap((one) => constantsOf(one).definitions.get(name) ?? NONE);
      this.#inHeaders.set(name, others);
    }
    return others;
  }

  #closureOf(file: string): readonly NamedText[] {
    const known = this.#closures.get(file);
    if (known) return known;
    const own = this.#files.get(file);
    const closure = new Set(own ? [own] : []);
    for (const one of closure)
      for (const path of constantsOf(one).includes) {
        const included = this.#files.get(posix.join(posix.dirname(one.name), path));
        if (included) closure.add(included);
      }
    const files = [...closure];
    this.#closures.set(file, files);
    return files;
  }
}

function isSame(a: FileConstants, b: FileConstants): boolean {
  return (
    a.includes.join('\n') === b.includes.join('\n') &&
    a.definitions.size === b.definitions.size &&
    [...a.definitions].every(([name, definitions]) => {
      const others = b.definitions.get(name);
      return (
        others?.length === definitions.length &&
        definitions.every(({ expression }, i) => expression === others[i]?.expression)
      );
    })
  );
}
