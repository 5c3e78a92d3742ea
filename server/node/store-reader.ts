import { must } from "../base/assert.ts";
import { decodeRecord } from "../mvcc/record-codec.ts";
import type { Deferred } from "../mvcc/deferred.ts";
import { rowKey, type RevisionKey } from "../mvcc/revision.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";

/** Records fetched by one call to the store. */
const FETCH_BATCH = 512;

/** Fetches the records that pure code has named: from memory at once, from the store otherwise. */
export class StoreReader {
  readonly #replica: Replica;
  readonly #pins: Pins;

  constructor(replica: Replica, pins: Pins) {
    this.#replica = replica;
    this.#pins = pins;
  }

  /** Builds a deferred answer; synchronous when memory holds all that it needs. */
  resolve<T>(deferred: Deferred<T>): T | Promise<T> {
    if (deferred.needs.length === 0) return deferred.build(noRecord);
    const { mvcc } = this.#replica.machine;
    const records = deferred.needs.map((revision) => mvcc.record(revision));
    const missing = deferred.needs.filter((_, position) => records[position] === undefined);
    if (missing.length === 0) return deferred.build(lookupIn(deferred.needs, records));
    return this.#fetchThenBuild(deferred, records, missing);
  }

  /** The bytes of records that memory does not hold. They exist: the caller has named them from the index. */
  async fetch(revisions: readonly RevisionKey[]): Promise<readonly Uint8Array[]> {
    const { store } = this.#replica;
    const found: Uint8Array[] = [];
    for (let from = 0; from < revisions.length; from += FETCH_BATCH) {
      const rows = await store.getMany(revisions.slice(from, from + FETCH_BATCH).map(rowKey));
      for (const row of rows) found.push(must(row, "a record that the index names is in the store"));
    }
    return found;
  }

  async #fetchThenBuild<T>(
    deferred: Deferred<T>,
    records: (Uint8Array | undefined)[],
    missing: readonly RevisionKey[],
  ): Promise<T> {
    const unpin = this.#pins.pin();
    try {
      const { mvcc } = this.#replica.machine;
      const fetched = await this.fetch(missing);
      let next = 0;
      for (let position = 0; position < records.length; position++) {
        if (records[position] !== undefined) continue;
        const record = must(fetched[next++]);
        records[position] = record;
        mvcc.remember(must(deferred.needs[position]), record);
      }
      return deferred.build(lookupIn(deferred.needs, records));
    } finally {
      unpin();
    }
  }
}

function noRecord(): never {
  throw new Error("invariant violated: an answer that needs no record asks for none");
}

function lookupIn(
  needs: readonly RevisionKey[],
  records: readonly (Uint8Array | undefined)[],
): (revision: RevisionKey) => KeyValue {
  // Answers are built in the order of their needs nearly always, so look there first.
  let position = 0;
  return (revision) => {
    if (needs[position] !== revision) {
      position = needs.findIndex((need) => need.main === revision.main && need.sub === revision.sub);
    }
    return decodeRecord(must(records[position++], "a record was fetched before it is looked up"));
  };
}
