import { describe, expect, test } from "vitest";
import type { Observation } from "../../../../operator/plan/observation.ts";
import type { Operation } from "../../../../operator/plan/operation.ts";
import { plan } from "../../../../operator/plan/plan.ts";
import { tell } from "../../../simulation/operator/story.ts";
import { NOW_MS, claim, learnerAt, observed, pod, running, unreachable, voter, waiting } from "./observed.ts";

type Row = readonly [situation: string, observation: Observation, step: string, says?: string | RegExp];

function inFlight(different: Partial<Operation>): { readonly clusterId: string; readonly operation: Operation } {
  const operation = {
    type: "ScaleUp",
    phase: "GrantJoin",
    target: "x-1",
    startedMs: NOW_MS - 1000,
    attempt: 1,
    ...different,
  } as const;
  return { clusterId: "c1", operation };
}

const MINUTES_MS = 60_000;
const without = (ordinal: number, size: number): Observation["pods"] => {
  return Array.from({ length: size }, (_, at) => (at === ordinal ? unreachable(at) : pod(at)));
};

/** x-1 on its way in beside x-0. */
function withLearner(different: Partial<Observation> = {}): Observation {
  return observed(2, { members: [voter(0), learnerAt(1)], ...different });
}

/** x-2 has lost its disk, and a successor was added for it. */
function withSuccessor(different: Partial<Observation> = {}): Observation {
  const members = [voter(0), voter(1), voter(2), learnerAt(2, "m9")];
  return observed(3, { members, pods: [pod(0), pod(1), waiting(2, "Lost")], ...different });
}

const DELETION = { policy: "SnapshotThenDelete", startedMs: NOW_MS - MINUTES_MS, finalBackup: "None" } as const;
const deleting = (different: Partial<NonNullable<Observation["cluster"]["deletion"]>>): Observation["cluster"] => {
  return { ...observed(3).cluster, deletion: { ...DELETION, ...different } };
};

const RULES: readonly (readonly [rule: string, rows: readonly Row[]])[] = [
  [
    "pause",
    [
      [
        "a cluster that is far from what is wanted",
        observed(3, { cluster: { paused: true, wanted: 1 } }),
        "None Paused",
      ],
      [
        "a deletion counts even so",
        observed(3, { cluster: { paused: true, deletion: { ...DELETION, policy: "Retain" } } }),
        "RemoveFinalizer",
      ],
    ],
  ],
  [
    "deletion",
    [
      ["38: Retain lets it go at once", observed(3, { cluster: deleting({ policy: "Retain" }) }), "RemoveFinalizer"],
      ["38: Delete stops the pods", observed(3, { cluster: deleting({ policy: "Delete" }) }), "ScaleStatefulSet 0"],
      [
        "38: then deletes claim by claim, without waiting for pods that hang",
        observed(3, {
          cluster: deleting({ policy: "Delete" }),
          statefulSet: { replicas: 0, templateObserved: true },
          claims: [claim(0, { terminating: true }), claim(1)],
          pods: [pod(0, { terminating: true })],
          members: undefined,
        }),
        "DeleteClaim 1",
      ],
      [
        "38: but not one that an earlier cluster of that name left",
        observed(3, {
          cluster: deleting({ policy: "Delete" }),
          statefulSet: undefined,
          claims: [claim(0, { terminating: true }), claim(1, { isOurs: false })],
        }),
        "RemoveFinalizer",
      ],
      ["38: SnapshotThenDelete takes a last backup first", observed(3, { cluster: deleting({}) }), "FinalBackup"],
      [
        "38: and waits for it",
        observed(3, { cluster: deleting({ finalBackup: "Pending" }) }),
        "Wait FinalBackup",
        "since 2026-01-02T03:03:05Z",
      ],
      ["38: then goes on as Delete", observed(3, { cluster: deleting({ finalBackup: "Done" }) }), "ScaleStatefulSet 0"],
      [
        "38: a backup that failed keeps the claims",
        observed(3, { cluster: deleting({ finalBackup: "Failed" }) }),
        "RemoveFinalizer",
        "no last backup could be taken: the claims are kept",
      ],
      [
        "38: a backup that takes more than an hour, too",
        observed(3, { cluster: deleting({ finalBackup: "Pending", startedMs: NOW_MS - 61 * MINUTES_MS }) }),
        "RemoveFinalizer",
      ],
      [
        "38: a dead cluster is given ten minutes",
        observed(3, { cluster: deleting({}), members: undefined }),
        "Wait FinalBackup",
      ],
      [
        "38: and no more",
        observed(3, { cluster: deleting({ startedMs: NOW_MS - 11 * MINUTES_MS }), members: undefined }),
        "RemoveFinalizer",
        "the claims are kept",
      ],
    ],
  ],
  [
    "identity",
    [
      [
        "a pod of another cluster",
        observed(3, { pods: [pod(0), pod(1), pod(2, { process: running(2, { clusterId: "c2" }) })] }),
        "Wait ClusterIDMismatch",
        "x-2 runs as part of cluster c2, but this is cluster c1",
      ],
      [
        "two clusters before one was latched",
        observed(2, { latched: {}, pods: [pod(0), pod(1, { process: running(1, { clusterId: "c2" }) })] }),
        "Wait ClusterIDMismatch",
      ],
      [
        "a member that is no pod of ours",
        observed(3, {
          members: [voter(0), voter(1), voter(2), { id: "f", ordinal: undefined, name: "old", isLearner: false }],
        }),
        "Wait ForeignMember",
        /member f \(old\) has a peer URL that is no pod .* etcdctl member remove/,
      ],
      [
        "a joint configuration that is still to be left",
        observed(3, { members: [voter(0), voter(1), voter(1, "m9"), voter(2)] }),
        "Wait ReplacingMember",
      ],
    ],
  ],
  [
    "bootstrap",
    [
      [
        "a restore starts the founder with its data",
        observed(1, { latched: {}, members: undefined, pods: [waiting(0, "Empty")], cluster: { restore: true } }),
        "GrantSeed x-0",
      ],
      [
        "an empty pod that was given leave before is given it again",
        observed(1, {
          latched: { seed: { podUid: "p0", started: false } },
          members: undefined,
          pods: [waiting(0, "Empty")],
        }),
        "GrantSeed x-0",
      ],
      [
        "a volume that was granted to the pod before goes on",
        observed(1, {
          latched: { seed: { podUid: "old", started: false } },
          members: undefined,
          pods: [waiting(0, "Granted")],
        }),
        "GrantSeed x-0",
      ],
      [
        "a founder on its way is written down",
        observed(1, {
          latched: { seed: { podUid: "p0", started: false } },
          members: undefined,
          pods: [pod(0, { process: { kind: "Starting" } })],
        }),
        "LatchSeedStarted",
      ],
      [
        "an empty pod after one that started",
        observed(1, {
          latched: { seed: { podUid: "old", started: true } },
          members: undefined,
          pods: [waiting(0, "Empty")],
        }),
        "Wait BootstrapInterrupted",
        "no second one is founded",
      ],
      [
        "a volume that lost its data",
        observed(1, { latched: {}, members: undefined, pods: [waiting(0, "Lost")] }),
        "Wait BootstrapInterrupted",
      ],
      [
        "a volume of another cluster",
        observed(1, { latched: {}, members: undefined, pods: [waiting(0, "Foreign")] }),
        "Wait ForeignVolume",
      ],
      [
        "a status that was lost while another pod remembers the cluster",
        observed(2, { latched: {}, members: undefined, pods: [waiting(0, "Empty"), waiting(1, "Owned")] }),
        "Wait BootstrapInterrupted",
        "there was a cluster before",
      ],
      ["a status that was lost while pods run is found again", observed(2, { latched: {} }), "LatchCluster"],
      [
        "a cluster that never was is not founded for size 0",
        observed(0, { latched: {}, members: undefined, statefulSet: undefined }),
        "None Hibernated",
      ],
    ],
  ],
  [
    "a lost quorum",
    [
      [
        "17: two disks of three are lost",
        observed(3, { pods: [pod(0), waiting(1, "Empty"), waiting(2, "Lost")] }),
        "Wait QuorumLost",
        "1 of 3 voters are healthy, 2 are needed",
      ],
      [
        "nobody answers",
        observed(2, { members: undefined, pods: [unreachable(0), unreachable(1)] }),
        "Wait QuorumLost",
        "x-1 does not answer, not ready since 2026-01-02T03:04:00Z",
      ],
      [
        "pods that members lack are asked for",
        observed(3, { members: undefined, pods: [], statefulSet: { replicas: 1, templateObserved: true } }),
        "ScaleStatefulSet 3",
      ],
      [
        "a claim that is going, or not ours, is no member",
        observed(3, {
          members: undefined,
          pods: [],
          claims: [claim(0), claim(1, { terminating: true }), claim(2, { isOurs: false })],
          statefulSet: { replicas: 1, templateObserved: true },
        }),
        "Wait QuorumLost",
      ],
      [
        "a smaller size makes no difference",
        observed(3, { pods: [pod(0), unreachable(1), unreachable(2)], cluster: { wanted: 1 } }),
        "Wait QuorumLost",
      ],
      [
        "nor does size 0",
        observed(3, { pods: [pod(0), unreachable(1), unreachable(2)], cluster: { wanted: 0 } }),
        "Wait QuorumLost",
      ],
      [
        "a pod that is out of date is left alone, with advice",
        observed(2, { pods: [pod(0), unreachable(1, { upToDate: false })] }),
        "Wait QuorumLost",
        "kubectl delete pod x-1",
      ],
    ],
  ],
  [
    "a learner",
    [
      ["whose pod runs is asked to vote", withLearner(), "Promote 1"],
      ["whose pod waits is given leave", withLearner({ pods: [pod(0), waiting(1, "Empty")] }), "GrantJoin x-1"],
      [
        "whose pod was given leave and is still empty is given it again",
        withLearner({ pods: [pod(0), waiting(1, "Empty")], latched: inFlight({ memberId: "m1", podUid: "p1" }) }),
        "GrantJoin x-1",
      ],
      [
        "whose leave went to a pod that is gone, with its volume, has lost its disk",
        withLearner({ pods: [pod(0), waiting(1, "Empty")], latched: inFlight({ memberId: "m1", podUid: "p9" }) }),
        "RemoveMember 1",
        "lost its disk before it had a vote",
      ],
      [
        "whose leave went to a pod that is gone, without its volume, goes on",
        withLearner({ pods: [pod(0), waiting(1, "Granted")], latched: inFlight({ memberId: "m1", podUid: "p9" }) }),
        "GrantJoin x-1",
      ],
      ["that does not answer is waited for", withLearner({ pods: [pod(0), unreachable(1)] }), "Wait LearnerCatchingUp"],
      [
        "that does not answer and is out of date is restarted",
        withLearner({ pods: [pod(0), unreachable(1, { upToDate: false })] }),
        "DeletePod x-1",
      ],
      [
        "that is not wanted any more is removed",
        withLearner({ cluster: { ...observed(1).cluster } }),
        "RemoveMember 1",
      ],
      [
        "of 10 minutes is removed",
        withLearner({
          pods: [pod(0), unreachable(1)],
          latched: inFlight({ memberId: "m1", startedMs: NOW_MS - 10 * MINUTES_MS }),
        }),
        "RemoveMember 1",
        "has not caught up since 2026-01-02T02:54:05Z",
      ],
      [
        "of 10 minutes that was never asked to vote is asked first",
        withLearner({ latched: inFlight({ memberId: "m1", startedMs: NOW_MS - 10 * MINUTES_MS }) }),
        "Promote 1",
      ],
      [
        "of 10 minutes that was asked is removed",
        withLearner({ latched: inFlight({ phase: "Promote", memberId: "m1", startedMs: NOW_MS - 10 * MINUTES_MS }) }),
        "RemoveMember 1",
      ],
      [
        "that comes after one that was given up has its own 10 minutes",
        withLearner({
          pods: [pod(0), unreachable(1)],
          latched: inFlight({ memberId: "m0", startedMs: NOW_MS - 10 * MINUTES_MS }),
        }),
        "Wait LearnerCatchingUp",
      ],
      [
        "that was to replace a voter which somebody removed is still the one that was given leave",
        observed(2, {
          members: [voter(0), learnerAt(1)],
          pods: [pod(0), waiting(1, "Empty")],
          latched: inFlight({ type: "Replace", memberId: "m1", podUid: "p9" }),
        }),
        "RemoveMember 1",
      ],
      ["that replaces a voter is given leave to join", withSuccessor(), "GrantJoin x-2"],
      [
        "that replaces a voter takes its place when it is well",
        withSuccessor({ pods: [pod(0), pod(1), pod(2, { process: running(2, { memberId: "m9", isLearner: true }) })] }),
        "FinishReplace 2",
      ],
      [
        "that replaces a voter is removed when that one is back",
        withSuccessor({ pods: [pod(0), pod(1), pod(2)] }),
        "RemoveMember 2",
        "the member that it was to replace has its disk",
      ],
    ],
  ],
  [
    "repair",
    [
      [
        "13: a voter whose pod waits with an empty volume is replaced",
        observed(3, { pods: [pod(0), pod(1), waiting(2, "Empty")] }),
        "StartReplace 2",
      ],
      [
        "a voter whose pod has a volume of another cluster is not",
        observed(3, { pods: [pod(0), pod(1), waiting(2, "Foreign")] }),
        "Wait MemberUnhealthy",
        "x-2 has a volume of another cluster",
      ],
      [
        "a voter whose pod is about to start is not",
        observed(3, { pods: [pod(0), pod(1), waiting(2, "Owned")] }),
        "Wait MemberUnhealthy",
      ],
      [
        "a voter whose pod was lost is not",
        observed(3, { pods: [pod(0), pod(1)] }),
        "Wait MemberUnhealthy",
        "x-2 has no pod",
      ],
      [
        "a voter that serves, and whose kubelet has yet to find out, is waited for",
        observed(3, { pods: [pod(0), pod(1), pod(2, { ready: false, sinceMs: NOW_MS - 20_000 })] }),
        "Wait WaitingForPod",
        "x-2 is not ready since",
      ],
      [
        "a voter whose kubelet does not find out for a minute has something the matter with its pod",
        observed(3, { pods: [pod(0), pod(1), pod(2, { ready: false, sinceMs: NOW_MS - MINUTES_MS })] }),
        "Wait MemberUnhealthy",
        "x-2 is not ready since",
      ],
      [
        "a voter whose container does not start is told in its kubelet's words",
        observed(3, { pods: [pod(0), pod(1), unreachable(2, { trouble: "CrashLoopBackOff, exit code 1: no disk" })] }),
        "Wait MemberUnhealthy",
        "(CrashLoopBackOff, exit code 1: no disk)",
      ],
      [
        "data of a removed member go, the claim first",
        observed(3, { pods: [pod(0), pod(1), pod(2, { process: running(2, { memberId: "m8", healthy: false }) })] }),
        "DeleteClaim 2",
      ],
      [
        "then the pod",
        observed(3, {
          pods: [pod(0), pod(1), pod(2, { process: running(2, { memberId: "m8", healthy: false }) })],
          claims: [claim(0), claim(1), claim(2, { terminating: true })],
        }),
        "DeletePod x-2",
      ],
      [
        "but not on a claim that is not ours",
        observed(3, {
          pods: [pod(0), pod(1), pod(2, { process: running(2, { memberId: "m8", healthy: false }) })],
          claims: [claim(0), claim(1), claim(2, { isOurs: false })],
        }),
        "Wait ForeignVolume",
      ],
      [
        "a pod that is no member and has been out of reach for 10 minutes gets a new volume",
        observed(3, {
          members: [voter(0), voter(1)],
          pods: [pod(0), pod(1), unreachable(2, { sinceMs: NOW_MS - 10 * MINUTES_MS })],
        }),
        "DeleteClaim 2",
      ],
      [
        "a voter that has been out of reach for a day does not",
        observed(3, { pods: [pod(0), pod(1), unreachable(2, { sinceMs: NOW_MS - 1440 * MINUTES_MS })] }),
        "Wait MemberUnhealthy",
      ],
    ],
  ],
  [
    "size",
    [
      ["a StatefulSet that is gone is made again", observed(3, { statefulSet: undefined }), "ScaleStatefulSet 3"],
      [
        "a StatefulSet that somebody shrank is scaled up to its members",
        observed(3, { statefulSet: { replicas: 1, templateObserved: true }, pods: [pod(0), pod(1), unreachable(2)] }),
        "ScaleStatefulSet 3",
      ],
      [
        "a claim beyond the wanted size goes",
        observed(3, { claims: [claim(0), claim(1), claim(2), claim(3), claim(10)] }),
        "DeleteClaim 10",
      ],
      [
        "but not one that an earlier cluster of that name left",
        observed(3, { claims: [claim(0), claim(1), claim(2), claim(3, { isOurs: false })] }),
        "None AsWanted",
      ],
      [
        "the lowest ordinal that waits joins, not the lowest that is missing",
        observed(3, { members: [voter(0)], pods: [pod(0), unreachable(1), waiting(2, "Empty")] }),
        "AddLearner 2",
      ],
      [
        "a dead voter that is to leave goes before it keeps a wanted one from joining",
        observed(4, {
          cluster: { wanted: 1 },
          members: [voter(1), voter(2), voter(3)],
          pods: [waiting(0, "Empty"), waiting(1, "Lost"), pod(2, { process: running(2, { isLeader: true }) }), pod(3)],
        }),
        "RemoveMember 1",
      ],
      [
        "a pod that is not there yet is waited for",
        observed(3, { members: [voter(0), voter(1)], pods: [pod(0), pod(1)] }),
        "Wait ScalingUp",
        "x-2 has no pod",
      ],
      [
        "a foreign volume does not join",
        observed(3, { members: [voter(0), voter(1)], pods: [pod(0), pod(1), waiting(2, "Foreign")] }),
        "Wait ForeignVolume",
      ],
      [
        "nobody leaves while nobody is known to lead",
        observed(3, {
          cluster: { wanted: 2 },
          pods: [0, 1, 2].map((ordinal) => pod(ordinal, { process: running(ordinal, { isLeader: false }) })),
        }),
        "Wait ScalingDown",
        "nobody is known to lead",
      ],
      [
        "of two that say they lead the one in the later term does",
        observed(3, {
          cluster: { wanted: 2 },
          pods: [pod(0), pod(1), pod(2, { process: running(2, { isLeader: true, raftTerm: 3 }) })],
        }),
        "MoveLeader 2 to 0",
      ],
      [
        "hibernation waits while claims are going that make the quorum",
        observed(2, { cluster: { wanted: 0 }, claims: [claim(0), claim(1, { terminating: true })] }),
        "Wait MembershipBlocked",
      ],
    ],
  ],
  [
    "rollout",
    [
      [
        "waits until the StatefulSet controller has seen the template",
        observed(3, { statefulSet: { replicas: 3, templateObserved: false } }),
        "Wait RolloutInProgress",
      ],
      [
        "does not trust what pods are made from before that",
        observed(3, {
          statefulSet: { replicas: 3, templateObserved: false },
          pods: [pod(0), pod(1), unreachable(2, { upToDate: false })],
        }),
        "Wait RolloutInProgress",
      ],
      [
        "begins with a pod that does no part",
        observed(3, { pods: [pod(0, { upToDate: false }), pod(1), unreachable(2, { upToDate: false })] }),
        "DeletePod x-2",
      ],
      [
        "believes the kubelet that calls it ready",
        observed(3, { pods: [pod(0), pod(1), unreachable(2, { upToDate: false, ready: true })] }),
        "Wait RolloutInProgress",
      ],
      [
        "waits for a pod that is healthy and not ready",
        observed(3, { pods: [pod(0), pod(1, { upToDate: false }), pod(2, { ready: false })] }),
        "Wait RolloutInProgress",
        "x-2 is not ready since",
      ],
      [
        "hands over to a follower that is done",
        observed(3, { pods: [pod(0, { upToDate: false }), pod(1), pod(2)] }),
        "MoveLeader 0 to 1",
      ],
      [
        "does not take the only disk left",
        observed(1, { pods: [pod(0, { upToDate: false })], claims: [claim(0, { terminating: true })] }),
        "Wait RolloutBlocked",
        "a restart would lose the only disk left",
      ],
      [
        "takes one of three, which is replaced",
        observed(3, {
          pods: [pod(0), pod(1, { upToDate: false }), pod(2)],
          claims: [claim(0), claim(1, { terminating: true }), claim(2)],
        }),
        "DeletePod x-1",
      ],
    ],
  ],
];

describe.each(RULES)("%s", (_, rows) => {
  for (const [situation, observation, step, says = ""] of rows) {
    test(situation, () => {
      const decision = plan(observation);
      expect(tell(decision)).toBe(step);
      expect(decision.message).toMatch(says);
    });
  }
});

describe("what is written down", () => {
  test("an attempt more begins with the next learner, its time with the sight of it", () => {
    const given = { memberId: "m9", podUid: "p9", attempt: 2, startedMs: NOW_MS - 20 * MINUTES_MS };
    const again = plan(
      observed(2, { members: [voter(0)], pods: [pod(0), waiting(1, "Empty")], latched: inFlight(given) }),
    );
    expect(again.operation).toEqual({
      type: "ScaleUp",
      phase: "AddLearner",
      target: "x-1",
      startedMs: given.startedMs,
      attempt: 3,
    });
    const seen = plan(
      withLearner({
        pods: [pod(0), waiting(1, "Empty")],
        latched: inFlight({ ...again.operation }),
      }),
    );
    expect(seen.operation).toEqual({
      type: "ScaleUp",
      phase: "GrantJoin",
      target: "x-1",
      startedMs: NOW_MS,
      attempt: 3,
      memberId: "m1",
      podUid: "p1",
    });
  });

  test("what is in flight outlives a lost quorum, a pause and more pods", () => {
    const latched = inFlight({ memberId: "m1", podUid: "p1" });
    const situations = [
      withLearner({ latched, members: undefined }),
      withLearner({ latched, cluster: { ...observed(2).cluster, paused: true } }),
      withLearner({ latched, cluster: { ...observed(2).cluster, wanted: 5 } }),
    ];
    for (const situation of situations) expect(plan(situation).operation).toEqual(latched.operation);
  });

  test("nothing is in flight when all is as wanted", () => {
    expect(plan(observed(3, { latched: inFlight({}) })).operation).toBeUndefined();
  });

  test("the same observation gives the same message, so that a wait writes no status twice", () => {
    const later = { nowMs: NOW_MS + 1000 };
    const sick = observed(3, { pods: without(1, 3) });
    expect(plan({ ...sick, ...later })).toEqual(plan(sick));
  });
});
