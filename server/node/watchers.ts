import { must } from "../base/assert.ts";
import type { Revision } from "../base/ids.ts";
import { bucketRange } from "../backend/buckets.ts";
import type { StoreRow } from "../backend/store.ts";
import { decodeRevision, encodeRevision } from "../mvcc/revision.ts";
import { eventsFor, parseRows, type WatchTarget } from "../mvcc/watch-target.ts";
import type { Clock } from "../ports/clock.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** Watchers that catch up in one pass over the history (etcd's maxWatchersPerSync). */
const WATCHERS_PER_PASS = 512;
/** Bytes of history read before others get a turn. */
const SLICE_BYTES = 256 * 1024;
/** How long to wait before a watcher whose reader was too slow is looked at again. */
const RETRY_MS = 100;

/** Where a watcher's events go. */
export interface WatchSink {
  /**
   * All events of one revision that match, in order. The header's revision is that of the events while they happen, and the
   * store's present one where they are history. False means: no more for now, the rest will be read from history.
   */
  deliver(events: readonly Event[], revision: Revision, headerRevision: Revision): boolean;
  /** History from the wanted revision on is gone; the watcher is no more. */
  onCompacted(compactRevision: Revision): void;
  /** Whether it would take events again after having refused. */
  readonly isReady: boolean;
}

/** A watcher's place in history. Its owner removes it when its stream ends. */
export interface WatchHandle {
  /** Has seen every event up to the store's revision, and is not waiting for a future one. */
  readonly isSynced: boolean;
  remove(): void;
}

class Watcher implements WatchHandle {
  readonly target: Omit<WatchTarget, "minRevision">;
  readonly sink: WatchSink;
  readonly #owner: Watchers;
  /** The first revision that it has not seen. */
  nextRevision: Revision;
  state: "synced" | "behind" | "removed" = "behind";
  /** Its form in the hub while it is synced. */
  hubWatcher: (WatchTarget & { deliver(events: readonly Event[], revision: Revision): void }) | undefined;

  constructor(owner: Watchers, target: Omit<WatchTarget, "minRevision">, nextRevision: Revision, sink: WatchSink) {
    this.#owner = owner;
    this.target = target;
    this.nextRevision = nextRevision;
    this.sink = sink;
  }

  get isSynced(): boolean {
    return this.state === "synced" && this.nextRevision <= this.#owner.currentRevision + 1;
  }

  remove(): void {
    this.#owner.remove(this);
  }
}

/**
 * Gives every watcher each event exactly once and in order: synced ones get it from the hub while it is applied, the
 * others read history until they have caught up. A watcher that does not read falls back to history.
 */
export class Watchers {
  readonly #replica: Replica;
  readonly #flusher: StoreFlusher;
  readonly #pins: Pins;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  readonly #all = new Set<Watcher>();
  readonly #behind = new Set<Watcher>();
  #isCatchingUp = false;
  /** Grows when the replica is replaced: a pass over the old one's history ends. */
  #generation = 0;

  constructor(options: {
    readonly replica: Replica;
    readonly flusher: StoreFlusher;
    readonly pins: Pins;
    readonly clock: Clock;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#replica = options.replica;
    this.#flusher = options.flusher;
    this.#pins = options.pins;
    this.#clock = options.clock;
    this.#onFailure = options.onFailure;
  }

  get currentRevision(): Revision {
    return this.#replica.machine.mvcc.currentRevision;
  }

  get watcherCount(): number {
    return this.#all.size;
  }

  get behindCount(): number {
    return this.#behind.size;
  }

  /** Adds a watcher from a revision on (0: from now). Events are delivered from the next turn of the event loop on. */
  add(target: Omit<WatchTarget, "minRevision">, startRevision: Revision, sink: WatchSink): WatchHandle {
    const nextRevision = startRevision > 0 ? startRevision : this.currentRevision + 1;
    const watcher = new Watcher(this, target, nextRevision, sink);
    this.#all.add(watcher);
    if (nextRevision > this.currentRevision) this.#attach(watcher);
    else this.#fallBehind(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    if (watcher.state === "synced") this.#detach(watcher);
    this.#behind.delete(watcher);
    this.#all.delete(watcher);
    watcher.state = "removed";
  }

  /** The replica has been replaced by a snapshot: everybody reads the new one's history from where they were. */
  onReplicaReplaced(previousRevision: Revision): void {
    this.#generation++;
    for (const watcher of this.#all) {
      if (watcher.state !== "synced") continue;
      watcher.hubWatcher = undefined;
      // It has seen all of the old one, even if nothing was for it: it must not be told of a compaction there.
      watcher.nextRevision = Math.max(watcher.nextRevision, previousRevision + 1);
      if (watcher.nextRevision > this.currentRevision) this.#attach(watcher);
      else this.#fallBehind(watcher);
    }
  }

  #attach(watcher: Watcher): void {
    const hubWatcher = {
      ...watcher.target,
      minRevision: watcher.nextRevision,
      deliver: (events: readonly Event[], revision: Revision): void => {
        watcher.nextRevision = revision + 1;
        if (watcher.sink.deliver(events, revision, revision)) return;
        this.#detach(watcher);
        this.#fallBehind(watcher);
      },
    };
    watcher.state = "synced";
    watcher.hubWatcher = hubWatcher;
    this.#behind.delete(watcher);
    this.#replica.machine.watchHub.add(hubWatcher);
  }

  #detach(watcher: Watcher): void {
    this.#replica.machine.watchHub.remove(must(watcher.hubWatcher, "a synced watcher is in the hub"));
    watcher.hubWatcher = undefined;
  }

  #fallBehind(watcher: Watcher): void {
    watcher.state = "behind";
    this.#behind.add(watcher);
    this.#startCatchUp(0);
  }

  #startCatchUp(delayMs: number): void {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    const run = (): void => {
      this.#catchUp().then(
        () => {
          this.#isCatchingUp = false;
          if (this.#behind.size > 0) this.#startCatchUp(this.#hasReady() ? 0 : RETRY_MS);
        },
        (error: unknown) => {
          this.#onFailure(error);
        },
      );
    };
    if (delayMs === 0) this.#clock.nextTurn(run);
    else this.#clock.after(delayMs, run);
  }

  #hasReady(): boolean {
    for (const watcher of this.#behind) if (watcher.sink.isReady) return true;
    return false;
  }

  /** One pass: takes some watchers that are behind through the store's history and then through the buffer's. */
  async #catchUp(): Promise<void> {
    const batch = this.#dropCompacted(this.#nextBatch());
    if (batch.length === 0) return;
    const generation = this.#generation;
    const unpin = this.#pins.pin();
    try {
      await this.#flusher.flush();
      if (generation !== this.#generation) return;
      // The view that the scan opens holds exactly the revisions up to here; later ones are in the buffer or in a later flush.
      const scannedTo = this.#flusher.flushedRevision;
      const through = await this.#readHistory(batch, generation);
      if (generation !== this.#generation) return;
      for (const watcher of through) watcher.nextRevision = Math.max(watcher.nextRevision, scannedTo + 1);
      if (this.#flusher.flushedRevision === scannedTo) this.#attachFromBuffer(through);
    } finally {
      unpin();
    }
  }

  /** Says who has come through it all. One that refuses leaves the pass, even if it would take events again before the end. */
  async #readHistory(batch: readonly Watcher[], generation: number): Promise<readonly Watcher[]> {
    const from = Math.min(...batch.map((watcher) => watcher.nextRevision));
    const scan = this.#replica.store.scan(bucketRange("key", encodeRevision(from, 0, false)));
    try {
      // Events of one revision go out together, and what is little in one response: a slice waits for the next one, and its
      // last revision for the rest of it.
      let held: readonly StoreRow[] = [];
      let reading = batch;
      for (;;) {
        const rows = await scan.next(SLICE_BYTES);
        if (generation !== this.#generation) return [];
        if (rows.length === 0) return deliverRows(reading, held, this.currentRevision);
        const split = held.length === 0 ? 0 : startOfLastRevision(held);
        reading = deliverRows(reading, held.slice(0, split), this.currentRevision);
        held = split === held.length ? rows : [...held.slice(split), ...rows];
      }
    } finally {
      await scan.close();
    }
  }

  /** All in one turn: what the buffer holds is delivered, and from then on the hub delivers. */
  #attachFromBuffer(batch: readonly Watcher[]): void {
    const from = Math.min(...batch.map((watcher) => watcher.nextRevision));
    const rows = this.#replica.machine.buffer.revisionRowsFrom(from);
    for (const watcher of deliverRows(batch, rows, this.currentRevision)) {
      if (!this.#behind.has(watcher)) continue;
      watcher.nextRevision = Math.max(watcher.nextRevision, this.currentRevision + 1);
      this.#attach(watcher);
    }
  }

  #nextBatch(): Watcher[] {
    const batch: Watcher[] = [];
    for (const watcher of this.#behind) {
      if (!watcher.sink.isReady) continue;
      batch.push(watcher);
      if (batch.length === WATCHERS_PER_PASS) break;
    }
    return batch;
  }

  #dropCompacted(batch: readonly Watcher[]): Watcher[] {
    const { compactRevision } = this.#replica.machine.mvcc;
    return batch.filter((watcher) => {
      if (watcher.nextRevision >= compactRevision) return true;
      this.remove(watcher);
      watcher.sink.onCompacted(compactRevision);
      return false;
    });
  }
}

/** Where the rows of the last revision begin. */
function startOfLastRevision(rows: readonly StoreRow[]): number {
  const last = mainOf(must(rows.at(-1)));
  let start = rows.length - 1;
  while (start > 0 && mainOf(must(rows[start - 1])) === last) start--;
  return start;
}

function mainOf([key]: StoreRow): Revision {
  return must(decodeRevision(key, 1), "a row of bucket key is named by its revision").main;
}

/** Hands whole revisions to the watchers that want them, each from its own place on; says who has taken them all. */
function deliverRows(
  batch: readonly Watcher[],
  rows: readonly StoreRow[],
  currentRevision: Revision,
): readonly Watcher[] {
  const parsed = parseRows(rows);
  return batch.filter((watcher) => {
    if (watcher.state !== "behind" || !watcher.sink.isReady) return false;
    const events = eventsFor({ ...watcher.target, minRevision: watcher.nextRevision }, parsed);
    for (const [revision, ofRevision] of Map.groupBy(events, (event) => Number(event.kv?.modRevision ?? 0n))) {
      watcher.nextRevision = revision + 1;
      if (!watcher.sink.deliver(ofRevision, revision, currentRevision)) return false;
    }
    return true;
  });
}
