import { must } from "../base/assert.ts";
import { byteString } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { LeaseId, Revision } from "../base/ids.ts";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import { decodeRecord } from "./record-codec.ts";
import { decodeRevision } from "./revision.ts";
import type { TreeIndex } from "./tree-index.ts";

/** What the rows of a store say about the key space as a whole. */
export interface LoadedMvcc {
  /** The main revision of the last row, 0 if there is none. */
  readonly lastRevision: Revision;
  /** -1 if absent, as the next. */
  readonly scheduledCompactRevision: Revision;
  readonly finishedCompactRevision: Revision;
}

/** Rebuilds the index from the rows of bucket `key`, given in order. */
export class MvccLoader {
  readonly #index: TreeIndex;
  readonly #sizes: SizeAccounting;
  /** Of the keys that have a value and a lease. */
  readonly leases = new Map<ByteString, LeaseId>();
  #lastRevision: Revision = 0;

  constructor(index: TreeIndex, sizes: SizeAccounting) {
    this.#index = index;
    this.#sizes = sizes;
  }

  get lastRevision(): Revision {
    return this.#lastRevision;
  }

  /** The row key begins at `position` of `key`. */
  row(key: Uint8Array, position: number, record: Uint8Array): void {
    const revision = must(decodeRevision(key, position), "a row of bucket key has a revision as its key");
    const kv = decodeRecord(record);
    const name = byteString(kv.key);
    const rowBytes = key.length - position + record.length;
    const version = { createRevision: Number(kv.createRevision), version: Number(kv.version), rowBytes };
    this.#index.add(name, this.#index.get(name), { ...revision, ...version });
    this.#sizes.added(rowBytes);
    if (kv.lease !== 0n) this.leases.set(name, kv.lease);
    else if (this.leases.size > 0) this.leases.delete(name);
    this.#lastRevision = revision.main;
  }
}
