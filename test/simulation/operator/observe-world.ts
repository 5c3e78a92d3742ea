import type { Observation, Pod, Process } from "../../../operator/plan/observation.ts";
import { isAlive, isServing } from "./raft-model.ts";
import { LONG_AGO_MS, NOW_MS, type Slot, type World } from "./world.ts";

const CLUSTER_ID = "c1";

/** How the model's members behave once they are removed. */
export type RemovedMembers = "Tell" | "Crash";

/**
 * What the operator sees of a world: Kubernetes objects out of its cache, which may still show the world of before, and
 * the processes and members as they answer now.
 */
export function observeWorld(world: World, removed: RemovedMembers, cached: World = world): Observation {
  const { clusterId, seed, operation } = cached.latched;
  return {
    nowMs: NOW_MS,
    cluster: { name: "x", uid: "u", generation: 1, wanted: cached.wanted, paused: false, restore: false },
    latched: {
      ...(clusterId && { clusterId: CLUSTER_ID }),
      ...(seed && { seed }),
      ...(operation && { operation }),
    },
    statefulSet: cached.replicas === undefined ? undefined : { replicas: cached.replicas, templateObserved: true },
    pods: cached.slots.flatMap((slot, ordinal) => podOf(world, cached, slot, ordinal, removed)),
    claims: cached.slots.flatMap(({ claim }, ordinal) =>
      claim ? [{ ordinal, uid: claim.uid, terminating: claim.isTerminating, isOurs: true }] : [],
    ),
    members:
      isServing(world) && isAnyVoterHeard(world)
        ? world.members.map(({ id, ordinal, isLearner, hasRun }) => ({
            id,
            ordinal,
            isLearner,
            name: hasRun ? `x-${String(ordinal)}` : "",
          }))
        : undefined,
  };
}

function isAnyVoterHeard(world: World): boolean {
  return world.members.some((member) => {
    return !member.isLearner && isAlive(world, member) && world.slots[member.ordinal]?.isHidden === false;
  });
}

function podOf(world: World, cached: World, { pod }: Slot, ordinal: number, removed: RemovedMembers): readonly Pod[] {
  if (!pod) return [];
  const slot = world.slots[ordinal];
  const isHeard = slot?.pod?.uid === pod.uid && !slot.isHidden;
  const process = isHeard ? processOf(world, slot, removed) : UNREACHABLE;
  const cachedSlot = cached.slots[ordinal];
  // Readiness is what the kubelet said at that time.
  const seen = cachedSlot ? processOf(cached, cachedSlot, removed) : UNREACHABLE;
  return [
    {
      ordinal,
      name: `x-${String(ordinal)}`,
      uid: pod.uid,
      terminating: pod.isTerminating,
      ready: seen.kind === "Running" && seen.healthy,
      upToDate: pod.template === cached.template,
      sinceMs: pod.isOld ? LONG_AGO_MS : NOW_MS,
      process,
    },
  ];
}

const UNREACHABLE: Process = { kind: "Unreachable" };

function processOf(world: World, { pod, claim, isDown }: Slot, removed: RemovedMembers): Process {
  if (!pod?.isUp || isDown || !claim) return UNREACHABLE;
  const { disk } = claim;
  switch (disk.kind) {
    case "Empty":
      return { kind: "Waiting", volume: "Empty" };
    case "Lost":
      return { kind: "Waiting", volume: "Lost", memberId: disk.memberId };
    case "Granted": {
      const memberId = disk.memberId ?? "m0";
      return disk.podUid === pod.uid
        ? { kind: "Starting", memberId }
        : { kind: "Waiting", volume: "Granted", memberId };
    }
    case "Owned":
      return memberProcess(world, disk.memberId, removed);
  }
}

function memberProcess(world: World, memberId: string, removed: RemovedMembers): Process {
  const member = world.members.find(({ id }) => id === memberId);
  if (!member) return removed === "Tell" ? { kind: "Waiting", volume: "Owned", memberId } : UNREACHABLE;
  return {
    kind: "Running",
    memberId,
    clusterId: CLUSTER_ID,
    isLearner: member.isLearner,
    isLeader: world.leader === memberId,
    healthy: isServing(world) && isAlive(world, member),
    version: "0.2.0",
    etcdVersion: "3.6.0",
    dbSize: 0,
    dbSizeInUse: 0,
    raftTerm: 1,
    raftIndex: 1,
    errors: [],
  };
}
