import type { HexId } from "./hex-id.ts";

/** What a member says of itself that answers: one of a cluster, not necessarily a current one, nor of the one in question. */
export interface RunningMember {
  readonly kind: "Running";
  readonly memberId: HexId;
  readonly clusterId: HexId;
  readonly isLearner: boolean;
  readonly isLeader: boolean;
  /** A voter answers a linearizable read; a learner, which may not, knows a leader. */
  readonly healthy: boolean;
  /** Kvorum's release; empty if the member does not say, as etcd's own does not. */
  readonly version: string;
  /** Level of etcd's API. */
  readonly etcdVersion: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly raftTerm: number;
  readonly raftIndex: number;
  /** Alarms and the lack of a leader, in the member's words; why the health check failed comes last. */
  readonly errors: readonly string[];
}
