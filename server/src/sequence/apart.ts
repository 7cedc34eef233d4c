/** States, or ways out, that are kept apart by their keys, in order. Keys are long: where something is alone, its own is not made. */
export class Apart<T> {
  private readonly keyOf: (one: T) => string;
  private readonly byKey = new Map<string, T>();
  private alone: T | undefined;

  constructor(keyOf: (one: T) => string) {
    this.keyOf = keyOf;
  }

  get size(): number {
    return this.alone === undefined ? this.byKey.size : 1;
  }

  get all(): T[] {
    return this.alone === undefined ? [...this.byKey.values()] : [this.alone];
  }

  /** Null: there is nothing that it must be told from. */
  key(one: T): string | null {
    if (this.alone !== undefined) {
      this.byKey.set(this.keyOf(this.alone), this.alone);
      this.alone = undefined;
    }
    return this.byKey.size > 0 ? this.keyOf(one) : null;
  }

  /** The one with this key. */
  at(key: string | null): T | undefined {
    return key === null ? undefined : this.byKey.get(key);
  }

  /** One with the same class of result as the one with this key. */
  like(key: string | null): T | undefined {
    const result = resultIn(key ?? '');
    for (const [other, one] of this.byKey) if (resultIn(other) === result) return one;
    return undefined;
  }

  add(key: string | null, one: T): void {
    if (key === null) this.alone = one;
    else this.byKey.set(key, one);
  }
}

/** The end of a key, where it has one, is what a way out returns. */
const resultIn = (key: string): string => key.slice(key.lastIndexOf('→') + 1);
