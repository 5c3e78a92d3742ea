/**
 * Every reason that a condition of a cluster can have, and what it means. They are part of the API: alerts and scripts
 * compare them, so a reason is never renamed and never changes its meaning.
 */
export const CLUSTER_REASONS = {
  ClusterAvailable: "the cluster serves reads and writes",
  NoLeader: "the voters have no leader at the moment",
  QuorumLost: "no majority of the voters is healthy",
  QuorumHealthy: "a majority of the voters is healthy",
  NotFounded: "the cluster has no first member yet",
  Bootstrapping: "the first member is being started",
  BootstrapInterrupted: "the first pod was lost while it founded the cluster, so that a second founding could fork it",
  AsWanted: "the cluster is what the spec says",
  ScalingUp: "members are being added",
  ScalingDown: "members are being removed",
  LearnerCatchingUp: "a learner receives the data",
  LearnerStuck: "a learner did not catch up in time and was removed again",
  WaitingForPod: "a pod is not there or does not answer yet",
  MembershipBlocked: "a change of members has to wait",
  ReplacingMember: "a member whose disk is lost is being replaced",
  RolloutInProgress: "pods are restarted one by one, because what they run has changed",
  RolloutBlocked: "a restart has to wait, or it would cost the quorum or a disk",
  RolloutStalled: "a restarted pod does not become healthy; no other one is touched",
  Hibernating: "the cluster is being scaled to 0",
  Hibernated: "the cluster is scaled to 0 with its data kept",
  Resuming: "the cluster comes back from 0",
  Running: "the cluster is not scaled to 0",
  Paused: "the operator leaves the cluster alone, because spec.paused says so",
  NotPaused: "the operator acts",
  Deleting: "the cluster is being deleted",
  FinalBackup: "the last backup of a cluster that is being deleted is taken",
  FinalBackupFailed: "no last backup could be taken, so the claims are kept although they were to be deleted",
  AllMembersHealthy: "every member is healthy",
  MemberUnhealthy: "a member does not answer, or answers with errors",
  ForeignVolume: "a pod has a volume that belongs to another cluster or pod",
  ForeignMember: "the member list has somebody who is no pod of this cluster",
  RemovedMember: "a pod holds the data of a member that was removed",
  ClusterIDMismatch: "a member belongs to another cluster than the others",
  NoSpace: "a member's data reached spec.server.quotaBackendBytes; writes are refused",
  StepFailed: "a step failed; it is tried again",
  NoBackupYet: "no backup was taken yet",
  BackupSucceeded: "the last backup succeeded",
  BackupFailed: "the last backup failed",
  StoreUnreachable: "the store of the backups does not answer",
  StoreRefused: "the store of the backups refuses the credentials",
} as const;

/** The reason of a cluster's condition. */
export type ClusterReason = keyof typeof CLUSTER_REASONS;
