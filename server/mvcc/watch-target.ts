import { byteString } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import { must } from "../base/assert.ts";
import type { Revision } from "../base/ids.ts";
import { Event_EventType as EventType } from "../proto/gen/kv_pb.js";
import type { Event } from "../proto/gen/kv_pb.js";
import type { StoreRow } from "../backend/store.ts";
import { isWithin, keyRange } from "./key-range.ts";
import { decodeRecord } from "./record-codec.ts";
import { decodeRevision } from "./revision.ts";
import { deleteEvent } from "./write-txn.ts";

/** Which events a watcher wants; `rangeEnd` as on the wire (empty: one key; one zero byte: from `key` on). */
export interface WatchTarget {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  /** Events below this revision are not wanted; it may lie in the future. */
  readonly minRevision: Revision;
}

/** Whether the filters let an event pass; says nothing about its key. */
export function passesFilter(target: WatchTarget, event: Event): boolean {
  return event.type === EventType.DELETE ? !target.noDelete : !target.noPut;
}

/** An event with its key as a byte string, as matching needs it. */
export interface KeyedEvent {
  readonly name: ByteString;
  readonly event: Event;
}

/** What a watcher wants of rows of bucket `key` (under their store keys): events without prev_kv, in the same order. */
export function eventsOfRows(rows: readonly StoreRow[], target: WatchTarget): readonly Event[] {
  return eventsFor(target, parseRows(rows));
}

/** Rows as events, parsed once for many watchers. */
export function parseRows(rows: readonly StoreRow[]): readonly KeyedEvent[] {
  return rows.map(([storeKey, record]) => {
    const revision = must(decodeRevision(storeKey, 1), "a row of bucket key has a revision as its key");
    const kv = decodeRecord(record);
    const event: Event = revision.isTombstone
      ? deleteEvent(kv.key, revision.main)
      : { $typeName: "mvccpb.Event", type: EventType.PUT, kv };
    return { name: byteString(kv.key), event };
  });
}

/** The events that a watcher wants, in their order. */
export function eventsFor(target: WatchTarget, events: readonly KeyedEvent[]): readonly Event[] {
  const range = keyRange(target.key, target.rangeEnd);
  const wanted = events.filter(
    ({ name, event }) =>
      isWithin(range, name) && passesFilter(target, event) && Number(event.kv?.modRevision) >= target.minRevision,
  );
  return wanted.map(({ event }) => event);
}
