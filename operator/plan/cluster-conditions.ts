import type { ConditionUpdate } from "../types/condition.ts";
import type { ClusterReason } from "../types/condition-reason.ts";
import type { ClusterConditionType } from "../types/etcd-cluster.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy, leaderOf } from "./member-pod.ts";
import type { Observation } from "./observation.ts";
import { hasQuorum, healthyVoters, voters } from "./quorum.ts";

type Update = ConditionUpdate<ClusterConditionType> & { readonly reason: ClusterReason };

/** What stands still until a person, or fate, does something about it. */
const STALLED: ReadonlySet<ClusterReason> = new Set([
  "QuorumLost",
  "BootstrapInterrupted",
  "RolloutStalled",
  "RolloutBlocked",
  "MembershipBlocked",
  "ForeignVolume",
  "ForeignMember",
  "RemovedMember",
  "ClusterIDMismatch",
  "LearnerStuck",
]);
/** What is wrong with a cluster although its voters may all be well. */
const WRONG: ReadonlySet<ClusterReason> = new Set([
  "BootstrapInterrupted",
  "RolloutStalled",
  "ForeignVolume",
  "ForeignMember",
  "RemovedMember",
  "ClusterIDMismatch",
  "LearnerStuck",
  "FinalBackupFailed",
]);

/** The cluster's conditions, but for those about backups. */
export function clusterConditions(observation: Observation, decision: Decision): readonly Update[] {
  return [
    available(observation),
    progressing(decision),
    degraded(observation, decision),
    quorumHealthy(observation),
    hibernated(observation),
    paused(observation),
  ];
}

function available(observation: Observation): Update {
  const type = "Available";
  const readers = observation.pods.filter(
    ({ process }) => process.kind === "Running" && process.healthy && !process.isLearner,
  );
  if (isAsleep(observation)) return { type, status: "False", reason: "Hibernated", message: ASLEEP };
  if (observation.latched.clusterId === undefined && readers.length === 0)
    return { type, status: "False", reason: "NotFounded", message: "the cluster has no first member yet" };
  const full = readers.find(
    ({ process }) => process.kind === "Running" && process.errors.some((error) => error.includes("NOSPACE")),
  );
  if (full) {
    const message = `${full.name} has reached spec.server.quotaBackendBytes: compact and defragment, or raise it, then disarm the alarm (etcdctl alarm disarm)`;
    return { type, status: "False", reason: "NoSpace", message };
  }
  if (readers.length > 0) {
    const message = `a linearizable read succeeds on ${readers.map(({ name }) => name).join(", ")}`;
    return { type, status: "True", reason: "ClusterAvailable", message };
  }
  const quorum = quorumHealthy(observation);
  if (quorum.status === "False") return { ...quorum, type };
  const reason = leaderOf(observation) ? "MemberUnhealthy" : "NoLeader";
  return { type, status: "False", reason, message: "no member answers a linearizable read" };
}

function progressing({ step, reason, message }: Decision): Update {
  const isAtRest =
    step.kind === "None" || (STALLED.has(reason) && step.kind === "Wait") || reason === "MemberUnhealthy";
  return { type: "Progressing", status: isAtRest ? "False" : "True", reason, message };
}

function degraded(observation: Observation, { reason, message }: Decision): Update {
  const type = "Degraded";
  const sick = voters(observation).filter((voter) => !isHealthy(observation, voter));
  const isAwake = !isAsleep(observation) && observation.latched.clusterId !== undefined;
  if (WRONG.has(reason)) return { type, status: "True", reason, message };
  if (isAwake && !hasQuorum(observation))
    return { type, status: "True", reason: "QuorumLost", message: quorumText(observation) };
  if (isAwake && sick.length > 0) {
    const complaints = sick.map(({ id, ordinal }) =>
      ordinal === undefined ? `member ${id} is no pod of this cluster` : complaint(observation, ordinal),
    );
    return { type, status: "True", reason: "MemberUnhealthy", message: complaints.join("; ") };
  }
  return { type, status: "False", reason: "AllMembersHealthy", message: "every member that there is does its part" };
}

function quorumHealthy(observation: Observation): Update {
  const type = "QuorumHealthy";
  if (isAsleep(observation)) return { type, status: "False", reason: "Hibernated", message: ASLEEP };
  if (hasQuorum(observation))
    return { type, status: "True", reason: "QuorumHealthy", message: quorumText(observation) };
  return observation.latched.clusterId === undefined
    ? { type, status: "False", reason: "NotFounded", message: "the cluster has no first member yet" }
    : { type, status: "False", reason: "QuorumLost", message: quorumText(observation) };
}

function quorumText(observation: Observation): string {
  const all = voters(observation);
  if (all.length > 0) return `${String(healthyVoters(observation).length)} of ${String(all.length)} voters are healthy`;
  const silent = observation.pods
    .filter(({ process }) => process.kind !== "Running")
    .map(({ ordinal }) => complaint(observation, ordinal));
  return ["no member answers with a quorum behind it", ...silent].join("; ");
}

const ASLEEP = "spec.replicas is 0: no pods run, the data are kept";

function isAsleep({ cluster, pods }: Observation): boolean {
  return cluster.wanted === 0 && pods.length === 0;
}

function hibernated(observation: Observation): Update {
  const type = "Hibernated";
  if (isAsleep(observation)) return { type, status: "True", reason: "Hibernated", message: ASLEEP };
  return { type, status: "False", reason: "Running", message: "spec.replicas is not 0, or pods still run" };
}

function paused({ cluster }: Observation): Update {
  const type = "Paused";
  return cluster.paused
    ? {
        type,
        status: "True",
        reason: "Paused",
        message: "spec.paused is set: nothing is changed, the status is kept up to date",
      }
    : { type, status: "False", reason: "NotPaused", message: "spec.paused is not set" };
}
