/** Why a decision is what it is, in one stable word: reason of conditions and label of metrics. */
export type Reason =
  /** All is as wanted. */
  | "AsWanted"
  | "Paused"
  | "Deleting"
  | "FinalBackup"
  /** No last backup could be taken, so the claims are kept although they were to be deleted. */
  | "FinalBackupFailed"
  | "Bootstrapping"
  /** The pod that was to found the cluster is gone and may have founded it: no second one is founded. */
  | "BootstrapInterrupted"
  | "Hibernating"
  | "Hibernated"
  | "Resuming"
  | "QuorumLost"
  /** A pod belongs to another cluster than the one in the status: nothing is touched. */
  | "ClusterIDMismatch"
  /** The member list has somebody who is no pod of this cluster. */
  | "ForeignMember"
  /** A volume holds data of another cluster: it is not touched. */
  | "ForeignVolume"
  | "ScalingUp"
  | "ScalingDown"
  | "LearnerCatchingUp"
  /** A learner did not catch up in time and is removed again. */
  | "LearnerStuck"
  /** A learner lost its disk, or its purpose, before it had a vote: it is removed. */
  | "LearnerLost"
  /** A change of members has to wait, or it would cost the quorum. */
  | "MembershipBlocked"
  | "ReplacingMember"
  /** A pod holds the data of a member that was removed. */
  | "RemovedMember"
  | "MemberUnhealthy"
  | "RolloutInProgress"
  | "RolloutStalled"
  /** A restart has to wait, or it would cost the quorum or a disk. */
  | "RolloutBlocked";
