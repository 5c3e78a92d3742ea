import { isAlive, isJoint, isQuorate, isServing, leaveJoint, changeMembers } from "./raft-model.ts";
import { TEMPLATES, type Slot, type World, copyWorld, newId, newPod, slotAt } from "./world.ts";

/** Something that Kubernetes or raft does of its own accord. */
export interface Happening {
  readonly label: string;
  readonly world: World;
}

/**
 * What happens next if nobody interferes: the first thing that is possible, in a fixed order. Other orders come about by
 * nodes that are down for a while, which is a fault, and by the operator, which acts before or after any of this.
 */
export function nextHappening(world: World): Happening | undefined {
  return raftHappening(world) ?? slotHappening(world);
}

function raftHappening(world: World): Happening | undefined {
  const voters = world.members.filter(({ isLearner }) => !isLearner);
  const leader = voters.find(({ id }) => id === world.leader);
  if (world.leader !== undefined && !(leader && isAlive(world, leader))) {
    return change(world, "the leader is gone", (next) => (next.leader = undefined));
  }
  if (isJoint(world) && isServing(world)) return change(world, "leaves joint", leaveJoint);
  if (world.leader === undefined && isQuorate(world)) {
    const heir = voters.find((voter) => isAlive(world, voter) && voter.joint !== "outgoing");
    if (heir) return change(world, `elects ${String(heir.ordinal)}`, (next) => (next.leader = heir.id));
  }
  const { pending } = world;
  if (pending && isServing(world) && !isJoint(world)) {
    return change(world, `${pending.kind} takes effect late`, (next) => {
      changeMembers(next, pending);
      next.pending = undefined;
    });
  }
  const learner = world.members.find((member) => member.isLearner && !member.isCaughtUp && isAlive(world, member));
  if (!learner || !isServing(world)) return undefined;
  return change(world, `${learner.id} catches up`, (next) => {
    for (const member of next.members) if (member.id === learner.id) member.isCaughtUp = true;
  });
}

/** What goes, goes from the top, as it is told to; what comes, comes from the bottom. */
function slotHappening(world: World): Happening | undefined {
  const ordinals = world.slots.map((_, ordinal) => ordinal);
  for (const ordinal of ordinals.toReversed()) {
    const act = goingAct(world, ordinal, slotAt(world, ordinal));
    if (act) return change(world, `${act.label} ${ordinal}`, (next) => act.change(next, slotAt(next, ordinal)));
  }
  for (const ordinal of ordinals) {
    const act = comingAct(world, ordinal, slotAt(world, ordinal));
    if (act) return change(world, `${act.label} ${ordinal}`, (next) => act.change(next, slotAt(next, ordinal)));
  }
  return undefined;
}

interface SlotAct {
  readonly label: string;
  readonly change: (world: World, slot: Slot) => void;
}

function goingAct(world: World, ordinal: number, { pod, claim, isDown }: Slot): SlotAct | undefined {
  if (!pod && claim?.isTerminating) return { label: "claim goes", change: (_, slot) => (slot.claim = undefined) };
  const isCondemned = ordinal >= (world.replicas ?? 0);
  if (pod && isCondemned && !pod.isTerminating) return { label: "pod is told to go", change: terminate };
  if (!pod?.isTerminating || isDown) return undefined;
  return { label: "pod goes", change: (_, slot) => (slot.pod = undefined) };
}

function comingAct(world: World, ordinal: number, { pod, claim, isDown }: Slot): SlotAct | undefined {
  if (!pod) return ordinal < (world.replicas ?? 0) ? { label: "pod is made", change: makePod } : undefined;
  if (isDown) return undefined;
  if (!pod.isUp) return pod.template === TEMPLATES.bad ? undefined : { label: "process starts", change: start };
  const isGranted = claim?.disk.kind === "Granted" && claim.disk.podUid === pod.uid;
  return isGranted ? { label: "permit is used", change: usePermit } : undefined;
}

function makePod(world: World, slot: Slot): void {
  slot.claim ??= { uid: newId(world, "c"), isTerminating: false, disk: { kind: "Empty" } };
  slot.pod = newPod(world);
}

function terminate(_: World, { pod }: Slot): void {
  if (pod) pod.isTerminating = true;
}

function start(_: World, { pod }: Slot): void {
  if (pod) {
    pod.isUp = true;
    pod.isOld = false;
  }
}

/** Founds the cluster, or joins it; a permit for a member that was removed leads nowhere. */
function usePermit(world: World, { pod, claim }: Slot): void {
  if (claim?.disk.kind !== "Granted") return;
  const { memberId } = claim.disk;
  if (memberId === undefined) {
    const id = newId(world, "m");
    world.members = [{ id, ordinal: 0, isLearner: false, isCaughtUp: true, hasRun: true, joint: "both" }];
    world.leader = id;
    claim.disk = { kind: "Owned", memberId: id };
    return;
  }
  const member = world.members.find(({ id }) => id === memberId);
  if (!member) {
    claim.disk = { ...claim.disk, podUid: "none" };
    return;
  }
  member.hasRun = true;
  if (pod) pod.isOld = false;
  claim.disk = { kind: "Owned", memberId };
}

function change(world: World, label: string, act: (next: World) => void): Happening {
  const next = copyWorld(world);
  act(next);
  return { label, world: next };
}
