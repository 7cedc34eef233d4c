/** A failing map or allocation that the program reacted to by releasing what it held. */
interface Failure {
  readonly index: number;
  readonly api: string;
  released: boolean;
}

/** Finds programs that clean up after a failure, and then report success. */
export class Failures {
  private last: Failure | null = null;

  /** Something was made, or was not. */
  acquire(index: number, api: string, worked: boolean): void {
    this.last = worked ? null : { index, api, released: false };
  }

  release(): void {
    if (this.last) this.last.released = true;
  }

  /** The failure after which the program did nothing but release. */
  get unwound(): { readonly index: number; readonly api: string } | null {
    return this.last?.released ? this.last : null;
  }
}
