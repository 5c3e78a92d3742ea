import type { NodeId } from "../base/ids.ts";

/** A member as the cluster knows it. */
export interface Member {
  readonly id: NodeId;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member has published itself. */
  readonly name: string;
  readonly clientUrls: readonly string[];
  /** The voter whose place this learner is to take; it may share that voter's peer URLs until then. */
  readonly replaces: NodeId | undefined;
  /** A voter that a joint configuration is about to leave out: a member until that is left, its vote may be needed. */
  readonly isLeaving?: true;
}

/** The cluster-wide downgrade job. */
export interface DowngradeInfo {
  readonly isEnabled: boolean;
  readonly targetVersion: string;
}
