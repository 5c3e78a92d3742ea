import type { Index, NodeId, Term } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import type { Progress, ProgressState } from "./progress.ts";

/** What a member is in its present term. */
export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/** A member's own state at a glance; cheap to make. */
export interface BasicStatus {
  readonly id: NodeId;
  readonly term: Term;
  readonly vote: NodeId;
  readonly leader: NodeId;
  readonly role: Role;
  readonly commit: Index;
  readonly applied: Index;
  /** To whom a leader is handing over, 0 if to nobody. */
  readonly leadTransferee: NodeId;
}

/** A follower as its leader sees it. */
export interface ProgressStatus {
  readonly match: Index;
  readonly next: Index;
  readonly state: ProgressState;
  readonly isLearner: boolean;
  readonly isPaused: boolean;
  readonly isRecentlyActive: boolean;
  readonly pendingSnapshot: Index;
  readonly inflightMessages: number;
  readonly isInflightFull: boolean;
}

/** Everything that can be told about a member; only a leader knows the progress of the others. */
export interface Status extends BasicStatus {
  readonly configuration: Configuration;
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
}

/** A copy of what the leader knows about one follower. */
export function progressStatus(progress: Progress): ProgressStatus {
  const { match, next, state, isLearner, isPaused, isRecentlyActive, pendingSnapshot, inflights } = progress;
  return {
    match,
    next,
    state,
    isLearner,
    isPaused,
    isRecentlyActive,
    pendingSnapshot,
    inflightMessages: inflights.count,
    isInflightFull: inflights.isFull,
  };
}
