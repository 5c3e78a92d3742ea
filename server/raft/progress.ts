import { assert, unreachable } from "../base/assert.ts";
import type { Index } from "../base/ids.ts";
import type { Inflights } from "./inflights.ts";

/**
 * How the leader treats a follower: "probe" looks for the place where the logs agree, one message per
 * heartbeat; "replicate" streams optimistically; "snapshot" waits until a snapshot has arrived.
 */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** What a Progress starts from. */
export interface ProgressStart {
  readonly match: Index;
  readonly next: Index;
  readonly isLearner: boolean;
  readonly isRecentlyActive: boolean;
  readonly inflights: Inflights;
}

/** A follower as the leader sees it. Invariant: match < next. */
export class Progress {
  /** Up to here the follower's log is known to equal the leader's. */
  match: Index;
  /** The next entry to send; those between match and next are in flight. */
  next: Index;
  state: ProgressState = "probe";
  /** Index of the snapshot that was sent; 0 unless the state is "snapshot". */
  pendingSnapshot: Index = 0;
  /** Heard of since the last quorum check; always true for the leader itself. */
  isRecentlyActive: boolean;
  /** Appends are held back until the next heartbeat response (a probe is out, or the window is full). */
  isFlowPaused = false;
  isLearner: boolean;
  readonly inflights: Inflights;
  /** Highest commit index that was sent. */
  #sentCommit: Index = 0;

  constructor(start: ProgressStart) {
    this.match = start.match;
    this.next = start.next;
    this.isLearner = start.isLearner;
    this.isRecentlyActive = start.isRecentlyActive;
    this.inflights = start.inflights;
  }

  /** A copy for a configuration that may be refused; the window is shared, a refused copy never uses it. */
  clone(): Progress {
    const copy = new Progress(this);
    copy.state = this.state;
    copy.pendingSnapshot = this.pendingSnapshot;
    copy.isFlowPaused = this.isFlowPaused;
    copy.#sentCommit = this.#sentCommit;
    return copy;
  }

  /** Whether nothing may be sent for now. */
  get isPaused(): boolean {
    return this.state === "snapshot" || this.isFlowPaused;
  }

  /** Probes from after the last match or, if larger, after the snapshot that the follower has received. */
  becomeProbe(): void {
    const afterSnapshot = this.state === "snapshot" ? this.pendingSnapshot + 1 : 0;
    this.#reset("probe");
    this.next = Math.max(this.match + 1, afterSnapshot);
    this.#regressCommit();
  }

  /** Streams from after the last match. */
  becomeReplicate(): void {
    this.#reset("replicate");
    this.next = this.match + 1;
  }

  /** Waits for the snapshot at the given index. */
  becomeSnapshot(index: Index): void {
    this.#reset("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.#sentCommit = index;
  }

  /** Accounts for an append message with so many entries and payload bytes. */
  sentEntries(count: number, bytes: number): void {
    switch (this.state) {
      case "replicate":
        if (count > 0) {
          this.next += count;
          this.inflights.add(this.next - 1, bytes);
        }
        this.isFlowPaused = this.inflights.isFull;
        break;
      case "probe":
        if (count > 0) this.isFlowPaused = true;
        break;
      case "snapshot":
        assert(false, "no append is sent to a follower that waits for a snapshot");
        break;
      default:
        unreachable(this.state);
    }
  }

  /** Whether sending this commit index could advance the follower's. */
  canBumpCommit(index: Index): boolean {
    return index > this.#sentCommit && this.#sentCommit < this.next - 1;
  }

  /** Accounts for a commit index that was sent. */
  sentCommit(index: Index): void {
    this.#sentCommit = index;
  }

  /** Takes an acknowledgement; false if it is an outdated one. */
  maybeUpdate(acked: Index): boolean {
    if (acked <= this.match) return false;
    this.match = acked;
    this.next = Math.max(this.next, acked + 1);
    this.isFlowPaused = false;
    return true;
  }

  /** Takes the rejection of the append after `rejected`, with the follower's hint; false if it is outdated. */
  maybeDecreaseTo(rejected: Index, matchHint: Index): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      this.#regressCommit();
      return true;
    }
    // Outside of replication one append is out at a time: any other rejection is a late or doubled one.
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1);
    this.#regressCommit();
    this.isFlowPaused = false;
    return true;
  }

  #reset(state: ProgressState): void {
    this.isFlowPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }

  #regressCommit(): void {
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
  }
}
