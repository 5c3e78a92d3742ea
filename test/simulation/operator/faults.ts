import type { Happening } from "./environment.ts";
import { changeMembers, hasDisk, isAlive, isServing } from "./raft-model.ts";
import { LONG_AGO_MS, type ModelPod, TEMPLATES, type Slot, type World, copyWorld, slotAt } from "./world.ts";

/** What may go wrong, or change its mind. */
export type FaultKind =
  /** A node stands still: the process is out of reach, and so is the kubelet. */
  | "node down"
  /** The operator gets no answer from a pod that is well. */
  | "pod hidden"
  /** The pod is deleted by somebody else. */
  | "eviction"
  /** Pod and claim are gone. */
  | "disk gone"
  /** The data are gone, the owner file is there. */
  | "disk wiped"
  /** Somebody deletes the claim while the pod uses it. */
  | "claim deleted"
  /** Ten minutes go by. */
  | "time"
  /** Somebody scales the StatefulSet down. */
  | "set shrunk"
  /** Somebody removes a member. */
  | "member removed"
  /** Another voter wins an election. */
  | "election"
  | "resize"
  | "template";

type SlotFaultKind = Extract<
  FaultKind,
  "node down" | "pod hidden" | "eviction" | "disk gone" | "disk wiped" | "claim deleted"
>;

export interface FaultOptions {
  readonly kinds: readonly FaultKind[];
  /** What may be wanted. */
  readonly sizes: readonly number[];
}

/** Everything that may go wrong in this world, one thing each. */
export function faultsOf(world: World, options: FaultOptions): readonly Happening[] {
  return options.kinds.flatMap((kind) => {
    switch (kind) {
      case "resize":
        return options.sizes
          .filter((size) => size !== world.wanted)
          .map((size) => happen(world, `size ${String(size)} is wanted`, (next) => (next.wanted = size)));
      case "template":
        return Object.values(TEMPLATES)
          .filter((template) => template !== world.template)
          .map((template) => happen(world, `template ${String(template)}`, (next) => (next.template = template)));
      case "time":
        return hasYoung(world) ? [happen(world, "10 minutes go by", passTime)] : [];
      case "election":
        return elections(world);
      case "set shrunk":
        return shrinkages(world);
      case "member removed":
        return removals(world);
      case "node down":
      case "pod hidden":
      case "eviction":
      case "disk gone":
      case "disk wiped":
      case "claim deleted":
        return world.slots.flatMap((slot, ordinal) => slotFault(world, kind, slot, ordinal));
    }
  });
}

/** What may get well at any time. */
export function recoveriesOf(world: World): readonly Happening[] {
  return world.slots.flatMap((slot, ordinal) => {
    if (!slot.isDown && !slot.isHidden) return [];
    return [happen(world, `${ordinal} is back`, (next) => recover(slotAt(next, ordinal)))];
  });
}

/** Nothing is wrong any more, and the template is one that runs. */
export function endFaults(world: World): World {
  const next = copyWorld(world);
  for (const slot of next.slots) if (slot.isDown || slot.isHidden) recover(slot);
  if (next.template === TEMPLATES.bad) next.template = TEMPLATES.first;
  return next;
}

/** Makes everything old that is under way or out of reach. */
export function passTime(world: World): void {
  const { latched } = world;
  if (latched.operation) latched.operation = { ...latched.operation, startedMs: LONG_AGO_MS };
  for (const pod of idlePods(world)) pod.isOld = true;
}

function hasYoung(world: World): boolean {
  const { operation } = world.latched;
  if (operation && operation.startedMs !== LONG_AGO_MS) return true;
  return idlePods(world).some((pod) => !pod.isOld);
}

/** Pods that are no part of the cluster, and perhaps do not answer. How old the others are matters to nobody. */
function idlePods({ slots, members }: World): readonly ModelPod[] {
  return slots.flatMap(({ pod }, ordinal) => {
    return pod && !members.some((member) => member.ordinal === ordinal) ? [pod] : [];
  });
}

function recover(slot: Slot): void {
  slot.isDown = false;
  slot.isHidden = false;
  if (slot.pod) slot.pod.isOld = false;
}

function shrinkages(world: World): readonly Happening[] {
  const { replicas = 0 } = world;
  const sizes = new Set([0, replicas - 1].filter((size) => size >= 0 && size < replicas));
  return [...sizes].map((size) => happen(world, `the set is scaled to ${size}`, (next) => (next.replicas = size)));
}

function removals(world: World): readonly Happening[] {
  return world.members.flatMap(({ id, ordinal }) => {
    const next = copyWorld(world);
    const isDone = changeMembers(next, { kind: "RemoveMember", memberId: id, ordinal });
    return isDone ? [{ label: `somebody removes member ${ordinal}`, world: next }] : [];
  });
}

function elections(world: World): readonly Happening[] {
  if (!isServing(world)) return [];
  return world.members.flatMap((member) => {
    if (member.isLearner || member.joint === "outgoing" || member.id === world.leader || !isAlive(world, member))
      return [];
    return [happen(world, `${String(member.ordinal)} is elected`, (next) => (next.leader = member.id))];
  });
}

function slotFault(world: World, kind: SlotFaultKind, slot: Slot, ordinal: number): readonly Happening[] {
  const at = (change: (slot: Slot) => void): readonly Happening[] => [
    happen(world, `${kind} ${String(ordinal)}`, (next) => change(slotAt(next, ordinal))),
  ];
  const isMembers = world.members.some((member) => member.ordinal === ordinal && hasDisk(world, member));
  switch (kind) {
    case "node down":
      return slot.pod && !slot.isDown ? at((next) => (next.isDown = true)) : [];
    case "pod hidden":
      return slot.pod && !slot.isHidden ? at((next) => (next.isHidden = true)) : [];
    case "eviction":
      return slot.pod && !slot.pod.isTerminating && !slot.isDown ? at((next) => (next.pod = undefined)) : [];
    case "disk gone":
      if (!slot.claim || slot.claim.disk.kind === "Empty") return [];
      return at((next) => {
        next.pod = undefined;
        next.claim = undefined;
      });
    case "disk wiped":
      return isMembers ? at(wipe) : [];
    case "claim deleted":
      return slot.claim && !slot.claim.isTerminating && isMembers
        ? at((next) => {
            if (next.claim) next.claim.isTerminating = true;
          })
        : [];
  }
}

function wipe({ pod, claim }: Slot): void {
  if (claim?.disk.kind === "Owned") claim.disk = { kind: "Lost", memberId: claim.disk.memberId };
  if (pod) pod.isUp = false;
}

function happen(world: World, label: string, change: (next: World) => void): Happening {
  const next = copyWorld(world);
  change(next);
  return { label, world: next };
}
