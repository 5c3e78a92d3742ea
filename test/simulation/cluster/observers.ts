import type { Revision } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import type { Node } from "../../../server/node/node.ts";
import { changesOf, type Change, type History } from "./history.ts";
import type { LeaseChecker } from "./lease-checker.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { WatchRecord, type WatchChecker } from "./watch-checker.ts";

const ALL = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), noPut: false, noDelete: false };
/** A slow watcher refuses one delivery in so many, and then everything for a while. */
const REFUSES_ONE_IN = 5;
const LONGEST_REFUSAL_MS = 400;

export interface ObserversOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly history: History;
  readonly watches: WatchChecker;
  readonly leases: LeaseChecker;
}

/** Watchers on every member: one that tells the history, and a slow one of some keys that takes up where it was on the last member. */
export class Observers {
  readonly #options: ObserversOptions;
  #slowFrom: Revision = 1;
  #slowOwner: SimulatedMember | undefined;

  constructor(options: ObserversOptions) {
    this.#options = options;
  }

  onStarted(member: SimulatedMember, node: Node): void {
    // All that it has, from the first revision on: what it recovered must be what was there before.
    this.#tell(member, node, 1);
    if (this.#slowOwner?.isAlive !== true) this.#watchSlowly(member, node);
  }

  #tell(member: SimulatedMember, node: Node, from: Revision): void {
    const { time, history, watches, leases } = this.#options;
    const { process } = member;
    const record = watches.open(new WatchRecord(`watcher of all keys at ${member.name}`, from));
    node.watch(ALL, from, {
      isReady: true,
      deliver: (events, revision) => {
        if (process?.isAlive !== true) return true;
        const changes = changesOf(events);
        const isNew = history.changes(revision) === undefined;
        history.observe(revision, changes, member.name, time.nowMs);
        record.give(revision, changes);
        if (isNew) this.#deleted(changes, leases);
        return true;
      },
      onCompacted: (revision) => {
        if (process?.isAlive === true) this.#tell(member, node, revision + 1);
      },
    });
  }

  #deleted(changes: readonly Change[], leases: LeaseChecker): void {
    for (const { key, value } of changes) if (value === undefined) leases.deleted(key, this.#options.time.nowMs);
  }

  #watchSlowly(member: SimulatedMember, node: Node): void {
    const { time, random, watches } = this.#options;
    const { process } = member;
    this.#slowOwner = member;
    const from = this.#slowFrom;
    const record = watches.open(new WatchRecord(`slow watcher at ${member.name}`, from, isWatchedSlowly));
    let readyMs = 0;
    node.watch({ ...ALL, key: Buffer.from("k2"), rangeEnd: Buffer.from("k4") }, from, {
      get isReady() {
        return time.nowMs >= readyMs;
      },
      deliver: (events, revision) => {
        if (process?.isAlive !== true) return true;
        record.give(revision, changesOf(events));
        this.#slowFrom = revision + 1;
        if (random.below(REFUSES_ONE_IN) > 0) return true;
        readyMs = time.nowMs + random.below(LONGEST_REFUSAL_MS);
        return false;
      },
      onCompacted: (revision) => {
        this.#slowFrom = revision + 1;
        if (process?.isAlive === true) this.#watchSlowly(member, node);
      },
    });
  }
}

/** What the slow watcher watches. */
function isWatchedSlowly(key: string): boolean {
  return key >= "k2" && key < "k4";
}
