import type { HexId } from "../types/hex-id.ts";

/**
 * One thing to do. Every step may be repeated, also after a crash at any line and from an observation that is one step
 * old: what it names (a member id, a UID) makes the second time do nothing or fail without harm. A step that fails is
 * not retried as such: the next observation decides anew.
 */
export type Step =
  | None
  | Wait
  | ScaleStatefulSet
  | GrantSeed
  | LatchSeedStarted
  | LatchCluster
  | AddLearner
  | GrantJoin
  | Promote
  | MoveLeader
  | RemoveMember
  | StartReplace
  | FinishReplace
  | DeletePod
  | DeleteClaim
  | FinalBackup
  | RemoveFinalizer;

/** All is as wanted (or paused): look again when something changes. */
export interface None {
  readonly kind: "None";
}

/** Something else has to happen first; it may happen unseen, so look again after that time. */
export interface Wait {
  readonly kind: "Wait";
  readonly retryMs: number;
}

/** Set `spec.replicas`, or make the StatefulSet with it. */
export interface ScaleStatefulSet {
  readonly kind: "ScaleStatefulSet";
  readonly replicas: number;
}

/**
 * Write `status.seed` = {podUid, now, started: false} under the resourceVersion that was observed, then post the permit
 * that founds the cluster. If the write fails, post nothing.
 */
export interface GrantSeed {
  readonly kind: "GrantSeed";
  readonly pod: string;
  readonly podUid: string;
  readonly mode: "New" | "Restore";
}

/** Write `status.seed.started` = true. */
export interface LatchSeedStarted {
  readonly kind: "LatchSeedStarted";
}

/** Write `status.clusterID` (and `status.seed.started`, if there is a seed). */
export interface LatchCluster {
  readonly kind: "LatchCluster";
  readonly clusterId: HexId;
}

/** MemberAdd as a learner with the peer URL of the ordinal. "Peer URL exists" means that it was done before. */
export interface AddLearner {
  readonly kind: "AddLearner";
  readonly ordinal: number;
}

/** Post the permit with which the pod joins as that learner; the initial cluster is the observed members. */
export interface GrantJoin {
  readonly kind: "GrantJoin";
  readonly pod: string;
  readonly podUid: string;
  readonly memberId: HexId;
}

/** MemberPromote. "Not in sync" means that it has to catch up: the server knows, we do not. */
export interface Promote {
  readonly kind: "Promote";
  readonly memberId: HexId;
  readonly ordinal: number;
}

/** Maintenance/MoveLeader, asked of `from`. */
export interface MoveLeader {
  readonly kind: "MoveLeader";
  readonly from: MemberAtOrdinal;
  readonly to: MemberAtOrdinal;
}

/** A member, by both of its names. */
export interface MemberAtOrdinal {
  readonly memberId: HexId;
  readonly ordinal: number;
}

/** MemberRemove, of a voter or a learner. */
export interface RemoveMember {
  readonly kind: "RemoveMember";
  readonly memberId: HexId;
  readonly ordinal: number;
}

/** kvorum.v1.Membership/Replace, first call: a learner with the same peer URL is added. */
export interface StartReplace {
  readonly kind: "StartReplace";
  /** The voter whose disk is lost. */
  readonly memberId: HexId;
  readonly ordinal: number;
}

/** kvorum.v1.Membership/Replace again: the learner votes and the old voter is gone, in one change. */
export interface FinishReplace {
  readonly kind: "FinishReplace";
  /** The voter whose disk is lost. */
  readonly memberId: HexId;
  readonly successorId: HexId;
  readonly ordinal: number;
}

/** Delete the pod under the precondition of its UID; the StatefulSet makes a new one if it is to have one. */
export interface DeletePod {
  readonly kind: "DeletePod";
  readonly name: string;
  readonly uid: string;
}

/** Delete the claim under the precondition of its UID. It goes when its pod is gone. */
export interface DeleteClaim {
  readonly kind: "DeleteClaim";
  readonly ordinal: number;
  readonly uid: string;
}

/** Take the last backup: create its EtcdBackup, by a fixed name. */
export interface FinalBackup {
  readonly kind: "FinalBackup";
}

/** Let the EtcdCluster go. What it owns is collected by Kubernetes. */
export interface RemoveFinalizer {
  readonly kind: "RemoveFinalizer";
}
