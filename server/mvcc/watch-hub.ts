import { byteString } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import { must } from "../base/assert.ts";
import type { Revision } from "../base/ids.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import { IntervalTree } from "./interval-tree.ts";
import { keyRange } from "./key-range.ts";
import { passesFilter } from "./watch-target.ts";
import type { WatchTarget } from "./watch-target.ts";

/** Someone who wants the events of keys from now (or from a future revision) on. */
export interface Watcher extends WatchTarget {
  /** Called with all its events of one revision, in order. The events are shared: never change them. */
  deliver(events: readonly Event[], revision: Revision): void;
}

type Group = Set<Watcher>;

/**
 * Hands new events to the synced watchers that they concern. Watchers of one key are found by hash, those of a
 * range by an interval tree, and watchers of the same keys share one entry: thousands of them cost a put nothing
 * unless its key is theirs.
 */
export class WatchHub {
  readonly #byKey = new Map<ByteString, Group>();
  readonly #byRange = new IntervalTree<Group>();
  #watcherCount = 0;

  get watcherCount(): number {
    return this.#watcherCount;
  }

  add(watcher: Watcher): void {
    this.#groupOf(watcher).add(watcher);
    this.#watcherCount++;
  }

  /** Whether it was there. */
  remove(watcher: Watcher): boolean {
    const { from, to, isSingle } = keyRange(watcher.key, watcher.rangeEnd);
    const group = isSingle ? this.#byKey.get(from) : this.#byRange.get(from, to);
    if (!group?.delete(watcher)) return false;
    this.#watcherCount--;
    if (group.size > 0) return true;
    if (isSingle) this.#byKey.delete(from);
    else this.#byRange.remove(from, to);
    return true;
  }

  /**
   * All events of one revision; call it once per revision, in order. Watchers may be added and removed
   * meanwhile, but one that is removed may still be given these events.
   */
  notify(events: readonly Event[], revision: Revision): void {
    if (this.#watcherCount === 0 || events.length === 0) return;
    const wanted = new Map<Watcher, Event[]>();
    for (const event of events) {
      this.#watchersOf(event, revision, (watcher) => {
        const theirs = wanted.get(watcher);
        if (theirs) theirs.push(event);
        else wanted.set(watcher, [event]);
      });
    }
    for (const [watcher, theirs] of wanted) watcher.deliver(theirs, revision);
  }

  #watchersOf(event: Event, revision: Revision, visit: (watcher: Watcher) => void): void {
    const offer = (watcher: Watcher): void => {
      if (revision >= watcher.minRevision && passesFilter(watcher, event)) visit(watcher);
    };
    const key = byteString(must(event.kv).key);
    this.#byKey.get(key)?.forEach(offer);
    this.#byRange.stab(key, (group) => group.forEach(offer));
  }

  #groupOf(watcher: Watcher): Group {
    const { from, to, isSingle } = keyRange(watcher.key, watcher.rangeEnd);
    const known = isSingle ? this.#byKey.get(from) : this.#byRange.get(from, to);
    if (known) return known;
    const group: Group = new Set();
    if (isSingle) this.#byKey.set(from, group);
    else this.#byRange.add(from, to, group);
    return group;
  }
}
