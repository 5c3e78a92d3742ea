import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdClusterStatus, MemberStatus } from "../types/etcd-cluster-status.ts";
import type { EventReason } from "../types/event-reason.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";

/** Something to tell people about a cluster. */
export interface ClusterEvent {
  readonly reason: EventReason;
  /** What was done about it, in one CamelCase word. */
  readonly action: string;
  readonly note: string;
}

/**
 * What has happened between the status of before and that of now, and what begins. What a single step does is told by
 * `stepEvent`, when it is done.
 */
export function clusterEvents(
  observation: Observation,
  decision: Decision,
  { status: before = {} }: EtcdCluster,
  now: EtcdClusterStatus,
): readonly ClusterEvent[] {
  const action = decision.step.kind;
  const told = [
    ...sizeEvents(observation, before),
    // Without a member list nobody knows who has come or gone.
    ...(observation.members ? memberEvents(before, now.members ?? []) : []),
    ...conditionEvents(before, now),
    ...decisionEvents(decision, before),
  ];
  return told.map(([reason, note]) => ({ reason, action, note }));
}

type Told = readonly [reason: EventReason, note: string];

function sizeEvents({ cluster }: Observation, before: EtcdClusterStatus): readonly Told[] {
  const { wanted, generation } = cluster;
  if (wanted === 0 || wanted % 2 === 1 || before.observedGeneration === generation) return [];
  const note = `${String(wanted)} members survive no more failures than ${String(wanted - 1)}: write an odd number`;
  return [["EvenSize", note]];
}

function memberEvents(
  { members: before = [], operation }: EtcdClusterStatus,
  now: readonly MemberStatus[],
): readonly Told[] {
  const joined = now.flatMap((row): readonly Told[] => {
    const earlier = before.find(({ name }) => name === row.name);
    if (!votes(row) || (earlier?.id === row.id && earlier && votes(earlier))) return [];
    const votesNow = `${row.name}: member ${row.id ?? ""} votes`;
    if (earlier?.id !== undefined && earlier.id !== row.id && votes(earlier))
      return [["MemberReplaced", `${votesNow} in the place of ${earlier.id}`]];
    // While the successor learns, the table shows it already, and no longer whom it replaces.
    const isSuccessor = operation?.type === "Replace" && operation.target === row.name;
    return isSuccessor
      ? [["MemberReplaced", `${votesNow} in the place of the one whose disk was lost`]]
      : [["MemberAdded", votesNow]];
  });
  const left = before.flatMap((row): readonly Told[] => {
    if (row.id === undefined || now.some(({ id }) => id === row.id)) return [];
    const successor = now.find(({ name }) => name === row.name);
    return successor?.id === undefined ? [["MemberRemoved", `${row.name}: member ${row.id} was removed`]] : [];
  });
  return [...joined, ...left];
}

function votes({ id, role }: MemberStatus): boolean {
  return id !== undefined && role !== undefined && role !== "Learner";
}

const CONDITION_EVENTS = [
  ["Available", "ClusterAvailable", "ClusterUnavailable"],
  ["QuorumHealthy", "QuorumRestored", "QuorumLost"],
  ["Hibernated", "Hibernated", "Resumed"],
  ["Paused", "Paused", "Unpaused"],
] as const;

function conditionEvents(before: EtcdClusterStatus, now: EtcdClusterStatus): readonly Told[] {
  return CONDITION_EVENTS.flatMap(([type, whenTrue, whenFalse]): readonly Told[] => {
    const then = before.conditions?.find((condition) => condition.type === type);
    const found = now.conditions?.find((condition) => condition.type === type);
    if (!found || found.status === then?.status) return [];
    if (found.status === "True") {
      // A quorum that was never there was not lost before.
      return type === "QuorumHealthy" && then?.reason !== "QuorumLost" ? [] : [[whenTrue, found.message]];
    }
    if (!then || (type === "QuorumHealthy" && found.reason !== "QuorumLost")) return [];
    return [[whenFalse, found.message]];
  });
}

const BEGINNINGS: Readonly<Partial<Record<string, EventReason>>> = {
  ScaleUp: "ScalingUp",
  ScaleDown: "ScalingDown",
  Rollout: "RolloutStarted",
  Delete: "DeletionStarted",
};

/** Told once each time that they become the reason. */
const TROUBLES = [
  "BootstrapInterrupted",
  "RolloutStalled",
  "ForeignVolume",
  "ForeignMember",
  "ClusterIDMismatch",
  "LearnerStuck",
  "MemberUnhealthy",
  "FinalBackupFailed",
] as const satisfies readonly EventReason[];

function decisionEvents({ reason, message, operation }: Decision, before: EtcdClusterStatus): readonly Told[] {
  const told: Told[] = [];
  const earlier = before.conditions?.find(({ type }) => type === "Progressing");
  const beginning = operation && before.operation?.type !== operation.type ? BEGINNINGS[operation.type] : undefined;
  if (beginning) told.push([beginning, message]);
  const trouble = TROUBLES.find((each) => each === reason);
  if (trouble && earlier?.reason !== trouble) told.push([trouble, message]);
  if (before.operation?.type === "Rollout" && operation === undefined && reason === "AsWanted")
    told.push(["RolloutCompleted", "every pod runs what the spec says"]);
  return told;
}
