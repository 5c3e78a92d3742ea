import { NO_NODE } from "../base/ids.ts";
import type { RawNode } from "../raft/raw-node.ts";
import type { Recovered } from "./recover.ts";

/** How many ticks the first member of a new cluster hurries its election. */
const HURRIED_TICKS = 20;

/** Shortens the time until a member that starts has a leader. */
export class FirstElection {
  readonly #recovered: Recovered;
  readonly #raft: RawNode;
  readonly #electionTicks: number;
  #ticks = 0;

  constructor(recovered: Recovered, raft: RawNode, electionTicks: number) {
    this.#recovered = recovered;
    this.#raft = raft;
    this.#electionTicks = electionTicks;
  }

  /**
   * The first election need not wait for a leader that cannot be there yet: all but two of the least ticks pass at once
   * (etcd's initial-election-tick-advance). Pre-vote keeps a member that comes back from disturbing a leader.
   */
  advance(): void {
    if (this.#recovered.log.hardState.term === 0) return;
    for (let tick = 2; tick < this.#electionTicks; tick++) this.#raft.tick();
  }

  /**
   * Nobody leads a new cluster yet, and its members have nothing to wait for: the one with the smallest id asks for votes
   * at every tick until somebody leads. A pre-vote that fails because the others are not up yet harms nobody.
   */
  beforeTick(): void {
    const { isFresh, peers, selfId, log } = this.#recovered;
    if (!isFresh || log.hardState.term === 0 || this.#ticks >= HURRIED_TICKS) return;
    this.#ticks++;
    const { leader, term } = this.#raft.basicStatus();
    if (leader === NO_NODE && term <= 1 && peers.every((peer) => peer.id >= selfId)) this.#raft.campaign();
  }
}
