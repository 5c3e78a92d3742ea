import type { Index, NodeId } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import type { Members, NewMemberOptions } from "./conf-changer.ts";
import { confStateOf, emptyConfiguration } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { Inflights } from "./inflights.ts";
import { Progress } from "./progress.ts";
import { jointCommittedIndex, jointVoteResult, jointVoters } from "./quorum-joint.ts";
import type { VoteResult } from "./quorum-majority.ts";
import { sortedIds } from "./sorted-ids.ts";

/** How much may be in flight to one follower. */
export interface InflightLimits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** The active configuration with what is known about everyone in it: progress and votes. */
export class ProgressTracker {
  readonly #limits: InflightLimits;
  #configuration: Configuration = emptyConfiguration;
  #progress: ReadonlyMap<NodeId, Progress> = new Map();
  #ids: readonly NodeId[] = [];
  #voters: readonly NodeId[] = [];
  #votes = new Map<NodeId, boolean>();
  readonly #acked = (id: NodeId): Index | undefined => this.#progress.get(id)?.match;

  constructor(limits: InflightLimits) {
    this.#limits = limits;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Everyone who is tracked, in ascending order. */
  get ids(): readonly NodeId[] {
    return this.#ids;
  }

  /** The voters of both halves, in ascending order. */
  get voters(): readonly NodeId[] {
    return this.#voters;
  }

  /** The configuration and progress together, as a change needs them. */
  get members(): Members {
    return { configuration: this.#configuration, progress: this.#progress };
  }

  get confState(): ConfState {
    return confStateOf(this.#configuration);
  }

  /** Whether the only voter decides alone. */
  get isSingleton(): boolean {
    return this.#configuration.incoming.size === 1 && this.#configuration.outgoing.size === 0;
  }

  /** The highest index that a quorum has. */
  get committedIndex(): Index {
    return jointCommittedIndex(this.#configuration, this.#acked);
  }

  /** Whether a quorum has been heard of since the last check. */
  get isQuorumActive(): boolean {
    const heardOf = new Map<NodeId, boolean>();
    for (const [id, progress] of this.#progress) if (!progress.isLearner) heardOf.set(id, progress.isRecentlyActive);
    return jointVoteResult(this.#configuration, heardOf) === "won";
  }

  get(id: NodeId): Progress | undefined {
    return this.#progress.get(id);
  }

  /** Whether a member votes in either half. */
  isVoter(id: NodeId): boolean {
    return this.#configuration.incoming.has(id) || this.#configuration.outgoing.has(id);
  }

  /** What the progress of a new member is made from. */
  newMemberOptions(lastIndex: Index): NewMemberOptions {
    return { lastIndex, ...this.#limits };
  }

  /** Takes another configuration. */
  use({ configuration, progress }: Members): void {
    this.#configuration = configuration;
    this.#progress = progress;
    this.#ids = sortedIds(progress.keys());
    this.#voters = sortedIds(jointVoters(configuration));
  }

  /** Forgets what is known about the followers: a new term begins. */
  resetProgress(self: NodeId, lastIndex: Index): void {
    const progress = new Map<NodeId, Progress>();
    for (const [id, { isLearner }] of this.#progress) {
      const match = id === self ? lastIndex : 0;
      const inflights = new Inflights(this.#limits.maxInflightMessages, this.#limits.maxInflightBytes);
      progress.set(id, new Progress({ match, next: lastIndex + 1, isLearner, isRecentlyActive: false, inflights }));
    }
    this.#progress = progress;
  }

  /** Begins another count. */
  resetVotes(): void {
    this.#votes = new Map();
  }

  /** Notes an answer; only a member's first one counts. */
  recordVote(id: NodeId, isGranted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, isGranted);
  }

  /** The outcome so far. */
  get voteResult(): VoteResult {
    return jointVoteResult(this.#configuration, this.#votes);
  }

  /** The outcome of an acknowledgement round, where silence is not yet a no. */
  ackResult(acks: ReadonlyMap<NodeId, boolean>): VoteResult {
    return jointVoteResult(this.#configuration, acks);
  }
}
