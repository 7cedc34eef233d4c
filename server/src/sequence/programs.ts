import type { Operation, Outcome, Program } from '@dma-audit/simulator';
import type { Instruction } from '../flow/index.ts';
import { type ApiModel, familyOf, releasableAs } from '../models/index.ts';
import { type AccessPath, numbersIn, pathOfKey, pathOfPlace } from './access-path.ts';
import { failsByStatus } from './callee-exit.ts';
import {
  endsSomewhere,
  isAbandonedByCallers,
  isReleasedAfterSuccess,
  isReleasedByCallers,
  isStart,
  isUndoneByCallers,
} from './callers.ts';
import { THROUGH_POINTER } from './calls.ts';
import { cleanUpAfter } from './clean-up.ts';
import { type Budget, type Code, type EntryConditions, type FunctionSource, NORMAL } from './code.ts';
import type { Context, DirectionSource, Owner } from './context.ts';
import { decide } from './domain.ts';
import { edk2Ends } from './edk2-ends.ts';
import { type Exit, exploreFunction, type RawExploration } from './explore.ts';
import { Failures } from './failures.ts';
import { readsName, usesTemporary } from './frame.ts';
import { lifecycles } from './lifecycles.ts';
import { structName, type TypedField } from './made-elsewhere.ts';
import { type MapCall, mappedOnlyWithin } from './mapped-within.ts';
import { mayBeReleased, mayBeUnmapped } from './maybe-released.ts';
import { Holders } from './ownership.ts';
import { type LaterRelease, releasedAgain } from './released-again.ts';
import type { State } from './state.ts';
import type { ResourceInfo, SourcePlace } from './tables.ts';
import { type Step, toldSteps, unroll } from './trace.ts';
import { freesWhileMapped, isOrigin, isReleasedOutside, releasesUnknown, Unwinding } from './unwinding.ts';
import { fieldsOf, lastField, rootSymbol } from './values.ts';

/** A step of the path that is not an operation: a decision taken, a function entered. `before` = index into the operations. */
export interface PathStep {
  readonly before: number;
  readonly place: SourcePlace;
  readonly what: Step['what'];
}

export interface DmaPath {
  readonly program: Program;
  readonly steps: readonly PathStep[];
  /** The path ran to a return of the analysed function. */
  readonly complete: boolean;
  /** What the function told its caller; null when not known or not complete. */
  readonly failing: boolean | null;
  /** Indices of operations that free memory of which a mapping may have ended unseen. */
  readonly mayBeUnmapped: ReadonlySet<number>;
}

/** All DMA programs of one function. */
export interface Exploration {
  readonly function: string;
  readonly file: string;
  readonly paths: readonly DmaPath[];
  /** The same from a beginning (probe, open) to the end of its counterpart (remove, stop): a `return` lies between. */
  readonly lifecycles: readonly DmaPath[];
  readonly place: (site: number) => SourcePlace;
  readonly nameOf: (id: number) => string;
  /** Was the buffer or mapping made in a loop: is it one of several of its kind? */
  readonly isInLoop: (id: number) => boolean;
  /** Did the function itself make it, or is it one of its variables, rather than of a callee? */
  readonly isOwn: (id: number) => boolean;
  /** Where the direction that the call at a site is given comes from. */
  readonly directionSource: (site: number) => DirectionSource;
  /** Why the exploration is not complete; empty when it is. */
  readonly degraded: readonly string[];
  /** `file:function` of everything that was looked into, the function itself included. */
  readonly entered: ReadonlySet<string>;
}

/** Explores a function and writes down every path as a program for the simulator. */
export function sequences(
  code: Code,
  source: FunctionSource,
  budget: Budget,
  entry: EntryConditions = NORMAL,
): Exploration {
  const raw = exploreFunction(code, source, budget, entry);
  return new ProgramWriter(code, source, raw, budget).write();
}

/** The fields that places are, as far as they are fields. */
const lastFields = (places: readonly string[]): ReadonlySet<string> =>
  new Set(places.map(lastField).filter((field) => field !== ''));

/** `*Buffer`, where `Buffer` is a parameter. */
const isOutParameter = (place: string): boolean => /^\*\d+(\+-?\d+)?$/.test(place);

/** Sites of what is released again on some path, and whether on one that fails. */
type ReleasedSites = ReadonlyMap<number, 'failing' | 'working'>;

/** Ways out to either side of one that it is compared with: where there are thousands, neighbours tell what parts them. */
const COMPARED_EXITS = 128;

const NO_FIELDS: ReadonlySet<string> = new Set();

type LossReason = Extract<Operation, { op: 'lose' }>['why'];

/** A list that is mapped is found where it is, whoever names it. */
const isFoundByObject = ({ args }: ApiModel): boolean =>
  args.some((role) => role === 'scatterlist' || role === 'sg-table' || role === 'object');

/** Why a resource is given up where no code that is not seen was called. */
const WITHOUT_CALL: ReadonlySet<string> = new Set(['paths meet', 'releasing loop', 'computed handle']);

class ProgramWriter {
  private readonly code: Code;
  private readonly source: FunctionSource;
  private readonly raw: RawExploration;
  private readonly context: Context;
  private readonly budget: Budget;
  private readonly failures: Failures;
  private unwinding: Unwinding | null = null;
  /** By the names of fields. */
  private readonly leftToCallers = new Map<string, boolean>();
  private readonly abandoned = new Map<string, boolean>();
  private readonly releasedAfterSuccess = new Map<string, boolean>();
  private readonly releasedLaterFields = new Map<string, boolean>();
  private readonly mapCalls = new Map<string, MapCall | null>();
  /** By the sites of calls. */
  private readonly dropped = new Map<number, boolean>();

  constructor(code: Code, source: FunctionSource, raw: RawExploration, budget: Budget) {
    this.code = code;
    this.source = source;
    this.raw = raw;
    this.context = raw.context;
    this.budget = budget;
    this.failures = new Failures(raw.context, raw.frame, raw.exits);
  }

  write(): Exploration {
    const { context, raw } = this;
    const { sites, resources, directions } = context;
    const released = this.sitesReleased();
    let left = this.budget.operations;
    let degraded = raw.degraded;
    const taken = (paths: Iterable<DmaPath>): readonly DmaPath[] => {
      const some: DmaPath[] = [];
      for (const path of paths) {
        left -= path.program.operations.length;
        if (left < 0) {
          degraded = [...new Set([...degraded, 'too many operations'])];
          break;
        }
        some.push(path);
      }
      return some;
    };
    // Paths that reach an end matter more, if there is not room for all.
    const complete = this.inOrder(taken, released);
    const partial = taken(this.partial());
    const paths = [...partial, ...complete];
    const lifecycles = taken(this.lifecycles());
    return {
      function: this.source.graph.name,
      file: this.source.file,
      paths,
      lifecycles,
      place: (site) => sites.place(site),
      nameOf: (id) => resources.info(id).name,
      isInLoop: (id) => resources.info(id).inLoop,
      isOwn: (id) => resources.info(id).depth === 0,
      directionSource: (site) => directions.get(site) ?? 'constant',
      degraded,
      entered: raw.entered,
    };
  }

  /**
   * Where there is not room for all paths, some of each way out are among them: of every return statement, of success and of
   * failure. They come in the order of the exits.
   */
  private inOrder(
    taken: (paths: Iterable<DmaPath>) => readonly DmaPath[],
    released: ReleasedSites,
  ): readonly DmaPath[] {
    const { exits } = this.raw;
    const turns = new Map<string, number>();
    const ordered = exits
      .map((exit, at) => {
        const way = `${exit.site} ${this.failures.isFailing(exit)}`;
        const turn = turns.get(way) ?? 0;
        turns.set(way, turn + 1);
        return { exit, at, turn };
      })
      .sort((a, b) => a.turn - b.turn || a.at - b.at);
    const places = new Map<DmaPath, number>();
    const all = function* (writer: ProgramWriter): Iterable<DmaPath> {
      for (const { exit, at } of ordered)
        for (const path of writer.complete(exit, released)) {
          places.set(path, at);
          yield path;
        }
    };
    return taken(all(this)).toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  }

  private *partial(): Iterable<DmaPath> {
    for (const state of this.raw.partial) yield this.path(state, [], null, false, null);
  }

  private *complete(exit: Exit, released: ReleasedSites): Iterable<DmaPath> {
    const failing = this.failures.isFailing(exit);
    const losses = this.losses(exit, failing, released);
    yield this.path(
      exit.state,
      [...losses, ...this.ends(exit, failing), ...this.mappedLater(exit), ...this.repeated(exit, failing)],
      null,
      true,
      failing,
    );
    for (const { id } of this.unreadLengths(exit))
      yield this.path(exit.state, [], { id, outcome: 'short' }, true, failing);
    for (const one of this.uncheckedResources(exit, failing))
      yield this.path(exit.state, this.uses(exit, one), { id: one.id, outcome: 'failed' }, true, failing);
  }

  private *lifecycles(): Iterable<DmaPath> {
    const mayHaveWorked = (exit: Exit): boolean => this.failures.isFailing(exit) !== true;
    for (const { state, losses } of lifecycles(this.code, this.source, this.raw, mayHaveWorked))
      yield this.path(state, losses, null, true, false);
  }

  private *made(state: State): Iterable<ResourceInfo> {
    for (const [id] of state.allResources()) {
      const info = this.context.resources.info(id);
      if (!info.foreign) yield info;
    }
  }

  /** Places of acquisition that some path of this function releases again: it cleans up after itself. */
  private sitesReleased(): ReleasedSites {
    const sites = new Map<number, 'failing' | 'working'>();
    for (const exit of this.raw.exits) {
      for (const info of this.made(exit.state)) {
        const now = exit.state.resource(info.id);
        if (now?.life === 'gone' && now.outcome !== 'failed' && isReleasedOutside(exit.state, info))
          if (sites.get(info.site) !== 'failing')
            sites.set(info.site, this.failures.isFailing(exit) === true ? 'failing' : 'working');
      }
    }
    return sites;
  }

  private mayBeReleased(exit: Exit, info: ResourceInfo, held: readonly string[]): boolean {
    // A descriptor holds the address for the device; nobody releases what he finds there.
    const isNoted = (place: string) => {
      const root = rootSymbol(place);
      return root === null || this.context.symbols.info(root).resource === undefined;
    };
    const fields = held
      .filter(isNoted)
      .map(lastField)
      .filter((field) => field !== '');
    return mayBeReleased(this.context, this.raw.frame.graph.name, unroll(exit.state.trace), info, fields);
  }

  /** A callee's caller, a loop's other elements or an out-parameter's owner may hold what this path does not see. */
  private isCertain(
    exit: Exit,
    info: ResourceInfo,
    held: readonly string[],
    failing: boolean | null,
    why: LossReason,
  ): boolean {
    if (why === 'unclaimed' || exit.state.resource(info.id)?.life !== 'live') return false;
    // Made where there was none: the next time finds it.
    if (why === 'passed-over' && held.some((place) => this.wasNull(exit, place))) return false;
    // EDK2's wrappers are followed to their ends; what a path of Linux enters is a guess more often.
    if (this.code.dialect === 'edk2') return !info.inLoop && (why !== 'lifecycle-end' || info.depth === 0);
    // What a Linux driver still has after success it has given away, mostly where this cannot be followed.
    // What is held nowhere is not what others name where they release something.
    if (why === 'memory-freed')
      return (
        !this.mayBeReleased(exit, info, held) && (!held.length || !releasesUnknown(this.context, exit.state, info))
      );
    if (why === 'returning' && this.isDropped(info)) return true;
    if (failing !== true)
      return why === 'lifecycle-end'
        ? this.isForEver(exit, info, held, failing)
        : why === 'returning' && this.isDoneWith(exit, info, held);
    // Its callers may release it as well as its other failing paths do.
    if (why === 'unwound' && this.isLeftToCallers(held, exit)) return false;
    // When a probe fails, nobody comes back for its channels; elsewhere whoever has the field may.
    if (info.kind === 'channel')
      return (
        !info.inLoop &&
        (this.code.startsLife(this.source.name) === true ||
          (held.length === 0 && info.depth === 0) ||
          this.isAbandoned(info, held)) &&
        !this.mayBeReleased(exit, info, held)
      );
    // The device is busy with it: whoever it was handed to keeps it until it is done.
    if (exit.value?.kind === 'number' && exit.value.value === -EBUSY && exit.state.resource(info.id)?.escaped)
      return false;
    if (why === 'lifecycle-end' && (!this.isUndoneByCounterpart(info, held) || this.isKept(exit, held))) return false;
    // What a callee made may be kept in an object that lives on, unless there is none yet or the path unwinds what was before.
    const isEnded = why !== 'returning' && (isStart(this.code, this.source) || this.isAbandoned(info, held));
    if (info.depth > 0 && why !== 'passed-over' && !isEnded) return false;
    if (this.isNotedByDevice(exit, info)) return false;
    const isOut = [...exit.state.handles()].some(
      ([place, value]) => isOutParameter(place) && this.context.resourceOf(value) === info.id,
    );
    if (isOut) return false;
    return !this.mayBeReleased(exit, info, held);
  }

  /**
   * Is it the counterpart of the entry point that ends it after success? It is not called after a failure, and what it does
   * nobody else does; what it leaves alone may be somebody else's.
   */
  private isUndoneByCounterpart(info: ResourceInfo, held: readonly string[]): boolean {
    if (!info.model) return false;
    return this.isUndoneFor(this.source, info.model, held) || this.isAbandoned(info, held);
  }

  private isUndoneFor(start: FunctionSource, model: ApiModel, held: readonly string[]): boolean {
    const families = releasableAs(model);
    const places = held.map(fieldsOf).filter((fields) => fields.length > 0);
    return this.code
      .counterpartsOf(start.name)
      .some(
        ({ releases, releasedFields }) =>
          families.some((family) => releases.has(family)) &&
          places.some((fields) => fields.every((field) => releasedFields.has(field))),
      );
  }

  /** Has the path seen that something was missing in the object, and put it there? Then the next time finds it and goes on with it. */
  private isKept(exit: Exit, held: readonly string[]): boolean {
    const objects = held.flatMap((place) => /^(\*.*)\.\w+$/.exec(place)?.[1] ?? []);
    return [...exit.state.locations()].some(([location, value]) => {
      const isBeside = objects.some((object) => location.startsWith(`${object}.`));
      return isBeside && !(value.kind === 'number' && value.value === 0) && this.wasNull(exit, location);
    });
  }

  /** Has the path seen that there was nothing? */
  private wasNull({ state }: Exit, location: string): boolean {
    const { symbols } = this.context;
    for (let epoch = 0; epoch <= state.epoch; epoch++) {
      const before = symbols.find(`${location}@${epoch}`);
      if (before !== undefined && decide(state.domain(before), '==', 0) === true) return true;
    }
    return false;
  }

  /** The driver keeps its pointer in the device's own ring, and finds it there again. */
  private isNotedByDevice({ state }: Exit, { id, kind }: ResourceInfo): boolean {
    if (kind !== 'buffer') return false;
    return unroll(state.trace).some(
      (e) => e.op === 'give' && 'id' in e.target && e.target.id === id && e.target.how === 'other-role',
    );
  }

  private losses(exit: Exit, failing: boolean | null, released: ReleasedSites): readonly Operation[] {
    const holders = new Holders(this.context, exit);
    const leavesNothing = failsByStatus(this.context, this.raw.frame, exit);
    const lost: Extract<Operation, { op: 'lose' }>[] = [];
    for (const info of this.made(exit.state)) {
      const now = exit.state.resource(info.id);
      if (!now || now.life === 'gone' || now.outcome === 'failed' || info.model?.managed || info.kind === 'event')
        continue;
      if (now.life === 'released-maybe' && !this.isLentOut(exit, info)) continue;
      const held = [...holders.of(info.id), ...this.heldByMappings(exit, holders, info.id)];
      const why = this.whyLost(exit, info, held, failing, {
        releasedOn: released.get(info.site) ?? null,
        leavesNothing,
      });
      if (why === null) continue;
      const decisions = this.fatalDecisions(exit, info);
      const cleanUp = failing === true ? this.cleanUpSite(exit, info, decisions) : null;
      lost.push({
        op: 'lose',
        site: this.isDropped(info) ? info.site : this.endSite(exit, info, decisions),
        api: info.name,
        target: this.context.toResource(info.id, 'exact'),
        why,
        failing: failing === true,
        certain: this.isCertain(exit, info, held, failing, why),
        ...(decisions.length ? { decisions } : {}),
        ...(cleanUp === null ? {} : { cleanUp }),
      });
    }
    // A buffer that is lost with its mapping is one fault.
    const gone = lost.flatMap(({ target }) =>
      'id' in target ? (this.context.mappedBuffers.get(target.id) ?? []) : [],
    );
    return lost.filter(({ target }) => !('id' in target && gone.includes(target.id)));
  }

  /** Given up only since it was handed to somebody through a pointer, in a driver where nobody else releases such. */
  private isLentOut({ state }: Exit, info: ResourceInfo): boolean {
    const handed = unroll(state.trace).flatMap((e) =>
      e.op === 'hand-over' && 'id' in e.target && e.target.id === info.id ? [e.api] : [],
    );
    if (this.code.dialect !== 'linux') return false;
    const isLent = handed.length > 0 && handed.every((api) => api === THROUGH_POINTER);
    return isLent && info.depth === 0 && this.releasers(info).every((one) => one === 'makers');
  }

  private whyLost(
    exit: Exit,
    info: ResourceInfo,
    held: readonly string[],
    failing: boolean | null,
    {
      releasedOn,
      leavesNothing,
    }: { readonly releasedOn: 'failing' | 'working' | null; readonly leavesNothing: boolean },
  ): LossReason | null {
    const now = exit.state.resource(info.id);
    if (!now) return null;
    if (now.life === 'released-maybe') return 'lifecycle-end';
    if (this.isMemoryFreed(exit, info, held)) return 'memory-freed';
    if (!now.escaped && (held.length === 0 || (leavesNothing && held.every((place) => this.isLeftInVain(place)))))
      return 'returning';
    if (now.wronglyChecked) return null;
    if (failing === true) {
      const isLeftBehind = releasedOn !== null && !held.includes('return value');
      const isOwn = releasedOn === 'failing' && info.depth === 0 && this.code.dialect === 'linux';
      if (isLeftBehind && !isOwn && this.isLeftToCallers(held, exit)) return null;
      // What a callee made and another path releases may have been for that path only; what is passed over was not.
      const isPassedOver = !(isLeftBehind && info.depth === 0) && this.isPassedOver(exit, info, held);
      if (isPassedOver || isLeftBehind) return isPassedOver ? 'passed-over' : 'unwound';
    }
    if (this.isForgotten(info, held, now.escaped, failing) || this.isOwnBusiness(info, held)) return 'lifecycle-end';
    if (failing !== true) return null;
    // What a callee's callee made may be a pool that is kept.
    if (!now.escaped && info.depth <= 1 && this.isHalfDone(exit, held)) return 'half-done';
    return this.isUnclaimed(exit, info, held) ? 'unclaimed' : null;
  }

  /** An out-parameter of which callers take nothing after a failure. */
  private isLeftInVain(place: string): boolean {
    const root = isOutParameter(place) ? rootSymbol(place) : null;
    if (root === null) return false;
    const { loadedFrom } = this.context.symbols.info(root);
    const parameter = this.source.graph.parameters.findIndex(({ name }) => loadedFrom === `P:${name}`);
    return parameter < 0 || !isUndoneByCallers(this.code, this.source, parameter);
  }

  /** Held where others find it, but the path unwinds what was made before it, and nobody goes on with that. */
  private isPassedOver(exit: Exit, info: ResourceInfo, held: readonly string[]): boolean {
    const now = exit.state.resource(info.id);
    if (info.kind === 'channel' || info.depth > 1 || now?.escaped || now?.wronglyChecked) return false;
    // Several that a callee made are queued somewhere, most often.
    if (info.inLoop && info.depth > 0) return false;
    if (!held.length || held.includes('return value')) return false;
    this.unwinding ??= new Unwinding(
      this.context,
      this.raw.frame,
      this.raw.exits.filter((other) => this.failures.isFailing(other) !== true),
    );
    return this.unwinding.passesOver(exit, info) && !this.isLeftToCallers(held, exit);
  }

  /** Freed by the function itself while it is mapped: whoever may hold the address, there is nothing any more that it is of. */
  private isMemoryFreed(exit: Exit, info: ResourceInfo, held: readonly string[]): boolean {
    const memory = this.context.mappedBuffers.get(info.id);
    const now = exit.state.resource(info.id);
    if (this.code.dialect !== 'linux' || memory === undefined || info.depth > 0) return false;
    if (now?.escaped || now?.wronglyChecked || held.includes('return value')) return false;
    return freesWhileMapped(this.context, exit.state, info, memory) && !this.isLeftToCallers(held, exit);
  }

  /** Who holds the device address of a buffer can still reach it. */
  private heldByMappings(exit: Exit, holders: Holders, buffer: number): string[] {
    return [...this.context.mappedBuffers].flatMap(([mapping, of]) =>
      of === buffer && exit.state.resource(mapping)?.life === 'live' ? holders.of(mapping) : [],
    );
  }

  /**
   * Held in fields, but nobody comes back for it: an entry point has failed, so that its counterpart is not called; or no
   * function of the driver releases what such a field holds.
   */
  private isForgotten(info: ResourceInfo, held: readonly string[], escaped: boolean, failing: boolean | null): boolean {
    if (held.includes('return value')) return false;
    const { name, file } = this.source;
    if (failing === true) return this.code.callersOf(name, file).length === 0 || this.isAbandoned(info, held);
    // A variable of the file is released by its name, and a field of a part by that of the part where a macro reaches it.
    const isHeldFor = (fields: readonly string[]): boolean =>
      fields.length > 0 && !fields.some((field) => this.isReleasedLater(field, info));
    return !escaped && held.map(fieldsOf).every(isHeldFor);
  }

  /** Its callers fail in turn, up to an entry point that is not undone after a failure, and leave it where it is. */
  private isAbandoned({ kind, model }: ResourceInfo, held: readonly string[]): boolean {
    const fields = lastFields(held);
    if (!model || fields.size === 0) return false;
    const key = [kind, ...releasableAs(model), ...held].join();
    const known = this.abandoned.get(key);
    if (known !== undefined) return known;
    // When a probe fails, nobody comes back for its channels; of the rest, what its counterpart does nobody else does.
    const isUndone = (start: FunctionSource) => kind === 'channel' || this.isUndoneFor(start, model, held);
    const isAbandoned = isAbandonedByCallers(this.code, this.source, fields, isUndone);
    this.abandoned.set(key, isAbandoned);
    return isAbandoned;
  }

  /** By any function but those that begin something, which release what they have made where they fail. */
  private isReleasedLater(field: string, { model }: ResourceInfo): boolean {
    const families = model ? releasableAs(model) : [];
    const key = [field, ...families].join();
    const known = this.releasedLaterFields.get(key);
    if (known !== undefined) return known;
    const isReleased = this.code
      .releasersOf(field)
      .some((one) => families.some((family) => one.releases.has(family)) && !isStart(this.code, one));
    this.releasedLaterFields.set(key, isReleased);
    return isReleased;
  }

  /** The function has waited until the device was done, and nothing but its own variables told where the mapping is. */
  private isDoneWith(exit: Exit, info: ResourceInfo, held: readonly string[]): boolean {
    const { kind, depth, inLoop, model, id } = info;
    if (kind !== 'mapping' || depth > 0 || inLoop || held.length || !model || isFoundByObject(model)) return false;
    if (this.mayBeReleased(exit, info, held)) return false;
    const events = unroll(exit.state.trace);
    const given = events.findLastIndex((e) => e.op === 'give' && 'id' in e.target && e.target.id === id);
    const made = events.findIndex((event) => isOrigin(event, info));
    return events.slice(Math.max(given, made) + 1).some(({ op }) => op === 'wait' || op === 'device-stop');
  }

  /** What the call that mapped it returned goes nowhere. */
  private isDropped({ kind, model, site }: ResourceInfo): boolean {
    if (kind !== 'mapping' || model?.result !== 'device-address') return false;
    const known = this.dropped.get(site);
    if (known !== undefined) return known;
    const { function: name, file, start } = this.context.sites.place(site);
    const graph = this.code.function(name, file)?.graph;
    const isCall = (one: Instruction): boolean =>
      one.kind === 'call' && one.start === start && graph !== undefined && !usesTemporary(graph, one.result);
    const isDropped = graph?.blocks.some(({ instructions }) => instructions.some(isCall)) ?? false;
    this.dropped.set(site, isDropped);
    return isDropped;
  }

  /** Nobody comes back for what was made when the device came, or for a mapping of memory that goes with it. */
  private isForEver({ state }: Exit, info: ResourceInfo, held: readonly string[], failing: boolean | null): boolean {
    if (info.depth > 0 || !info.model || isFoundByObject(info.model)) return false;
    if (!held.every((place) => /^[*G]/.test(place))) return false;
    if (!this.isForgotten(info, held, state.resource(info.id)?.escaped ?? true, failing)) return false;
    return this.context.ofManaged.has(info.id) || endsSomewhere(this.code, this.source);
  }

  /** A mapping in a driver where each function ends its own: nobody else will, whoever may hold it. */
  private isOwnBusiness(info: ResourceInfo, held: readonly string[]): boolean {
    const { kind, depth, model } = info;
    if (this.code.dialect !== 'linux' || kind !== 'mapping' || depth > 0 || !model) return false;
    // A device address in an out-parameter is the caller's.
    if (held.includes('return value') || (!isFoundByObject(model) && held.some(isOutParameter))) return false;
    const releasers = this.releasers(info);
    return releasers.length > 0 && releasers.every((one) => one === 'makers');
  }

  /** Who releases such in this driver. */
  private releasers({ model }: ResourceInfo): readonly ('makers' | 'others')[] {
    const inDriver = this.code.releasersIn(this.source.file);
    return (model ? releasableAs(model) : []).flatMap((family) => inDriver.get(family) ?? []);
  }

  /** Callers release what it holds when the function has worked, and none does when it has failed. */
  private isHalfDone(exit: Exit, held: readonly string[]): boolean {
    const fields = lastFields(held);
    if (!fields.size || held.includes('return value') || this.isLeftToCallers(held, exit)) return false;
    const key = [...fields].sort().join();
    const known = this.releasedAfterSuccess.get(key) ?? isReleasedAfterSuccess(this.code, this.source, fields);
    this.releasedAfterSuccess.set(key, known);
    return known;
  }

  /** Whoever called the function takes the resource from where it is held, when the function fails. */
  private isLeftToCallers(held: readonly string[], { value }: Exit, families: readonly string[] = []): boolean {
    const fields = families.length ? NO_FIELDS : lastFields(held);
    const result = value?.kind === 'number' ? value.value : null;
    const key = [...fields, ...families, result].sort().join();
    const known =
      this.leftToCallers.get(key) ?? isReleasedByCallers(this.code, this.source, { fields, families }, result);
    this.leftToCallers.set(key, known);
    return known;
  }

  /** Nobody who called the function, nor who called that, releases anything of its kind when the function has failed. */
  private isUnclaimed(exit: Exit, { depth, model, kind }: ResourceInfo, held: readonly string[]): boolean {
    if (this.code.dialect !== 'linux' || depth > 0 || !model || kind === 'channel') return false;
    if (held.includes('return value') || (!isFoundByObject(model) && held.some(isOutParameter))) return false;
    const isInField = lastFields(held).size > 0 && !isFoundByObject(model);
    return !this.isLeftToCallers(held, exit, isInField ? [] : releasableAs(model));
  }

  /**
   * Where a loss shows: the return statement, or, when paths without the loss end there too, the decision that made this
   * path different.
   */
  private endSite(exit: Exit, info: ResourceInfo, fatal: readonly number[]): number {
    const { graph } = this.raw.frame;
    const place = exit.site === null ? null : this.context.sites.place(exit.site);
    const lastReturn = Math.max(...graph.blocks.map((b) => (b.end.kind === 'return' ? b.end.start : 0)));
    const isShared = this.raw.exits.some((other) => {
      const there = other.state.resource(info.id);
      return other.site === exit.site && (there?.life !== 'live' || there.outcome === 'failed');
    });
    if (place && exit.site !== null && (place.start < lastReturn || !isShared)) return exit.site;
    const decision = fatal.at(-1) ?? this.ownDecisions(exit, info).at(-1)?.site;
    if (decision !== undefined) return decision;
    return exit.site ?? info.site;
  }

  /** Sites of the decisions that only paths take which leave the resource behind. */
  private fatalDecisions(exit: Exit, info: ResourceInfo): readonly number[] {
    const { exits } = this.raw;
    const first = Math.max(0, exits.indexOf(exit) - COMPARED_EXITS);
    const others = exits.slice(first, first + 2 * COMPARED_EXITS).flatMap((other) => {
      const now = other.state.resource(info.id);
      const isLeft = now?.life === 'live' && now.outcome !== 'failed' && this.failures.isFailing(other) === true;
      return isLeft ? [] : this.ownDecisions(other, info);
    });
    const isFatal = (one: Step) => !others.some((other) => other.site === one.site && other.what === one.what);
    return this.ownDecisions(exit, info)
      .filter(isFatal)
      .map(({ site }) => site);
  }

  /** Where the way out of a path that has parted from the others begins. */
  private cleanUpSite(exit: Exit, info: ResourceInfo, fatal: readonly number[]): number | null {
    const { frame } = this.raw;
    const decided = this.ownDecisions(exit, info);
    const last = fatal.length ? decided.findLast(({ site }) => site === fatal.at(-1)) : decided.at(-1);
    if (!last || last.what === 'case') return null;
    const first = cleanUpAfter(frame.graph, this.context.sites.place(last.site).start, last.what === 'true');
    return first && this.context.site(frame, first);
  }

  /** What was decided in the analysed function itself after the resource had been made. */
  private ownDecisions(exit: Exit, info: ResourceInfo): Step[] {
    const events = unroll(exit.state.trace);
    return events.slice(events.findIndex((event) => isOrigin(event, info)) + 1).flatMap((event) => {
      if (event.op !== 'step' || (event.what !== 'true' && event.what !== 'false' && event.what !== 'case')) return [];
      const at = this.context.sites.place(event.site);
      return at.function === this.raw.frame.graph.name && at.file === this.source.file ? [event] : [];
    });
  }

  /** Resources whose result nobody looked at on this path, though the API may fail. */
  private uncheckedResources(exit: Exit, failing: boolean | null): ResourceInfo[] {
    const holders = new Holders(this.context, exit);
    return [...this.made(exit.state)].filter((info) => {
      const now = exit.state.resource(info.id);
      const sign = info.model?.failure;
      if (!now || (now.outcome !== 'pending' && !(now.life === 'gone' && this.neverChecked(exit.state, info.id))))
        return false;
      if (
        info.kind === 'channel' ||
        info.kind === 'memory' ||
        this.isTestReturned(exit, info.id) ||
        sign === undefined ||
        sign === 'never' ||
        sign === 'silent'
      )
        return false;
      const held = holders.of(info.id);
      if (held.includes('return value')) return false;
      // The statuses of a loop are collected, in ways that are not followed.
      if (info.kind === 'event') return !info.inLoop && !this.isNeverRefused(exit, info);
      // Below a callee: it is explored by itself.
      if (info.kind === 'buffer' && (info.depth > 1 || now.life === 'released-maybe')) return false;
      // Some other function tests this field.
      // That it is left behind comes before that it was not looked at.
      if (this.isDropped(info)) return false;
      if (info.kind === 'mapping') return !held.some((place) => this.code.checkedFields.has(lastField(place)));
      if (this.isUsed(exit, info)) return true;
      // A function that failed leaves it to nobody.
      const pointers = failing === true ? [] : held.filter((p) => p.startsWith('*') && this.isPointerAt(exit.state, p));
      return pointers.length > 0 && !pointers.some((place) => this.code.testedFields.has(lastField(place)));
    });
  }

  private isPointerAt(state: State, place: string): boolean {
    const value = state.get(place);
    return value?.kind === 'symbol' && this.context.symbols.info(value.symbol).role === 'cpu-address';
  }

  private isUsed(exit: Exit, { id, kind }: ResourceInfo): boolean {
    return unroll(exit.state.trace).some(
      (e) =>
        (e.op === 'give' || (kind === 'buffer' && (e.op === 'cpu-read' || e.op === 'cpu-write'))) &&
        'id' in e.target &&
        e.target.id === id,
    );
  }

  /** `return dma_mapping_error (dev, addr)`: whoever called looks at it. */
  private isTestReturned({ value }: Exit, resource: number): boolean {
    return (
      value?.kind === 'test' &&
      value.operator === 'mapping-error' &&
      value.left.kind === 'symbol' &&
      this.context.symbols.info(value.left.symbol).resource === resource
    );
  }

  /** The call that depends on it, on this path. */
  private eventOf(exit: Exit, { id }: ResourceInfo): Operation | undefined {
    return unroll(exit.state.trace).find((e): e is Operation => e.op !== 'step' && this.context.outcomes.get(e) === id);
  }

  /** A mask of all bits. */
  private isNeverRefused(exit: Exit, info: ResourceInfo): boolean {
    const operation = this.eventOf(exit, info);
    return operation?.op === 'set-mask' && operation.bits >= 64;
  }

  /** A device whose mask was refused is put to use at the latest when the function ends. */
  private eventUse(exit: Exit, info: ResourceInfo): Operation[] {
    const operation = this.eventOf(exit, info);
    if (operation?.op !== 'set-mask') return [];
    const { site, api, device } = operation;
    return [{ op: 'device-start', site: exit.site ?? site, api, device, quiet: false }];
  }

  private neverChecked(state: State, resource: number): boolean {
    return !unroll(state.trace).some(
      (e) => e.op === 'check' && e.right && 'id' in e.target && e.target.id === resource,
    );
  }

  /** The device is given the result at the latest when the function ends. */
  private uses(exit: Exit, info: ResourceInfo): Operation[] {
    if (info.kind === 'event') return this.eventUse(exit, info);
    if (this.isUsed(exit, info)) return [];
    return [
      {
        op: 'give',
        site: info.site,
        api: info.name,
        target: this.context.toResource(info.id, 'exact'),
        through: 'field',
        size: { bytes: null, key: '?' },
      },
    ];
  }

  /** Writes a state's trace as a program. `other`: on the path that is written this resource's operation went otherwise. */
  private path(
    state: State,
    tail: readonly Operation[],
    other: { readonly id: number; readonly outcome: 'failed' | 'short' } | null,
    complete: boolean,
    failing: boolean | null,
  ): DmaPath {
    const operations: Operation[] = [];
    const steps: PathStep[] = [];
    const declared = new Set<number>();
    const outcome = (id: number): Outcome => {
      if (id === other?.id) return other.outcome;
      const now = state.resource(id)?.outcome ?? 'ok';
      return now === 'pending' ? 'ok' : now;
    };
    const isShort = (id: number): boolean => id === other?.id && other.outcome === 'short';
    const events = unroll(state.trace);
    const told = toldSteps(events);
    const maybeUnmapped = new Set<number>();
    const lost = new Set(tail.flatMap((e) => (e.op === 'lose' && 'id' in e.target ? [e.target.id] : [])));
    for (const [at, event] of [...events, ...tail].entries()) {
      if (event.op === 'step') {
        if (told.has(event))
          steps.push({ before: operations.length, place: this.context.sites.place(event.site), what: event.what });
        continue;
      }
      // On the path where the operation failed, what the success path did with its result afterwards is its use.
      if (
        event.op === 'hand-over' &&
        other?.outcome === 'failed' &&
        'id' in event.target &&
        event.target.id === other.id
      ) {
        if (!WITHOUT_CALL.has(event.api))
          operations.push({ ...event, op: 'give', through: 'call', size: { bytes: null, key: '?' } });
        continue;
      }
      // Lost is what was only lent.
      if (event.op === 'hand-over' && 'id' in event.target && lost.has(event.target.id)) continue;
      this.declare(event, declared, operations);
      if (event.op === 'free' && mayBeUnmapped(this.context, this.raw.frame.graph.name, events.slice(0, at), event))
        maybeUnmapped.add(operations.length);
      operations.push(
        event.op === 'map'
          ? { ...event, outcome: outcome(event.mapping), ...(isShort(event.mapping) && { lengthIgnored: true }) }
          : event.op === 'allocate'
            ? { ...event, outcome: outcome(event.buffer) }
            : event.op === 'wait' || event.op === 'set-mask' || event.op === 'convert'
              ? { ...event, outcome: outcome(this.context.outcomes.get(event) ?? -1) }
              : event.op === 'set-attribute'
                ? { ...event, outcome: this.statusOf(state, event) }
                : event,
      );
    }
    return {
      program: { name: this.source.graph.name, dialect: this.code.dialect, operations },
      steps,
      complete,
      failing,
      mayBeUnmapped: maybeUnmapped,
    };
  }

  private ends(exit: Exit, failing: boolean | null): readonly Operation[] {
    if (this.code.dialect !== 'edk2' || failing !== false) return [];
    return edk2Ends(this.context, this.raw.frame, exit, [...this.made(exit.state)]);
  }

  /** Lists of which the path has read what mapping writes, and that others map only while this function does not run. */
  private mappedLater({ state }: Exit): readonly Operation[] {
    const { context } = this;
    // What a callee reads is told where that one is explored by itself.
    const isOwn = (site: number): boolean => context.sites.place(site).function === this.source.name;
    const lists = new Set(
      unroll(state.trace).flatMap((e) =>
        e.op === 'cpu-read' && e.target.to === 'buffer' && e.target.how === 'other-role' && isOwn(e.site)
          ? [e.target.id]
          : [],
      ),
    );
    return [...lists].flatMap((id): Operation[] => {
      const field = this.fieldOfMemory(state, id);
      const call = field && this.mapOf(field);
      if (!call) return [];
      return [
        {
          op: 'map',
          site: context.sites.intern(call.place),
          api: call.api,
          mapping: MAPPED_LATER + id,
          buffer: context.toResource(id, 'exact'),
          size: { bytes: null, key: '?' },
          direction: 'unknown',
          mode: 'streaming',
          family: call.api,
          releasedBy: [],
          device: null,
          outcome: 'ok',
          managed: false,
          attributes: [],
        },
      ];
    });
  }

  private mapOf(field: TypedField): MapCall | null {
    const key = `${field.type}.${field.field}`;
    const known = this.mapCalls.get(key);
    if (known !== undefined) return known;
    const found = mappedOnlyWithin(this.code, this.source, field, this.budget);
    this.mapCalls.set(key, found);
    return found;
  }

  /** The field of an object of the function that holds the pointer to this memory. */
  private fieldOfMemory(state: State, memory: number): TypedField | null {
    const { symbols, pointers } = this.context;
    const pointer = pointers.get(memory);
    const from = pointer === undefined ? undefined : symbols.info(pointer).loadedFrom;
    const [, object, field] = /^\*(\d+)\.(\w+)$/.exec(from ?? '') ?? [];
    if (object === undefined || field === undefined) return null;
    for (const [name, { type }] of this.raw.frame.locals) {
      const value = state.get(`${this.raw.frame.id}:${name}`);
      const struct = structName(type);
      if (struct !== null && value?.kind === 'symbol' && value.symbol === Number(object) && value.offset === 0)
        return { type: struct, field };
    }
    return null;
  }

  /** What this failing path has released, left where its callers find it, and what they surely release again. */
  private repeated(exit: Exit, failing: boolean | null): readonly Operation[] {
    if (failing !== true) return [];
    const { context, source } = this;
    const again: Operation[] = [];
    for (const info of this.made(exit.state)) {
      const now = exit.state.resource(info.id);
      if (!now || now.life === 'live' || now.outcome === 'failed' || info.model?.managed) continue;
      const owner = context.owners.get(info.id);
      const isReleased = now.life === 'gone' && isReleasedOutside(exit.state, info);
      const later = isReleased ? this.releasedLater(exit, this.pathsTo(exit, info), false) : null;
      if (later) again.push(this.laterRelease(later, info));
      else if (owner !== undefined && this.isFreedOutside(exit, info, owner)) {
        const after = this.releasedLater(exit, this.pathsToMemory(exit, owner.symbol), true);
        if (after) again.push(this.laterRelease(after, owner.memory));
      }
    }
    const isTold = again.length > 0 || hasStoppedChannel(exit.state);
    const site = exit.site ?? context.site(this.raw.frame, source.graph.span);
    return isTold ? [{ op: 'return', site, api: source.name, failing: true }, ...again] : [];
  }

  private releasedLater(exit: Exit, paths: readonly AccessPath[], isMemory: boolean): LaterRelease | null {
    if (!paths.length) return null;
    const result = exit.value?.kind === 'number' ? exit.value.value : null;
    const numbers = numbersIn(this.context.symbols, exit.state);
    return releasedAgain(this.code, this.source, { paths, numbers, result, isMemory });
  }

  private laterRelease({ place, api, model }: LaterRelease, { id, kind }: ResourceInfo): Operation {
    const common = { site: this.context.sites.intern(place), api, target: this.context.toResource(id, 'exact') };
    const unknown = { family: familyOf(model), device: null, size: { bytes: null, key: '?' } };
    return kind === 'mapping'
      ? { op: 'unmap', ...common, ...unknown, direction: 'unknown', entries: null }
      : { op: 'free', ...common, ...unknown };
  }

  /** Was the memory that held the handles freed by another call than the one that made what they are of? */
  private isFreedOutside(exit: Exit, info: ResourceInfo, { memory }: Owner): boolean {
    let calls = 0;
    let level = 0;
    let madeIn: number | null = null;
    for (const event of unroll(exit.state.trace)) {
      if (event.op === 'step' && event.what === 'call' && level++ === 0) calls++;
      if (event.op === 'step' && event.what === 'return') level--;
      const around = level > 0 ? calls : 0;
      if (isOrigin(event, info)) madeIn = around;
      if (event.op === 'free' && 'id' in event.target && event.target.id === memory.id)
        return madeIn !== null && (around !== madeIn || around === 0);
    }
    return false;
  }

  /** Places that outlive the function and hold a pointer. */
  private pathsToMemory(exit: Exit, pointer: number): readonly AccessPath[] {
    const found: AccessPath[] = [];
    for (const [location, value] of exit.state.locations()) {
      if (value.kind !== 'symbol' || value.symbol !== pointer || value.offset !== 0 || !/^[*G]/.test(location))
        continue;
      const path = pathOfPlace(this.context.symbols, location);
      if (path) found.push(path);
    }
    return found;
  }

  /** Places that outlive the function and hold the handle by which a resource is released. */
  private pathsTo(exit: Exit, { id, kind }: ResourceInfo): readonly AccessPath[] {
    const { symbols } = this.context;
    const wanted = kind === 'channel' ? 'channel' : kind === 'buffer' ? 'cpu-address' : 'device-address';
    const found: AccessPath[] = [];
    for (const [location, { symbol, offset }] of exit.state.handles()) {
      const { resource, role, derived } = symbols.info(symbol);
      const isHandle = role === wanted || (kind === 'mapping' && role === 'mapping');
      if (resource !== id || !isHandle || derived || offset !== 0 || !/^[*GM]/.test(location)) continue;
      const path = location.startsWith('M:') ? pathOfKey(symbols, location.slice(2)) : pathOfPlace(symbols, location);
      if (path) found.push(path);
    }
    return found;
  }

  /** Mappings of whose NumberOfBytes nobody looks at what came back. */
  private unreadLengths(exit: Exit): readonly ResourceInfo[] {
    return [...this.made(exit.state)].filter(({ id, depth, inLoop }) => {
      const name = depth === 0 && !inLoop ? this.context.lengthNames.get(id) : undefined;
      return name !== undefined && exit.state.resource(id)?.outcome === 'ok' && !readsName(this.source.graph, name);
    });
  }

  /** What the path learnt of the status that the call returned. */
  private statusOf(state: State, operation: Operation): Outcome {
    const status = this.context.statuses.get(operation);
    return status !== undefined && decide(state.domain(status), '!=', 0) === true ? 'failed' : 'ok';
  }

  /** Memory that another function has allocated before. */
  private declareBuffer(buffer: number, declared: Set<number>, operations: Operation[]): void {
    const made = this.context.knownBuffers.get(buffer);
    if (!made || declared.has(buffer)) return;
    declared.add(buffer);
    const { place, api, family, releasedBy, sizedBy } = made;
    operations.push({
      op: 'allocate',
      site: this.context.sites.intern(place),
      api,
      buffer,
      memory: 'dma',
      family,
      releasedBy,
      device: null,
      size: { bytes: null, key: '?', ...(sizedBy !== null && { field: sizedBy }) },
      outcome: 'ok',
      managed: false,
      attributes: [],
    });
  }

  /** Memory that no operation of the program made is declared before it is first used. */
  private declare(event: Operation, declared: Set<number>, operations: Operation[]): void {
    const known =
      'target' in event && event.target.to === 'mapping' ? this.context.knownMappings.get(event.target.id) : undefined;
    if (known && 'target' in event && event.target.to === 'mapping' && !declared.has(event.target.id)) {
      declared.add(event.target.id);
      const { buffer, direction, made } = known;
      const mapping: Operation = {
        op: 'declare-mapping',
        site: made ? this.context.sites.intern(made.place) : event.site,
        api: made?.api ?? event.api,
        mapping: event.target.id,
        buffer,
        direction,
        ...(made && { releasedBy: made.releasedBy }),
      };
      this.declare(mapping, declared, operations);
      operations.push(mapping);
    }
    if (event.op === 'free' && event.target.to === 'buffer') this.declareBuffer(event.target.id, declared, operations);
    const reference =
      event.op === 'map' || event.op === 'declare-mapping' ? event.buffer : 'target' in event ? event.target : null;
    if (reference?.to !== 'buffer') return;
    const add = (id: number) => {
      const info = this.context.resources.info(id);
      if (declared.has(id) || info.kind !== 'memory') return;
      declared.add(id);
      if (info.within !== null) add(info.within);
      operations.push({
        op: 'declare',
        site: info.site,
        api: info.name,
        buffer: id,
        memory: this.context.lists.has(id) ? 'unknown' : info.memory,
        name: info.name,
        size: { bytes: null, key: '?' },
        within: info.within,
        ...(info.embedded && !this.context.lists.has(id) ? { embedded: true } : {}),
      });
    };
    add(reference.id);
  }
}

/** Then its caller may count on it that nothing runs on. */
const hasStoppedChannel = (state: State): boolean =>
  unroll(state.trace).some((event) => event.op === 'device-stop' && event.device !== null);

const EBUSY = 16;
/** Numbers of mappings that the path itself has not made. */
const MAPPED_LATER = 2 ** 30;
