/** What an event means, and whether it wants a person's attention. */
interface EventKind {
  readonly type: "Normal" | "Warning";
  readonly meaning: string;
}

/**
 * Every reason that an event of the operator can have. They are part of the API: alerts are written against them, so a
 * reason is never renamed and never changes its meaning.
 */
export const EVENT_REASONS = {
  // The life of a cluster.
  ClusterCreated: { type: "Normal", meaning: "the objects of the cluster were made" },
  SeedGranted: { type: "Normal", meaning: "the first pod was given leave to found the cluster" },
  ClusterFounded: { type: "Normal", meaning: "the first member runs; the cluster has its id" },
  ClusterAvailable: { type: "Normal", meaning: "the cluster serves reads and writes" },
  ClusterUnavailable: { type: "Warning", meaning: "the cluster does not serve reads and writes" },
  Hibernated: { type: "Normal", meaning: "the cluster was scaled to 0; its data are kept" },
  Resumed: { type: "Normal", meaning: "the cluster runs again after it was scaled to 0" },
  Paused: { type: "Normal", meaning: "spec.paused is set: the operator leaves the cluster alone" },
  Unpaused: { type: "Normal", meaning: "spec.paused is no longer set" },
  EvenSize: { type: "Warning", meaning: "an even number of members survives no more failures than one member fewer" },
  // Membership.
  ScalingUp: { type: "Normal", meaning: "the cluster begins to grow" },
  ScalingDown: { type: "Normal", meaning: "the cluster begins to shrink" },
  LearnerAdded: { type: "Normal", meaning: "a member was added that receives the data and does not vote yet" },
  JoinGranted: { type: "Normal", meaning: "a pod was given leave to join" },
  MemberAdded: { type: "Normal", meaning: "a member has caught up and votes" },
  LeaderMoved: { type: "Normal", meaning: "the leadership was handed over, because the leader has to stop" },
  MemberRemoved: { type: "Normal", meaning: "a member was removed" },
  ReplaceStarted: { type: "Normal", meaning: "a successor was added for a member whose disk is lost" },
  MemberReplaced: { type: "Normal", meaning: "the successor took the place of the member whose disk was lost" },
  LearnerStuck: { type: "Warning", meaning: "a learner did not catch up in time and was removed again" },
  PodDeleted: { type: "Normal", meaning: "a pod was deleted" },
  ClaimDeleted: { type: "Normal", meaning: "the claim of a member that is gone was deleted" },
  // Trouble.
  QuorumLost: {
    type: "Warning",
    meaning: "no majority of the voters is healthy; nothing is deleted, removed or recreated",
  },
  QuorumRestored: { type: "Normal", meaning: "a majority of the voters is healthy again" },
  MemberUnhealthy: { type: "Warning", meaning: "a member does not answer, or answers with errors" },
  DiskLost: { type: "Warning", meaning: "a member came back without its data" },
  ForeignVolume: {
    type: "Warning",
    meaning: "a pod got a volume that belongs to another cluster or pod; nothing is touched",
  },
  BootstrapInterrupted: {
    type: "Warning",
    meaning: "the first pod was lost while it founded the cluster; a person has to look",
  },
  ForeignMember: { type: "Warning", meaning: "the member list has somebody who is no pod of this cluster" },
  ClusterIDMismatch: { type: "Warning", meaning: "a member belongs to another cluster than the others" },
  StepFailed: { type: "Warning", meaning: "a step failed; it is tried again" },
  // Changes of the template.
  RolloutStarted: { type: "Normal", meaning: "the pods are restarted one by one, because what they run has changed" },
  RolloutStalled: { type: "Warning", meaning: "a restarted pod does not become healthy; no other one is touched" },
  RolloutCompleted: { type: "Normal", meaning: "every pod runs what the spec says" },
  // Backups and restores.
  BackupStarted: { type: "Normal", meaning: "a backup has begun" },
  BackupCompleted: { type: "Normal", meaning: "a backup is stored" },
  BackupVerified: { type: "Normal", meaning: "a backup was read back and is intact" },
  BackupFailed: { type: "Warning", meaning: "a backup failed" },
  BackupSkipped: {
    type: "Warning",
    meaning: "a backup was due and was not begun: another one runs, or it is too late",
  },
  BackupDeleted: { type: "Normal", meaning: "a backup was deleted because of the schedule's retention" },
  FinalBackupStarted: { type: "Normal", meaning: "the last backup of a cluster that is deleted has begun" },
  RestoreStarted: { type: "Normal", meaning: "a restore has begun" },
  RestoreCompleted: { type: "Normal", meaning: "the restored cluster is complete" },
  RestoreFailed: { type: "Warning", meaning: "a restore failed; nothing was touched" },
  // Deletion.
  DeletionStarted: { type: "Normal", meaning: "the cluster is being deleted as its deletionPolicy says" },
  FinalBackupFailed: { type: "Warning", meaning: "no last backup could be taken, so the claims are kept" },
  DeletionBlocked: { type: "Warning", meaning: "the deletion waits for something, which the message names" },
} as const satisfies Readonly<Record<string, EventKind>>;

/** The reason of an event. */
export type EventReason = keyof typeof EVENT_REASONS;
