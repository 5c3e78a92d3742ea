import type { Revision } from "../base/ids.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type { StoreRow } from "../backend/store.ts";

/** Which keys a watcher wants; `rangeEnd` as on the wire (empty: one key; one zero byte: from `key` on). */
export interface WatchTarget {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  /** Events below this revision are not delivered. */
  readonly minRevision: Revision;
}

/** Someone who wants the events of keys from now (or a future revision) on. */
export interface Watcher extends WatchTarget {
  /** Called with all matching events of one revision; the array and the events are shared, never change them. */
  deliver(events: readonly Event[], revision: Revision): void;
}

/** Hands new events to the synced watchers that they concern. */
export declare class WatchHub {
  add(watcher: Watcher): void;
  /** Whether it was there. */
  remove(watcher: Watcher): boolean;
  notify(events: readonly Event[], revision: Revision): void;
  readonly watcherCount: number;
}

/** Rows of bucket `key` (store keys) in order → the watcher's events, without prev_kv, grouped by the caller by mod_revision. */
export declare function eventsOfRows(rows: readonly StoreRow[], target: WatchTarget): readonly Event[];
