const REMOVED = Symbol('removed');

/** Changes that a copy takes along before they are worth a base of their own; more where the base is large. */
const FEW = 12;

/**
 * A map that is cheap to copy: what copies have in common lies in a base that nobody writes to, and each has its own changes. Two
 * with the same base differ only where either has changed something.
 */
export class Layers<K, V> {
  private base: ReadonlyMap<K, V> = new Map<K, V>();
  private changes = new Map<K, V | typeof REMOVED>();
  private changesAreShared = false;
  private count = 0;

  get size(): number {
    return this.count;
  }

  fork(): Layers<K, V> {
    if (this.changes.size > FEW + (this.base.size >> 2)) {
      this.base = new Map(this.entries());
      this.changes = new Map();
      this.changesAreShared = false;
    }
    const copy = new Layers<K, V>();
    copy.base = this.base;
    copy.count = this.count;
    if (this.changes.size > 0) {
      copy.changes = this.changes;
      copy.changesAreShared = true;
      this.changesAreShared = true;
    }
    return copy;
  }

  get(key: K): V | undefined {
    const own = this.changes.get(key);
    if (own === undefined) return this.base.get(key);
    return own === REMOVED ? undefined : own;
  }

  set(key: K, value: V): void {
    if (this.get(key) === undefined) this.count++;
    this.own().set(key, value);
  }

  /** False: there was none. */
  delete(key: K): boolean {
    if (this.get(key) === undefined) return false;
    this.count--;
    if (this.base.has(key)) this.own().set(key, REMOVED);
    else this.own().delete(key);
    return true;
  }

  /** As they are now: the map may be written to while somebody goes through them. */
  entries(): Iterable<readonly [K, V]> {
    const { base, changes } = this;
    if (changes.size === 0) return base;
    const found: (readonly [K, V])[] = [];
    for (const entry of base) {
      const own = changes.get(entry[0]);
      if (own === undefined) found.push(entry);
      else if (own !== REMOVED) found.push([entry[0], own]);
    }
    for (const [key, own] of changes) if (own !== REMOVED && !base.has(key)) found.push([key, own]);
    return found;
  }

  /** Those that pass; the map may be written to afterwards. */
  keysThat(test: (key: K) => boolean): readonly K[] {
    const { base, changes } = this;
    const found: K[] = [];
    for (const key of base.keys()) if (test(key) && changes.get(key) !== REMOVED) found.push(key);
    for (const [key, own] of changes) if (own !== REMOVED && !base.has(key) && test(key)) found.push(key);
    return found;
  }

  /** What `other` does not hold the very same of. */
  differing(other: Layers<K, V>): readonly (readonly [K, V])[] {
    if (this.base !== other.base) return [...this.entries()].filter(([key, value]) => other.get(key) !== value);
    if (this.changes === other.changes) return [];
    const found: [K, V][] = [];
    const compare = (key: K): void => {
      const value = this.get(key);
      if (value !== undefined && other.get(key) !== value) found.push([key, value]);
    };
    for (const key of this.changes.keys()) compare(key);
    for (const key of other.changes.keys()) if (!this.changes.has(key)) compare(key);
    return found;
  }

  private own(): Map<K, V | typeof REMOVED> {
    if (this.changesAreShared) {
      this.changes = new Map(this.changes);
      this.changesAreShared = false;
    }
    return this.changes;
  }
}
