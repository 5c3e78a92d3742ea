import { assert, must } from "../base/assert.ts";
import type { Revision } from "../base/ids.ts";
import type { StoreOperation, StoreRow } from "./store.ts";

/** Records in the order of their revisions: columns, because there is one row for every write. */
export class RevisionRows {
  readonly #mains: number[] = [];
  readonly #subs: number[] = [];
  readonly #keys: Uint8Array[] = [];
  /** Undefined where the record was removed again. */
  readonly #records: (Uint8Array | undefined)[] = [];
  #bytes = 0;

  get count(): number {
    return this.#mains.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get firstMain(): Revision | undefined {
    return this.#mains[0];
  }

  append(main: Revision, sub: number, storeKey: Uint8Array, record: Uint8Array): void {
    const last = this.#mains.length - 1;
    assert(last < 0 || this.#isBefore(last, main, sub), "records come in the order of their revisions");
    this.#mains.push(main);
    this.#subs.push(sub);
    this.#keys.push(storeKey);
    this.#records.push(record);
    this.#bytes += storeKey.length + record.length;
  }

  get(main: Revision, sub: number): Uint8Array | undefined {
    const at = this.#find(main, sub);
    return at === undefined ? undefined : this.#records[at];
  }

  /** Whether it was there. */
  remove(main: Revision, sub: number): boolean {
    const at = this.#find(main, sub);
    if (at === undefined) return false;
    this.#records[at] = undefined;
    return true;
  }

  /** Appends the rows from `main` on to `into` until that holds `limit`. */
  collectFrom(main: Revision, limit: number, into: StoreRow[]): void {
    for (let at = this.#lowerBound(main, 0); at < this.#mains.length && into.length < limit; at++) {
      const record = this.#records[at];
      if (record) into.push([must(this.#keys[at]), record]);
    }
  }

  operations(): StoreOperation[] {
    const operations: StoreOperation[] = [];
    for (let at = 0; at < this.#keys.length; at++) {
      const value = this.#records[at];
      if (value) operations.push({ key: must(this.#keys[at]), value });
    }
    return operations;
  }

  #find(main: Revision, sub: number): number | undefined {
    const at = this.#lowerBound(main, sub);
    return this.#mains[at] === main && this.#subs[at] === sub ? at : undefined;
  }

  #lowerBound(main: Revision, sub: number): number {
    let low = 0;
    let high = this.#mains.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(middle, main, sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(at: number, main: Revision, sub: number): boolean {
    const there = this.#mains[at] as number;
    return there < main || (there === main && (this.#subs[at] as number) < sub);
  }
}
