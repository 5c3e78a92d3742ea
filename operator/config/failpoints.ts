/**
 * Every point between two steps at which tests end, break or hold the operator, and what has just happened there. Whatever
 * is killed at any of them has to come to the same end when it is started again.
 */
export const FAILPOINTS = {
  "after-add-finalizer": "the finalizer is on the EtcdCluster, none of its objects exist",
  "after-apply-objects": "the cluster's objects are applied",
  "after-write-operation": "the step is written to status.operation and has not begun",
  "after-scale-stateful-set": "the StatefulSet has its new number of replicas",
  "after-latch-seed": "status.seed is written, the seed has no permit yet",
  "after-grant-seed": "the seed has its permit",
  "after-latch-seed-started": "status.seed.started is written",
  "after-latch-cluster": "status.clusterID is written",
  "after-add-learner": "the learner is a member, its pod has no permit yet",
  "after-grant-join": "the pod has its permit to join",
  "after-promote": "the learner votes, the status does not say so",
  "after-move-leader": "the leadership has moved, its former holder is still a member",
  "after-remove-member": "the member is removed, its pod and claim are still there",
  "after-start-replace": "the successor is a learner",
  "after-finish-replace": "the successor votes in the place of the member whose disk is lost",
  "after-delete-pod": "the pod's deletion is asked for",
  "after-delete-claim": "the claim's deletion is asked for",
  "after-final-backup": "the last backup of a cluster that goes is asked for",
  "before-remove-finalizer": "all is done for a cluster that goes, except to let it go",
  "after-create-backup": "a schedule has made its EtcdBackup, its status does not say so",
  "after-create-backup-job": "the Job of a backup exists, the backup's status does not say so",
  "after-record-backup": "the backup's result is in its status",
  "before-delete-backup": "an old backup is chosen to be deleted",
  "after-create-restored-cluster": "the EtcdCluster of a restore exists, the restore's status does not say so",
} as const satisfies Readonly<Record<string, string>>;

/** The name of a failpoint. */
export type FailpointName = keyof typeof FAILPOINTS;
