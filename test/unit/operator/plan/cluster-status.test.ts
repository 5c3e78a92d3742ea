import { describe, expect, test } from "vitest";
import { backupReadiness } from "../../../../operator/plan/backup-readiness.ts";
import { clusterEvents } from "../../../../operator/plan/cluster-events.ts";
import { clusterStatus } from "../../../../operator/plan/cluster-status.ts";
import type { Decision } from "../../../../operator/plan/decision.ts";
import type { Member, Observation, Pod, Process } from "../../../../operator/plan/observation.ts";
import { findCondition } from "../../../../operator/types/condition.ts";
import type { EtcdClusterStatus } from "../../../../operator/types/etcd-cluster-status.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

const NOW_MS = Date.parse("2026-01-02T03:04:05Z");
const CLUSTER_ID = "cafe";

function running(ordinal: number, more: Partial<Extract<Process, { kind: "Running" }>> = {}): Process {
  return {
    kind: "Running",
    memberId: `a${String(ordinal)}`,
    clusterId: CLUSTER_ID,
    isLearner: false,
    isLeader: ordinal === 0,
    healthy: true,
    version: "0.1.0",
    etcdVersion: "3.6.16",
    dbSize: 4096,
    dbSizeInUse: 2048,
    raftTerm: 2,
    raftIndex: 17,
    errors: [],
    ...more,
  };
}

function pod(ordinal: number, process: Process = running(ordinal)): Pod {
  const name = `example-${String(ordinal)}`;
  const isReady = process.kind === "Running" && process.healthy;
  return {
    ordinal,
    name,
    uid: `u${String(ordinal)}`,
    terminating: false,
    ready: isReady,
    upToDate: true,
    sinceMs: NOW_MS - 60_000,
    process,
  };
}

function voter(ordinal: number): Member {
  return { id: `a${String(ordinal)}`, ordinal, name: `example-${String(ordinal)}`, isLearner: false };
}

function observed(more: Partial<Observation> = {}): Observation {
  const wanted = more.cluster ?? {
    name: "example",
    uid: "uid",
    generation: 4,
    wanted: 3,
    paused: false,
    restore: false,
  };
  return {
    nowMs: NOW_MS,
    cluster: wanted,
    latched: { clusterId: CLUSTER_ID },
    statefulSet: { replicas: 3, templateObserved: true },
    pods: [pod(0), pod(1), pod(2)],
    claims: [],
    members: [voter(0), voter(1), voter(2)],
    ...more,
  };
}

const NO_BACKUPS = backupReadiness({ clusterUid: "uid", backups: [], schedules: [], lastBackup: undefined });
const AT_REST: Decision = { step: { kind: "None" }, reason: "AsWanted", message: "3 members, all healthy" };

function statusOf(observation: Observation, decision = AT_REST, before?: EtcdClusterStatus): EtcdClusterStatus {
  const cluster = { ...etcdCluster({}, "example"), ...(before && { status: before }) };
  return clusterStatus(observation, decision, cluster, { refreshesNumbers: true, backups: NO_BACKUPS });
}

function verdicts(status: EtcdClusterStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
  );
}

describe("the status of a cluster", () => {
  test("that is as wanted says so, names its leader and what a client types", () => {
    const status = statusOf(observed());
    expect(verdicts(status)).toEqual({
      Available: "True ClusterAvailable",
      Progressing: "False AsWanted",
      Degraded: "False AllMembersHealthy",
      QuorumHealthy: "True QuorumHealthy",
      Hibernated: "False Running",
      Paused: "False NotPaused",
      BackupReady: "False NoBackupYet",
    });
    expect(status).toMatchObject({
      observedGeneration: 4,
      replicas: 3,
      readyReplicas: 3,
      voters: 3,
      learners: 0,
      leader: "example-0",
      version: "0.1.0",
      etcdVersion: "3.6.16",
      endpoints: { client: "http://example-client.ns.svc:2379" },
    });
    expect(status.members?.map(({ name, role, phase, healthy }) => [name, role, phase, healthy])).toEqual([
      ["example-0", "Leader", "Running", true],
      ["example-1", "Follower", "Running", true],
      ["example-2", "Follower", "Running", true],
    ]);
    expect(status.operation).toBeUndefined();
  });

  const lost = {
    pods: [pod(0, running(0, { healthy: false })), pod(1, { kind: "Unreachable" }), pod(2, { kind: "Unreachable" })],
  } as const;
  test.each<[name: string, observation: Observation, decision: Decision, expected: Readonly<Record<string, string>>]>([
    [
      "without a quorum is neither available nor called progressing",
      observed({ ...lost, members: undefined }),
      { step: { kind: "Wait", retryMs: 1000 }, reason: "QuorumLost", message: "no quorum" },
      {
        Available: "False QuorumLost",
        Progressing: "False QuorumLost",
        Degraded: "True QuorumLost",
        QuorumHealthy: "False QuorumLost",
      },
    ],
    [
      "with one member away is available and degraded",
      observed({ pods: [pod(0), pod(1), pod(2, { kind: "Unreachable" })] }),
      { step: { kind: "Wait", retryMs: 5000 }, reason: "MemberUnhealthy", message: "example-2 does not answer" },
      {
        Available: "True ClusterAvailable",
        Progressing: "False MemberUnhealthy",
        Degraded: "True MemberUnhealthy",
        QuorumHealthy: "True QuorumHealthy",
      },
    ],
    [
      "that has no first member yet is not founded, and not degraded",
      observed({ latched: {}, pods: [pod(0, { kind: "Waiting", volume: "Empty" })], members: undefined }),
      { step: { kind: "Wait", retryMs: 1000 }, reason: "Bootstrapping", message: "example-0 is being started" },
      {
        Available: "False NotFounded",
        Progressing: "True Bootstrapping",
        Degraded: "False AllMembersHealthy",
        QuorumHealthy: "False NotFounded",
      },
    ],
    [
      "whose rollout hangs does not progress",
      observed(),
      { step: { kind: "Wait", retryMs: 5000 }, reason: "RolloutStalled", message: "example-2 does not become healthy" },
      { Available: "True ClusterAvailable", Progressing: "False RolloutStalled", Degraded: "True RolloutStalled" },
    ],
    [
      "that sleeps says so everywhere",
      observed({
        cluster: { name: "example", uid: "uid", generation: 4, wanted: 0, paused: false, restore: false },
        pods: [],
        members: undefined,
      }),
      { step: { kind: "None" }, reason: "Hibernated", message: "asleep" },
      {
        Available: "False Hibernated",
        QuorumHealthy: "False Hibernated",
        Hibernated: "True Hibernated",
        Degraded: "False AllMembersHealthy",
      },
    ],
    [
      "that is full refuses writes, so it is not available",
      observed({ pods: [pod(0, running(0, { errors: ["memberID:1 alarm:NOSPACE "] })), pod(1), pod(2)] }),
      AT_REST,
      { Available: "False NoSpace" },
    ],
  ])("%s", (_name, observation, decision, expected) => {
    expect(verdicts(statusOf(observation, decision))).toMatchObject(expected);
  });

  test("has the operation that is about to begin, and loses it when nothing is in flight", () => {
    const operation = {
      type: "ScaleUp",
      phase: "AddLearner",
      target: "example-3",
      memberId: "b3",
      startedMs: NOW_MS,
      attempt: 1,
    } as const;
    const begun = statusOf(observed(), {
      step: { kind: "AddLearner", ordinal: 3 },
      reason: "ScalingUp",
      message: "",
      operation,
    });
    expect(begun.operation).toEqual({
      type: "ScaleUp",
      phase: "AddLearner",
      target: "example-3",
      memberID: "b3",
      startedAt: "2026-01-02T03:04:05Z",
      attempt: 1,
    });
    expect(statusOf(observed(), AT_REST, begun).operation).toBeUndefined();
  });

  test("keeps what was latched, and what nobody can know without a quorum", () => {
    const before = {
      ...statusOf(observed()),
      clusterID: CLUSTER_ID,
      seed: { podUid: "u0", grantedAt: "2026-01-01T00:00:00Z", started: true },
    };
    const status = statusOf(observed({ ...lost, members: undefined }), AT_REST, before);
    expect(status).toMatchObject({ clusterID: CLUSTER_ID, seed: before.seed, voters: 3, leader: "example-0" });
    expect(status.members?.map(({ id }) => id)).toEqual(["a0", "a1", "a2"]);
  });

  test("does not change while only sizes and indexes move, unless they are to be told anew", () => {
    const before = statusOf(observed());
    const later = observed({
      nowMs: NOW_MS + 10_000,
      pods: [0, 1, 2].map((ordinal) => pod(ordinal, running(ordinal, { raftIndex: 99, dbSize: 8192 }))),
    });
    const cluster = { ...etcdCluster({}, "example"), status: before };
    expect(clusterStatus(later, AT_REST, cluster, { refreshesNumbers: false, backups: NO_BACKUPS })).toEqual(before);
    expect(
      clusterStatus(later, AT_REST, cluster, { refreshesNumbers: true, backups: NO_BACKUPS }).members?.[1]?.raftIndex,
    ).toBe(99);
  });

  test("a condition's time is that of its status, not of its reason", () => {
    const before = statusOf(observed());
    const later = observed({ nowMs: NOW_MS + 60_000, pods: [pod(0), pod(1), pod(2, { kind: "Unreachable" })] });
    const now = statusOf(later, { ...AT_REST, reason: "MemberUnhealthy" }, before);
    expect(findCondition(now.conditions, "Progressing")?.lastTransitionTime).toBe("2026-01-02T03:04:05Z");
    expect(findCondition(now.conditions, "Degraded")?.lastTransitionTime).toBe("2026-01-02T03:05:05Z");
  });
});

describe("events of a cluster", () => {
  const learner: Member = { id: "a3", ordinal: 3, name: "", isLearner: true };
  const learning = observed({
    pods: [pod(0), pod(1), pod(2), pod(3, running(3, { isLearner: true }))],
    members: [voter(0), voter(1), voter(2), learner],
  });
  const four = observed({ pods: [pod(0), pod(1), pod(2), pod(3)], members: [voter(0), voter(1), voter(2), voter(3)] });

  test.each<[name: string, from: Observation, to: Observation, expected: readonly string[]]>([
    ["nothing happened", observed(), observed(), []],
    ["a learner got its vote", learning, four, ["MemberAdded"]],
    ["a learner is no member yet that votes", observed(), learning, []],
    ["a member was removed", four, observed({ pods: [pod(0), pod(1), pod(2)] }), ["MemberRemoved"]],
    [
      "a member was replaced at its place",
      observed(),
      observed({
        pods: [pod(0), pod(1), pod(2, running(2, { memberId: "b2" }))],
        members: [voter(0), voter(1), { ...voter(2), id: "b2" }],
      }),
      ["MemberReplaced"],
    ],
    [
      "the quorum is lost",
      observed(),
      observed({ pods: [], members: undefined }),
      ["ClusterUnavailable", "QuorumLost"],
    ],
    [
      "nobody is said to be removed while nobody knows the members",
      four,
      observed({ members: undefined }),
      ["QuorumLost"],
    ],
  ])("%s", (_name, from, to, expected) => {
    expect(eventsOf(from, to)).toEqual(expected);
  });

  test("a successor that was seen to learn replaces a member, it is not added", () => {
    const replacing: Decision = {
      step: { kind: "FinishReplace", memberId: "a2", successorId: "b2", ordinal: 2 },
      reason: "ReplacingMember",
      message: "",
      operation: { type: "Replace", phase: "FinishReplace", target: "example-2", startedMs: NOW_MS, attempt: 1 },
    };
    const successor: Member = { id: "b2", ordinal: 2, name: "", isLearner: true };
    const learns = observed({
      pods: [pod(0), pod(1), pod(2, running(2, { memberId: "b2", isLearner: true }))],
      members: [voter(0), voter(1), voter(2), successor],
    });
    const swapped = observed({
      pods: [pod(0), pod(1), pod(2, running(2, { memberId: "b2" }))],
      members: [voter(0), voter(1), { ...voter(2), id: "b2" }],
    });
    expect(eventsOf(learns, swapped, AT_REST, replacing)).toEqual(["MemberReplaced"]);
  });

  test("an even size is warned of once for each change of the spec", () => {
    const even = observed({
      cluster: { name: "example", uid: "uid", generation: 5, wanted: 4, paused: false, restore: false },
    });
    expect(eventsOf(observed(), even)).toEqual(["EvenSize"]);
    expect(eventsOf(even, even)).toEqual([]);
  });
});

function eventsOf(
  from: Observation,
  to: Observation,
  decision = AT_REST,
  earlier: Decision = AT_REST,
): readonly string[] {
  const before = statusOf(from, earlier);
  const cluster = { ...etcdCluster({}, "example"), status: before };
  const now = clusterStatus(to, decision, cluster, { refreshesNumbers: true, backups: NO_BACKUPS });
  return clusterEvents(to, decision, cluster, now).map(({ reason }) => reason);
}
