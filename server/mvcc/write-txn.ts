import { must } from "../base/assert.ts";
import { byteString, bytesOf } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { LeaseId, Revision } from "../base/ids.ts";
import { Event_EventType as EventType } from "../proto/gen/kv_pb.js";
import type { Event } from "../proto/gen/kv_pb.js";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import type { KeyIndex } from "./key-index.ts";
import type { KeyLeases } from "./key-leases.ts";
import type { KeyRange } from "./key-range.ts";
import type { KeyVersion } from "./key-version.ts";
import type { MvccTallies } from "./mvcc-tallies.ts";
import type { RangeView } from "./range-plan.ts";
import { encodeRecord, encodeTombstone } from "./record-codec.ts";
import { rowKey } from "./revision.ts";
import type { TreeIndex } from "./tree-index.ts";
import type { ValueCache } from "./value-cache.ts";

/** Everything that a write touches. */
export interface WriteTargets {
  readonly index: TreeIndex;
  readonly buffer: WriteBuffer;
  readonly cache: ValueCache;
  readonly sizes: SizeAccounting;
  readonly leases: KeyLeases;
  readonly tallies: MvccTallies;
}

const EMPTY = new Uint8Array();

/**
 * The changes of one transaction: all have the same main revision, and count up the sub revision, puts and
 * deletions alike. Reads through it see its own changes. It cannot be undone: check everything before.
 */
export class WriteTxn implements RangeView {
  readonly #targets: WriteTargets;
  readonly #main: Revision;
  readonly compactRevision: Revision;
  readonly events: Event[] = [];
  #operations = 0;

  constructor(targets: WriteTargets, main: Revision, compactRevision: Revision) {
    this.#targets = targets;
    this.#main = main;
    this.compactRevision = compactRevision;
  }

  get index(): TreeIndex {
    return this.#targets.index;
  }

  /** The revision that a read sees now: the new one as soon as something has changed. */
  get currentRevision(): Revision {
    return this.events.length === 0 ? this.#main - 1 : this.#main;
  }

  /** Ranges, puts and deletions so far. */
  get operations(): number {
    return this.#operations;
  }

  noteRange(): void {
    this.#operations++;
    this.#targets.tallies.ranges++;
  }

  put(key: Uint8Array, value: Uint8Array, lease: LeaseId): void {
    const { index, buffer, cache, sizes, leases, tallies } = this.#targets;
    this.#operations++;
    tallies.puts++;
    tallies.putBytes += key.length + value.length;
    const name = byteString(key);
    const known = index.get(name);
    const isNew = known === undefined || !known.isAlive;
    const createRevision = isNew ? this.#main : known.createRevision;
    const version = isNew ? 1 : known.version + 1;
    const main = this.#main;
    const sub = this.events.length;
    const record = encodeRecord(key, value, { createRevision, modRevision: main, version, lease });
    const storeKey = rowKey({ main, sub, isTombstone: false });
    const rowBytes = storeKey.length - 1 + record.length;
    index.add(name, known, { main, sub, isTombstone: false, createRevision, version, rowBytes });
    buffer.putRevision(main, sub, storeKey, record);
    cache.set(main, sub, record);
    sizes.added(rowBytes);
    if (lease !== 0n) leases.attach(name, lease);
    else leases.detach(name);
    this.events.push(putEvent(key, value, { createRevision, main, version, lease }));
  }

  /** The versions that were deleted, in key order. */
  deleteRange(range: KeyRange): readonly KeyVersion[] {
    const { index, tallies } = this.#targets;
    this.#operations++;
    tallies.deletes++;
    if (range.isSingle) {
      const known = index.get(range.from);
      return known?.isAlive ? [this.#delete(range.from, known)] : [];
    }
    const doomed: ByteString[] = [];
    index.scan(range, Infinity, (history) => {
      if (history.isAlive) doomed.push(history.key);
    });
    return doomed.map((key) => this.#delete(key, must(index.get(key))));
  }

  #delete(name: ByteString, known: KeyIndex): KeyVersion {
    const { index, buffer, sizes, leases } = this.#targets;
    const deleted = known.newest();
    const main = this.#main;
    const sub = this.events.length;
    const key = bytesOf(name);
    const record = encodeTombstone(key);
    const storeKey = rowKey({ main, sub, isTombstone: true });
    const rowBytes = storeKey.length - 1 + record.length;
    index.add(name, known, { main, sub, isTombstone: true, createRevision: 0, version: 0, rowBytes });
    buffer.putRevision(main, sub, storeKey, record);
    sizes.added(rowBytes);
    leases.detach(name);
    this.events.push(deleteEvent(key, main));
    return deleted;
  }
}

interface PutVersion {
  readonly createRevision: Revision;
  readonly main: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

function putEvent(key: Uint8Array, value: Uint8Array, { createRevision, main, version, lease }: PutVersion): Event {
  const modRevision = BigInt(main);
  return {
    $typeName: "mvccpb.Event",
    type: EventType.PUT,
    kv: {
      $typeName: "mvccpb.KeyValue",
      key,
      createRevision: createRevision === main ? modRevision : BigInt(createRevision),
      modRevision,
      version: BigInt(version),
      value,
      lease,
    },
  };
}

/** A deletion as watchers see it: the key and the revision. */
export function deleteEvent(key: Uint8Array, main: Revision): Event {
  return {
    $typeName: "mvccpb.Event",
    type: EventType.DELETE,
    kv: {
      $typeName: "mvccpb.KeyValue",
      key,
      createRevision: 0n,
      modRevision: BigInt(main),
      version: 0n,
      value: EMPTY,
      lease: 0n,
    },
  };
}
