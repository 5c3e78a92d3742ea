import { setCondition, timestamp } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { ClusterOperation, EtcdClusterStatus } from "../types/etcd-cluster-status.ts";
import { clientUrl, memberSelector, podName, selectorText } from "../types/names.ts";
import type { BackupReadiness } from "./backup-readiness.ts";
import { clusterConditions } from "./cluster-conditions.ts";
import type { Decision } from "./decision.ts";
import { leaderOf } from "./member-pod.ts";
import { memberTable, withOldNumbers } from "./member-table.ts";
import type { Observation } from "./observation.ts";
import type { Operation } from "./operation.ts";
import { voters } from "./quorum.ts";

/** What is told of a cluster beside what was observed. */
export interface StatusOptions {
  /** Whether sizes and raft indexes are told anew: they move all the time, and each time would be a write. */
  readonly refreshesNumbers: boolean;
  readonly backups: BackupReadiness;
}

/**
 * The whole status of a cluster: what was observed, what is decided (its operation is in it before the step begins), and
 * what was latched before, which nothing here changes.
 */
export function clusterStatus(
  observation: Observation,
  decision: Decision,
  cluster: EtcdCluster,
  { refreshesNumbers, backups }: StatusOptions,
): EtcdClusterStatus {
  const { pods, members, cluster: wanted } = observation;
  const { status: before = {}, metadata } = cluster;
  const { operation: _before, ...kept } = before;
  const leader = leaderOf(observation);
  const table = memberTable(observation, before.members);
  const versions = pods.flatMap(({ process }) => (process.kind === "Running" ? [process] : []));
  const version = lowest(versions.map((each) => each.version).filter((each) => each !== ""));
  const etcdVersion = lowest(versions.map((each) => each.etcdVersion));
  return {
    ...kept,
    observedGeneration: wanted.generation,
    replicas: pods.length,
    readyReplicas: pods.filter(({ ready }) => ready).length,
    selector: selectorText(memberSelector(metadata.name)),
    // Without a quorum nobody knows: what was known stays.
    ...(members && {
      voters: voters(observation).length,
      learners: members.filter(({ isLearner }) => isLearner).length,
      leader: leader?.ordinal === undefined ? "" : podName(metadata.name, leader.ordinal),
    }),
    ...(version !== undefined && { version }),
    ...(etcdVersion !== undefined && { etcdVersion }),
    endpoints: { client: clientUrl(metadata) },
    members: refreshesNumbers ? table : withOldNumbers(table, before.members),
    ...(backups.lastBackup && { lastBackup: backups.lastBackup }),
    ...(decision.operation && { operation: writtenOperation(decision.operation) }),
    conditions: [...clusterConditions(observation, decision), backups.condition].reduce(
      (conditions, update) => setCondition(conditions, update, wanted.generation, observation.nowMs),
      before.conditions ?? [],
    ),
  };
}

function writtenOperation({ type, phase, target, memberId, podUid, startedMs, attempt }: Operation): ClusterOperation {
  return {
    type,
    phase,
    target,
    ...(memberId !== undefined && { memberID: memberId }),
    ...(podUid !== undefined && { podUid }),
    startedAt: timestamp(startedMs),
    attempt,
  };
}

/** By their numbers: 0.10.0 is above 0.9.0. */
function lowest(versions: readonly string[]): string | undefined {
  const [first] = versions.toSorted((a, b) => {
    const [left, right] = [a, b].map((version) => version.split(/[.-]/).map(Number));
    const at = left?.findIndex((part, position) => part !== right?.[position]) ?? -1;
    return at < 0 ? 0 : (left?.[at] ?? 0) - (right?.[at] ?? 0);
  });
  return first;
}
