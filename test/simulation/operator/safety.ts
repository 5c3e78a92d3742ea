import type { Decision } from "../../../operator/plan/decision.ts";
import type { Step } from "../../../operator/plan/step.ts";
import { hasDisk, isAlive, isQuorate, isServing } from "./raft-model.ts";
import { mustHold } from "./violation.ts";
import type { ModelMember, Slot, World } from "./world.ts";

/** What holds in every world, whatever happened. */
export function judgeWorld({ members }: World): void {
  const learners = members.filter(({ isLearner }) => isLearner).length;
  mustHold(learners <= 1, `${learners} learners at once`);
}

/** What every decision keeps to, judged by how the world truly is. `isFresh`: the operator saw it so. */
export function judgeDecision(world: World, { step, reason, message, operation }: Decision, isFresh: boolean): void {
  mustHold(reason.length > 0 && message.length > 10, `${step.kind} without a reason in words`);
  const isHarmless = ["None", "Wait", "ScaleStatefulSet"].includes(step.kind);
  mustHold(isHarmless || operation?.phase === step.kind, `${step.kind} was not written down as what is in flight`);
  if (step.kind === "GrantSeed") judgeSecondSeed(world);
  if (isFresh) judgeWithoutQuorum(world, step);
  if (isFresh) judgeOneChange(world, step);
  if (isFresh && step.kind === "RemoveMember") judgeRemoval(world, step.memberId);
  if (isFresh && step.kind === "ScaleStatefulSet") judgeSize(world, step.replicas);
  if (step.kind === "DeletePod") judgeRestart(world, step.uid);
  if (isFresh && step.kind === "DeletePod") judgeLeaderLast(world, step.uid);
  if (step.kind === "DeleteClaim") {
    mustHold(!memberOn(world, step.uid), `DeleteClaim ${step.ordinal}, which holds a member's data`);
  }
  if (step.kind === "StartReplace" || step.kind === "FinishReplace") {
    const voter = world.members.find(({ id }) => id === step.memberId);
    mustHold(!voter || !hasDisk(world, voter), `${step.kind} of ${step.ordinal}, whose disk is intact`);
  }
}

/** Only a cluster that is put to sleep keeps members without pods. */
function judgeSize({ members, replicas, wanted }: World, size: number): void {
  const isCut = size < (replicas ?? 0) && members.some(({ ordinal }) => ordinal >= size);
  mustHold(wanted === 0 || !isCut, `ScaleStatefulSet ${size} cuts off a member`);
}

/** Leave that was taken and never used may be given again. */
function judgeSecondSeed({ members, latched, slots }: World): void {
  const isUnused = slots[0]?.claim?.disk.kind === "Granted";
  const isSeen = latched.clusterId || (latched.seed?.started === true && !isUnused);
  mustHold(members.length === 0 || !isSeen, "a second cluster is founded after the first was seen");
}

/** Without a quorum only pods that members lack may be asked for, and what a rollout took down may be restarted. */
function judgeWithoutQuorum(world: World, step: Step): void {
  if (!world.latched.clusterId || isServing(world)) return;
  const isUp = step.kind === "ScaleStatefulSet" && step.replicas > (world.replicas ?? 0);
  const isOurs = step.kind === "DeletePod" && isOfRollout(world, step.uid);
  mustHold(isUp || isOurs || ["None", "Wait"].includes(step.kind), `${step.kind} while the quorum is lost`);
}

/** Whether the pod is there because a rollout deleted the one before. */
function isOfRollout({ latched, slots }: World, uid: string): boolean {
  const { type, target, podUid } = latched.operation ?? {};
  const ordinal = slots.findIndex(({ pod }) => pod?.uid === uid);
  return type === "Rollout" && target === `x-${ordinal}` && podUid !== uid;
}

/** A joint configuration that nobody can see is the server's to wait for: it takes no change until that is left. */
function judgeOneChange(world: World, step: Step): void {
  const learner = world.members.find(({ isLearner }) => isLearner);
  const ordinals = world.members.map(({ ordinal }) => ordinal);
  if (!learner && ordinals.length === new Set(ordinals).size) return;
  mustHold(!["AddLearner", "StartReplace"].includes(step.kind), `${step.kind} while another change is in flight`);
  const isOther = step.kind === "RemoveMember" && step.memberId !== learner?.id;
  mustHold(!isOther, "RemoveMember while another change is in flight");
}

/**
 * Whoever is well is restarted only while everybody else is (but for the rollout's own pod, without a quorum and without
 * an answer); nobody's last disk goes with a restart.
 */
function judgeRestart(world: World, uid: string): void {
  const slot = world.slots.find(({ pod }) => pod?.uid === uid);
  const member = slot?.claim && memberOn(world, slot.claim.uid);
  if (!slot || !member || member.isLearner) return;
  const voters = world.members.filter(({ isLearner }) => !isLearner);
  const isIdle = !isServing(world) && slot.isHidden && isOfRollout(world, uid);
  const sick = !isIdle && voters.find((voter) => voter.id !== member.id && !isAlive(world, voter));
  mustHold(!isAlive(world, member) || !sick, `DeletePod ${member.ordinal} before ${sick && sick.ordinal} is well`);
  mustHold(slot.claim?.isTerminating !== true || voters.length >= 3, "DeletePod takes a disk that cannot be replaced");
}

function judgeLeaderLast(world: World, uid: string): void {
  const { members, slots, leader } = world;
  if (!isServing(world)) return;
  const ordinal = slots.findIndex(({ pod }) => pod?.uid === uid);
  const isLeader = members.some((member) => member.ordinal === ordinal && member.id === leader);
  mustHold(!isLeader || members.length === 1, `DeletePod ${ordinal}, which leads`);
}

/** Who leaves when, among those of whom anything can be known. */
function judgeRemoval(world: World, id: string): void {
  const leaver = world.members.find((member) => member.id === id);
  if (!leaver || leaver.isLearner) return;
  mustHold(leaver.ordinal >= world.wanted, `RemoveMember ${leaver.ordinal}, which is wanted`);
  if (!isAlive(world, leaver) || world.slots[leaver.ordinal]?.isHidden) return;
  mustHold(world.leader !== id, `RemoveMember ${leaver.ordinal}, which leads`);
  const higher = world.members.find((member) => {
    return member.ordinal > leaver.ordinal && !member.isLearner && isAlive(world, member);
  });
  mustHold(!higher, `RemoveMember ${leaver.ordinal} before ${higher?.ordinal}`);
}

/** What the operator did must not have cost the quorum. A cluster of one or two that is well may be restarted. */
export function judgeAct(before: World, step: Step, after: World): void {
  if (!isQuorate(before) || isQuorate(after)) return;
  const voters = before.members.filter(({ isLearner }) => !isLearner);
  const isShortOutage =
    step.kind === "DeletePod" && voters.length <= 2 && voters.every((voter) => isAlive(before, voter));
  mustHold(isShortOutage, `${step.kind} cost the quorum`);
}

/** Leave to found a cluster, as it is taken: no other disk says that there is one. */
export function judgeFounding({ members, slots }: World, seed: Slot): void {
  const other = slots.find((slot) => slot !== seed && slot.claim && slot.claim.disk.kind !== "Empty");
  mustHold(members.length === 0 || !other, "a second cluster is founded while disks of the first are there");
}

/** Leave to join, as it is taken: for a learner that has never run. */
export function judgeJoining({ members }: World, _: Slot, memberId: string): void {
  const member = members.find(({ id }) => id === memberId);
  mustHold(member?.isLearner !== false, "an empty disk gets a voter's id");
  mustHold(member?.hasRun !== true, "an empty disk gets the id of a member that has run");
}

function memberOn({ members, slots }: World, claimUid: string): ModelMember | undefined {
  const disk = slots.find(({ claim }) => claim?.uid === claimUid)?.claim?.disk;
  return disk?.kind === "Owned" ? members.find(({ id }) => id === disk.memberId) : undefined;
}
