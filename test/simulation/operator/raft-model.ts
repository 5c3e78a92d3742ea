import type { Step } from "../../../operator/plan/step.ts";
import { type ModelMember, type World, newId, slotAt } from "./world.ts";

/** The steps that the server takes. */
export type MemberStep = Extract<
  Step,
  { kind: "AddLearner" | "Promote" | "MoveLeader" | "RemoveMember" | "StartReplace" | "FinishReplace" }
>;

/** Whether the member's process runs with its own data, and may send and be heard. */
export function isAlive(world: World, { id, ordinal }: ModelMember): boolean {
  const { pod, claim, isDown } = slotAt(world, ordinal);
  if (isDown || pod?.isUp !== true || pod.isTerminating) return false;
  return claim?.disk.kind === "Owned" && claim.disk.memberId === id;
}

/** Whether the data that the member voted with are still there. */
export function hasDisk({ slots }: World, { id, ordinal }: ModelMember): boolean {
  const disk = slots[ordinal]?.claim?.disk;
  return disk?.kind === "Owned" && disk.memberId === id;
}

/** A majority of the voters that count is among those that pass; of both halves in a joint configuration. */
export function majorityOf({ members }: World, passes: (member: ModelMember) => boolean): boolean {
  return (["outgoing", "incoming"] as const).every((half) => {
    const voters = members.filter(({ isLearner, joint }) => !isLearner && (joint === "both" || joint === half));
    return voters.filter(passes).length > voters.length / 2;
  });
}

/** Whether raft can commit. */
export function isQuorate(world: World): boolean {
  return majorityOf(world, (member) => isAlive(world, member));
}

/** Whether anybody leads, and is heard by a quorum. */
export function isServing(world: World): boolean {
  const leader = world.members.find(({ id }) => id === world.leader);
  return leader !== undefined && isAlive(world, leader) && isQuorate(world);
}

/** Whether a joint configuration is to be left. */
export function isJoint({ members }: World): boolean {
  return members.some(({ joint }) => joint !== "both");
}

/** The incoming configuration is the only one. */
export function leaveJoint(world: World): void {
  world.members = world.members.filter(({ joint }) => joint !== "outgoing");
  for (const member of world.members) member.joint = "both";
  if (!world.members.some(({ id }) => id === world.leader)) world.leader = undefined;
}

/** A change of members, as the server takes it; whether it took effect. What it refuses changes nothing. */
export function changeMembers(world: World, step: MemberStep): boolean {
  if (!isServing(world) || isJoint(world)) return false;
  switch (step.kind) {
    case "AddLearner":
      return addLearner(world, step.ordinal);
    case "StartReplace":
      return startReplace(world, step.memberId);
    case "Promote":
      return promote(world, step.memberId);
    case "FinishReplace":
      return swap(world, step.memberId, step.successorId);
    case "RemoveMember":
      return remove(world, step.memberId);
    case "MoveLeader":
      return moveLeader(world, step.from.memberId, step.to.memberId);
  }
}

function addLearner(world: World, ordinal: number): boolean {
  const voters = world.members.filter(({ isLearner }) => !isLearner);
  const alive = voters.filter((voter) => isAlive(world, voter)).length;
  if (world.members.some((member) => member.ordinal === ordinal)) return false;
  if (voters.length > 1 && alive <= (voters.length + 1) / 2) return false;
  return admit(world, ordinal);
}

function startReplace(world: World, replaced: string): boolean {
  const voter = world.members.find(({ id, isLearner }) => id === replaced && !isLearner);
  return voter !== undefined && admit(world, voter.ordinal);
}

/** The server has room for one learner. */
function admit(world: World, ordinal: number): boolean {
  if (world.members.some(({ isLearner }) => isLearner)) return false;
  world.members.push({
    id: newId(world, "m"),
    ordinal,
    isLearner: true,
    isCaughtUp: false,
    hasRun: false,
    joint: "both",
  });
  world.members.sort((a, b) => a.ordinal - b.ordinal || Number(a.isLearner) - Number(b.isLearner));
  return true;
}

function promote(world: World, learner: string): boolean {
  const member = world.members.find(({ id }) => id === learner);
  if (!member?.isLearner || !member.isCaughtUp) return false;
  if (world.members.some(({ id, ordinal }) => id !== learner && ordinal === member.ordinal)) return false;
  enter(world, [member], []);
  return true;
}

function swap(world: World, replaced: string, successor: string): boolean {
  const outgoing = world.members.find(({ id, isLearner }) => id === replaced && !isLearner);
  const incoming = world.members.find(({ id }) => id === successor);
  if (!outgoing || !incoming?.isLearner || !incoming.isCaughtUp) return false;
  if (outgoing.id === world.leader) return false;
  enter(world, [incoming], [outgoing]);
  return true;
}

/** etcd's strict reconfiguration check, and leadership goes on first. */
function remove(world: World, leaver: string): boolean {
  const member = world.members.find(({ id }) => id === leaver);
  if (!member) return false;
  if (member.isLearner) {
    world.members = world.members.filter(({ id }) => id !== leaver);
    return true;
  }
  const others = world.members.filter(({ id, isLearner }) => id !== leaver && !isLearner);
  const alive = others.filter((voter) => isAlive(world, voter));
  const [heir] = alive;
  if (!heir || alive.length <= others.length / 2) return false;
  if (world.leader === leaver) world.leader = heir.id;
  enter(world, [], [member]);
  return true;
}

function moveLeader(world: World, from: string, to: string): boolean {
  const heir = world.members.find(({ id, isLearner }) => id === to && !isLearner);
  if (world.leader !== from || !heir || !isAlive(world, heir)) return false;
  world.leader = to;
  return true;
}

/** The joint configuration is entered by the quorum of before, and left as soon as there is one of after as well. */
function enter(world: World, incoming: readonly ModelMember[], outgoing: readonly ModelMember[]): void {
  for (const member of incoming) {
    member.isLearner = false;
    member.joint = "incoming";
  }
  for (const member of outgoing) member.joint = "outgoing";
  if (isQuorate(world)) leaveJoint(world);
}
