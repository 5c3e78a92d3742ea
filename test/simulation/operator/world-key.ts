import type { Operation } from "../../../operator/plan/operation.ts";
import type { MemberStep } from "./raft-model.ts";
import { type Disk, LONG_AGO_MS, type ModelMember, type Slot, type World } from "./world.ts";

/**
 * The canonical form of a world: two worlds have the same if nobody can tell them apart. Ids count only by what they are
 * equal to: a member by its place in the list ("x": none that is left), a pod by whether it is the one of its ordinal.
 * It is made for millions of worlds, hence the plain loops.
 */
export function worldKey(world: World): string {
  const { wanted, template, replicas, slots, members, latched, pending, leader } = world;
  const { clusterId, seed, operation } = latched;
  let key = `${wanted} ${template} ${replicas ?? "-"}|`;
  for (const member of members) key += memberKey(member, leader);
  for (const slot of slots) key += slotKey(world, slot);
  key += clusterId ? "|c" : "|";
  if (seed) key += (seed.started ? "S" : "s") + podRef(world, seed.podUid);
  if (operation) key += operationKey(world, operation);
  return pending ? `${key}~${stepKey(world, pending)}` : key;
}

function memberKey(
  { id, ordinal, isLearner, isCaughtUp, hasRun, joint }: ModelMember,
  leader: string | undefined,
): string {
  const flags =
    (isLearner ? 1 : 0) + (isCaughtUp ? 2 : 0) + (hasRun ? 4 : 0) + (id === leader ? 8 : 0) + JOINT[joint] * 16;
  return `${ordinal}${String.fromCharCode(64 + flags)}`;
}

const JOINT = { both: 0, outgoing: 1, incoming: 2 } as const;

function slotKey(world: World, { pod, claim, isDown, isHidden }: Slot): string {
  let key = (isDown ? "/!" : "/") + (isHidden ? "?" : "");
  if (pod) {
    const flags = (pod.isTerminating ? 1 : 0) + (pod.isUp ? 2 : 0) + (pod.isOld ? 4 : 0) + pod.template * 8;
    key += String.fromCharCode(64 + flags);
  }
  if (!claim) return key;
  return key + (claim.isTerminating ? "t" : "c") + diskKey(world, claim.disk);
}

function diskKey(world: World, disk: Disk): string {
  switch (disk.kind) {
    case "Empty":
      return "E";
    case "Granted":
      return `G${memberRef(world, disk.memberId)}${podRef(world, disk.podUid) === "x" ? "x" : ""}`;
    case "Lost":
      return `L${memberRef(world, disk.memberId)}`;
    case "Owned":
      return `O${memberRef(world, disk.memberId)}`;
  }
}

function operationKey(world: World, { type, phase, target, memberId, podUid, startedMs }: Operation): string {
  const age = startedMs === LONG_AGO_MS ? "old" : "";
  return `|${type}${phase}${target}${memberRef(world, memberId)}${podRef(world, podUid)}${age}`;
}

function stepKey(world: World, step: MemberStep): string {
  switch (step.kind) {
    case "AddLearner":
      return `${step.kind}${step.ordinal}`;
    case "MoveLeader":
      return step.kind + memberRef(world, step.from.memberId) + memberRef(world, step.to.memberId);
    case "FinishReplace":
      return step.kind + memberRef(world, step.memberId) + memberRef(world, step.successorId);
    case "Promote":
    case "RemoveMember":
    case "StartReplace":
      return step.kind + memberRef(world, step.memberId);
  }
}

function memberRef({ members }: World, id: string | undefined): string {
  if (id === undefined) return "-";
  const at = members.findIndex((member) => member.id === id);
  return at < 0 ? "x" : String(at);
}

function podRef({ slots }: World, uid: string | undefined): string {
  if (uid === undefined) return "-";
  const at = slots.findIndex(({ pod }) => pod?.uid === uid);
  return at < 0 ? "x" : String(at);
}
