import type { HexId } from "../types/hex-id.ts";
import type { RunningMember } from "../types/running-member.ts";
import type { Operation } from "./operation.ts";

/**
 * Everything that a decision rests on, as one value. Kubernetes objects may be as old as the informer's cache; `members`
 * and each pod's `process` are asked anew for every observation. Whatever could not be learned is said to be unknown
 * (`members` undefined, a process Unreachable), never guessed.
 */
export interface Observation {
  readonly nowMs: number;
  readonly cluster: Cluster;
  readonly latched: Latched;
  /** Undefined before it was made. */
  readonly statefulSet: StatefulSet | undefined;
  readonly pods: readonly Pod[];
  readonly claims: readonly Claim[];
  /** The linearizable member list; undefined if no member answered with a quorum behind it. */
  readonly members: readonly Member[] | undefined;
}

/** What the EtcdCluster asks for. */
export interface Cluster {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** `spec.replicas`; 0 hibernates. */
  readonly wanted: number;
  readonly paused: boolean;
  /** Whether the seed's volume was filled from a backup before it starts. */
  readonly restore: boolean;
  /** Its pods are to be rolled because the operator is another one, after those of that cluster (`namespace/name`). */
  readonly upgradeAfter?: string;
  /** There is one as soon as the EtcdCluster has a deletion timestamp. */
  readonly deletion?: Deletion;
}

/** The EtcdCluster is being deleted. */
export interface Deletion {
  readonly policy: "Retain" | "Delete" | "SnapshotThenDelete";
  /** The deletion timestamp. */
  readonly startedMs: number;
  /** What has become of the last backup. None: it was not asked for yet. */
  readonly finalBackup: "None" | "Pending" | "Done" | "Failed";
}

/** What was written into the status before an act, and holds across restarts of the operator. */
export interface Latched {
  /** `status.clusterID`. Never changes once it is there. */
  readonly clusterId?: HexId;
  /** `status.seed`. */
  readonly seed?: Seed;
  /** `status.operation`. */
  readonly operation?: Operation;
}

/** The pod that was given leave to found the cluster. */
export interface Seed {
  readonly podUid: string;
  /** Whether it was ever seen past its permit: from then on its volume is the cluster. */
  readonly started: boolean;
}

/** The one StatefulSet. */
export interface StatefulSet {
  /** `spec.replicas`. */
  readonly replicas: number;
  /** Whether its controller has seen the template of now: before that no pod's `upToDate` means anything. */
  readonly templateObserved: boolean;
}

/** A pod of the StatefulSet. */
export interface Pod {
  readonly ordinal: number;
  readonly name: string;
  readonly uid: string;
  /** Whether it has a deletion timestamp. */
  readonly terminating: boolean;
  /** Its Ready condition. */
  readonly ready: boolean;
  /** Whether it was made from the template of now (its controller-revision-hash is the StatefulSet's update revision). */
  readonly upToDate: boolean;
  /** Since when it is ready, or not ready: the last change of its Ready condition, else its creation. */
  readonly sinceMs: number;
  /** Why its container does not run, in its kubelet's words, as long as it does not. */
  readonly trouble?: string;
  readonly process: Process;
}

/** What the process in a pod says about itself on its peer port. */
export type Process = Unreachable | Waiting | Starting | RunningMember;

/** Nothing answers: it may be dead, slow or cut off. Says nothing about its disk. */
export interface Unreachable {
  readonly kind: "Unreachable";
}

/** It has no leave to start. */
export interface Waiting {
  readonly kind: "Waiting";
  readonly volume: Volume;
  /** The member whose data the volume holds or was granted to, if it knows. */
  readonly memberId?: HexId;
  readonly message?: string;
}

/**
 * What a waiting process found in its volume. Empty: a fresh one. Granted: a permit was taken and no raft message was
 * ever sent under it, so another one may take its place. Owned: data that agree with the pod; it is about to start.
 * Lost: a member ran here and its data are gone. Foreign: data of another cluster or pod, which nobody touches.
 */
export type Volume = "Empty" | "Granted" | "Owned" | "Lost" | "Foreign";

/** It has leave and data and does not serve yet. */
export interface Starting {
  readonly kind: "Starting";
  readonly memberId?: HexId;
}

/** The PersistentVolumeClaim of an ordinal. */
export interface Claim {
  readonly ordinal: number;
  readonly uid: string;
  /** Whether it has a deletion timestamp: it goes as soon as no pod uses it, and nothing can bring it back. */
  readonly terminating: boolean;
  /** Whether it was made for this EtcdCluster (its label names the UID), not left behind by an earlier one of that name. */
  readonly isOurs: boolean;
}

/** A row of the member list. A successor is a learner with the ordinal of the voter that it is to replace. */
export interface Member {
  readonly id: HexId;
  /** By the host of its peer URL; undefined: not a pod of this StatefulSet. */
  readonly ordinal: number | undefined;
  /** Empty until the member has published itself. */
  readonly name: string;
  readonly isLearner: boolean;
}
