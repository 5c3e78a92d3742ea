import { NO_NODE, type NodeId } from "../base/ids.ts";

/** Who leads, as this member sees it, and who wants to know when that changes. */
export class Leadership {
  #leader: NodeId = NO_NODE;
  #isLeader = false;
  #changes = 0;
  readonly #listeners = new Set<() => void>();
  /** Monotonic ms since when there is no leader; undefined while there is one. */
  #leaderlessSinceMs: number | undefined;

  get leader(): NodeId {
    return this.#leader;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** How many leaders this member has seen. */
  get changes(): number {
    return this.#changes;
  }

  get leaderlessSinceMs(): number | undefined {
    return this.#leaderlessSinceMs;
  }

  /** Runs at every change of leader or of this member's own role, until it is taken back. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  update(leader: NodeId, isLeader: boolean, nowMs: number): void {
    if (leader === this.#leader && isLeader === this.#isLeader) return;
    if (leader !== NO_NODE && leader !== this.#leader) this.#changes++;
    if (leader === NO_NODE) this.#leaderlessSinceMs ??= nowMs;
    else this.#leaderlessSinceMs = undefined;
    this.#leader = leader;
    this.#isLeader = isLeader;
    for (const listener of this.#listeners) listener();
  }
}
