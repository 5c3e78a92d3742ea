import { must } from "../base/assert.ts";
import type { Deferred, Lookup } from "../mvcc/deferred.ts";
import { rowKey, type RevisionKey } from "../mvcc/revision.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { Turns } from "./turns.ts";

/** Records fetched by one call to the store, and found between two turns of the event loop. */
const BATCH = 512;

/** Fetches the records that pure code has named: from memory at once, from the store otherwise. */
export class StoreReader {
  readonly #replica: Replica;
  readonly #pins: Pins;
  readonly #turns: Turns;

  constructor(replica: Replica, pins: Pins, turns: Turns) {
    this.#replica = replica;
    this.#pins = pins;
    this.#turns = turns;
  }

  /** Builds a deferred answer; synchronous when memory holds all that it needs. */
  resolve<T>(deferred: Deferred<T>): T | Promise<T> {
    const { needs, build } = deferred;
    if (needs.length === 0) return build(noRecord);
    const records = this.records(needs);
    if (records instanceof Promise) return records.then((fetched) => build(lookupIn(needs, fetched)));
    return build(lookupIn(needs, records));
  }

  /**
   * The records of revisions that the index has named; synchronous when memory holds them and they are few. Many are
   * gathered in slices, and leave the cache as it is: one large range would throw out everything that is hot.
   */
  records(needs: readonly RevisionKey[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    if (needs.length > BATCH) return this.#inSlices(needs);
    const { mvcc } = this.#replica.machine;
    const records = needs.map((revision) => mvcc.record(revision));
    return isComplete(records) ? records : this.#complete(needs, records);
  }

  /** The bytes of records that memory does not hold. They exist: the caller has named them from the index. */
  async fetch(revisions: readonly RevisionKey[]): Promise<readonly Uint8Array[]> {
    const { store } = this.#replica;
    const found: Uint8Array[] = [];
    for (let from = 0; from < revisions.length; from += BATCH) {
      const rows = await store.getMany(revisions.slice(from, from + BATCH).map(rowKey));
      for (const row of rows) found.push(must(row, "a record that the index names is in the store"));
    }
    return found;
  }

  async #complete(needs: readonly RevisionKey[], records: (Uint8Array | undefined)[]): Promise<readonly Uint8Array[]> {
    const unpin = this.#pins.pin();
    try {
      const missing = needs.filter((_, position) => records[position] === undefined);
      const fetched = await this.fetch(missing);
      const { mvcc } = this.#replica.machine;
      missing.forEach((revision, position) => {
        mvcc.remember(revision, must(fetched[position]));
      });
      return filled(records, fetched);
    } finally {
      unpin();
    }
  }

  async #inSlices(needs: readonly RevisionKey[]): Promise<readonly Uint8Array[]> {
    const unpin = this.#pins.pin();
    try {
      const { mvcc } = this.#replica.machine;
      const all: Uint8Array[] = [];
      for (let from = 0; from < needs.length; from += BATCH) {
        if (from > 0) await this.#turns.next();
        const slice = needs.slice(from, from + BATCH);
        const records = slice.map((revision) => mvcc.record(revision));
        const missing = slice.filter((_, position) => records[position] === undefined);
        all.push(...filled(records, missing.length === 0 ? [] : await this.fetch(missing)));
      }
      return all;
    } finally {
      unpin();
    }
  }
}

function isComplete(records: readonly (Uint8Array | undefined)[]): records is readonly Uint8Array[] {
  return !records.includes(undefined);
}

/** Puts what was fetched, in order, where something is missing. */
function filled(records: readonly (Uint8Array | undefined)[], fetched: readonly Uint8Array[]): readonly Uint8Array[] {
  let next = 0;
  return records.map((record) => record ?? must(fetched[next++], "what is missing was fetched"));
}

function noRecord(): never {
  throw new Error("invariant violated: an answer that needs no record asks for none");
}

function lookupIn(needs: readonly RevisionKey[], records: readonly Uint8Array[]): Lookup {
  // Answers are built in the order of their needs nearly always, so look there first.
  let position = 0;
  return (revision) => {
    if (needs[position] !== revision) {
      position = needs.findIndex((need) => need.main === revision.main && need.sub === revision.sub);
    }
    return must(records[position++], "a record was fetched before it is looked up");
  };
}
