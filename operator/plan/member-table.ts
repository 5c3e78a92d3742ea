import { timestamp } from "../types/condition.ts";
import type { MemberStatus } from "../types/etcd-cluster-status.ts";
import { podName } from "../types/names.ts";
import { complaint, isHealthy, leaderOf, podAt } from "./member-pod.ts";
import type { Member, Observation, Pod } from "./observation.ts";

/**
 * `status.members`: one row for each pod and for each member without one, by ordinal. Where a successor shares a pod with
 * the voter that it replaces, the row is the successor's, whose process it is.
 */
export function memberTable(observation: Observation, previous: readonly MemberStatus[] = []): readonly MemberStatus[] {
  const { pods, members = [], cluster } = observation;
  const ordinals = new Set([...pods, ...members].flatMap(({ ordinal }) => (ordinal === undefined ? [] : [ordinal])));
  return [...ordinals]
    .toSorted((a, b) => a - b)
    .map((ordinal) => {
      const name = podName(cluster.name, ordinal);
      const before = previous.find((earlier) => earlier.name === name);
      return row(observation, ordinal, name, before);
    });
}

function row(observation: Observation, ordinal: number, name: string, before: MemberStatus | undefined): MemberStatus {
  const pod = podAt(observation, ordinal);
  const member = memberAt(observation, ordinal);
  const phase = phaseOf(pod);
  const healthy = member !== undefined && isHealthy(observation, member);
  const role = member && roleOf(observation, member);
  // Who the members are is not known without a quorum: what was known stays.
  const id = member?.id ?? (observation.members ? undefined : before?.id);
  const lastTransitionTime = before?.phase === phase ? before.lastTransitionTime : timestamp(observation.nowMs);
  return {
    name,
    ...(id !== undefined && { id }),
    ...(role && { role }),
    phase,
    healthy,
    ...runningFields(pod),
    ...(!healthy && { message: complaint(observation, ordinal) }),
    ...(lastTransitionTime !== undefined && { lastTransitionTime }),
  };
}

function memberAt({ members = [] }: Observation, ordinal: number): Member | undefined {
  const there = members.filter((member) => member.ordinal === ordinal);
  return there.find(({ isLearner }) => isLearner) ?? there[0];
}

function phaseOf(pod: Pod | undefined): MemberStatus["phase"] {
  if (!pod) return "Missing";
  switch (pod.process.kind) {
    case "Running":
      return "Running";
    case "Unreachable":
      return "Unreachable";
    case "Waiting":
    case "Starting":
      return "Waiting";
  }
}

function roleOf(observation: Observation, member: Member): NonNullable<MemberStatus["role"]> {
  if (member.isLearner) return "Learner";
  return leaderOf(observation)?.id === member.id ? "Leader" : "Follower";
}

function runningFields(pod: Pod | undefined): Partial<MemberStatus> {
  const process = pod?.process;
  if (process?.kind !== "Running") return {};
  const { version, dbSize, dbSizeInUse, raftTerm, raftIndex } = process;
  return {
    ...(version !== "" && { version }),
    dbSizeBytes: dbSize,
    dbSizeInUseBytes: dbSizeInUse,
    raftTerm,
    raftIndex,
  };
}

/** The rows with the numbers of before where only those have moved: they grow all the time, and nobody is to be woken for it. */
export function withOldNumbers(
  rows: readonly MemberStatus[],
  previous: readonly MemberStatus[] = [],
): readonly MemberStatus[] {
  return rows.map((now) => {
    const before = previous.find(({ name }) => name === now.name);
    if (before?.phase !== "Running" || now.phase !== "Running") return now;
    const { dbSizeBytes, dbSizeInUseBytes, raftIndex } = before;
    return {
      ...now,
      ...(dbSizeBytes !== undefined && { dbSizeBytes }),
      ...(dbSizeInUseBytes !== undefined && { dbSizeInUseBytes }),
      ...(raftIndex !== undefined && { raftIndex }),
    };
  });
}
