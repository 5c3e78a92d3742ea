import type { Claim, Cluster, Member, Observation, Pod, Process } from "../../../../operator/plan/observation.ts";
import type { RunningMember } from "../../../../operator/types/running-member.ts";

/** The moment of every observation in these tests. */
export const NOW_MS = Date.parse("2026-01-02T03:04:05Z");

/** A cluster `x` of so many members, all of it well, led by x-0; and what is different about it. */
export function observed(size: number, { cluster, ...different }: Different = {}): Observation {
  const ordinals = Array.from({ length: size }, (_, ordinal) => ordinal);
  return {
    nowMs: NOW_MS,
    cluster: { name: "x", uid: "u", generation: 1, wanted: size, paused: false, restore: false, ...cluster },
    latched: { clusterId: "c1" },
    statefulSet: { replicas: size, templateObserved: true },
    pods: ordinals.map((ordinal) => pod(ordinal)),
    claims: ordinals.map((ordinal) => claim(ordinal)),
    members: ordinals.map((ordinal) => voter(ordinal)),
    ...different,
  };
}

interface Different extends Partial<Omit<Observation, "cluster">> {
  readonly cluster?: Partial<Cluster>;
}

export function pod(ordinal: number, different: Partial<Pod> = {}): Pod {
  const process = different.process ?? running(ordinal);
  return {
    ordinal,
    name: `x-${ordinal}`,
    uid: `p${ordinal}`,
    terminating: false,
    ready: process.kind === "Running" && process.healthy,
    upToDate: true,
    sinceMs: NOW_MS - 5000,
    ...different,
    process,
  };
}

/** A pod whose process waits with such a volume. */
export function waiting(ordinal: number, volume: "Empty" | "Granted" | "Owned" | "Lost" | "Foreign"): Pod {
  return pod(ordinal, { process: { kind: "Waiting", volume } });
}

export function unreachable(ordinal: number, different: Partial<Pod> = {}): Pod {
  return pod(ordinal, { ...different, process: { kind: "Unreachable" } });
}

export function running(ordinal: number, different: Partial<RunningMember> = {}): Process {
  return {
    kind: "Running",
    memberId: `m${ordinal}`,
    clusterId: "c1",
    isLearner: false,
    isLeader: ordinal === 0,
    healthy: true,
    version: "0.2.0",
    etcdVersion: "3.6.0",
    dbSize: 4096,
    dbSizeInUse: 4096,
    raftTerm: 2,
    raftIndex: 10,
    errors: [],
    ...different,
  };
}

export function voter(ordinal: number, id = `m${ordinal}`): Member {
  return { id, ordinal, name: `x-${ordinal}`, isLearner: false };
}

export function learnerAt(ordinal: number, id = `m${ordinal}`): Member {
  return { id, ordinal, name: "", isLearner: true };
}

export function claim(ordinal: number, different: Partial<Claim> = {}): Claim {
  return { ordinal, uid: `c${ordinal}`, terminating: false, isOurs: true, ...different };
}
