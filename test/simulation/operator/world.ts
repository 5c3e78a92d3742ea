import type { Operation } from "../../../operator/plan/operation.ts";
import type { MemberStep } from "./raft-model.ts";

/** Good templates run; a pod of the bad one never comes up. */
export const TEMPLATES = { first: 0, bad: 1, next: 2 } as const;

/** The moment at which everything happens; what began long ago began at `LONG_AGO_MS`. */
export const NOW_MS = 0;
export const LONG_AGO_MS = -660_000;

/**
 * A cluster and all that is around it, as far as it matters to the plan: the EtcdCluster with its status, Kubernetes
 * objects, what is on the disks, and the members as raft knows them. Functions of the model change a copy.
 */
export interface World {
  wanted: number;
  template: number;
  /** `spec.replicas` of the StatefulSet, if there is one. */
  replicas: number | undefined;
  /** One for every ordinal that can be. */
  slots: Slot[];
  /** By ordinal, a voter before its successor. Empty: the cluster was not founded. */
  members: ModelMember[];
  leader: string | undefined;
  latched: ModelStatus;
  /** A change of members that was proposed and not heard of again: it may still take effect. */
  pending: MemberStep | undefined;
  nextId: number;
}

/** A place where a pod can be, with its node and its claim. */
export interface Slot {
  pod: ModelPod | undefined;
  claim: ModelClaim | undefined;
  /** The node does not answer: what runs there stands still, and nothing that its kubelet does gets done. */
  isDown: boolean;
  /** All is well there, but the operator gets no answer. */
  isHidden: boolean;
}

export interface ModelPod {
  uid: string;
  isTerminating: boolean;
  template: number;
  /** Whether its process runs. */
  isUp: boolean;
  /** Whether it has been as it is for long. */
  isOld: boolean;
}

export interface ModelClaim {
  uid: string;
  isTerminating: boolean;
  disk: Disk;
}

/** What is on a disk. Granted: leave was taken and the member was not started; `memberId` undefined: to found the cluster. */
export type Disk =
  | { readonly kind: "Empty" }
  | { readonly kind: "Granted"; readonly memberId: string | undefined; readonly podUid: string }
  | { readonly kind: "Owned"; readonly memberId: string }
  | { readonly kind: "Lost"; readonly memberId: string };

export interface ModelMember {
  id: string;
  ordinal: number;
  isLearner: boolean;
  /** Whether the leader finds that it has caught up. */
  isCaughtUp: boolean;
  /** Whether it ever took part: then the others count on what it has acknowledged. */
  hasRun: boolean;
  /** In a joint configuration: only of the outgoing one, only of the incoming one, or of both. */
  joint: "outgoing" | "incoming" | "both";
}

export interface ModelStatus {
  clusterId: boolean;
  seed: { podUid: string; started: boolean } | undefined;
  operation: Operation | undefined;
}

/** Before anything was done. */
export function emptyWorld(capacity: number, wanted: number): World {
  return {
    wanted,
    template: TEMPLATES.first,
    replicas: undefined,
    slots: Array.from({ length: capacity }, () => ({
      pod: undefined,
      claim: undefined,
      isDown: false,
      isHidden: false,
    })),
    members: [],
    leader: undefined,
    latched: { clusterId: false, seed: undefined, operation: undefined },
    pending: undefined,
    nextId: 1,
  };
}

/** A cluster of that size, all of it well, led by that ordinal. */
export function healthyWorld(capacity: number, size: number, leader: number): World {
  const world = emptyWorld(capacity, size);
  world.replicas = size;
  for (let ordinal = 0; ordinal < size; ordinal++) {
    const id = newId(world, "m");
    world.members.push({ id, ordinal, isLearner: false, isCaughtUp: true, hasRun: true, joint: "both" });
    const slot = slotAt(world, ordinal);
    slot.claim = { uid: newId(world, "c"), isTerminating: false, disk: { kind: "Owned", memberId: id } };
    slot.pod = newPod(world);
    slot.pod.isUp = true;
    if (ordinal === leader) world.leader = id;
    if (ordinal === 0) world.latched.seed = { podUid: slot.pod.uid, started: true };
  }
  world.latched.clusterId = true;
  return world;
}

export function newPod(world: World): ModelPod {
  return { uid: newId(world, "p"), isTerminating: false, template: world.template, isUp: false, isOld: false };
}

/** Ids are never used twice within a course of events. */
export function newId(world: World, kind: "m" | "p" | "c"): string {
  return `${kind}${String(world.nextId++)}`;
}

export function slotAt(world: World, ordinal: number): Slot {
  const slot = world.slots[ordinal];
  if (!slot) throw new Error(`the model has no place for ordinal ${String(ordinal)}`);
  return slot;
}

/** A copy to change. What never changes in place (disks, operations, steps) is shared. */
export function copyWorld(world: World): World {
  return {
    ...world,
    slots: world.slots.map(({ pod, claim, isDown, isHidden }) => ({
      pod: pod && { ...pod },
      claim: claim && { ...claim },
      isDown,
      isHidden,
    })),
    members: world.members.map((member) => ({ ...member })),
    latched: { ...world.latched },
  };
}
