import type { Decision } from "../../../operator/plan/decision.ts";
import type { Step } from "../../../operator/plan/step.ts";
import { judgeAct, judgeFounding, judgeJoining } from "./safety.ts";
import { type MemberStep, changeMembers } from "./raft-model.ts";
import { type ModelPod, type Slot, type World, copyWorld, slotAt } from "./world.ts";

/** How the execution of a decision may end. */
export interface Execution {
  /** All of it was done. */
  readonly done: World;
  /** The operator ended between two effects: after the first, after the second … */
  readonly crashes: readonly World[];
  /** The change of members was proposed, the answer never came, and it is still on its way. */
  readonly late: World | undefined;
}

/** One effect; false: it failed, and what comes after it is not done. */
type Effect = (world: World) => boolean;

/** Executes as a controller does: write what is latched, then act. `isRefused`: what it would write is. */
export function executeStep(world: World, { step, operation }: Decision, isRefused = false): Execution {
  const effects: Effect[] = [];
  if (JSON.stringify(world.latched.operation) !== JSON.stringify(operation)) {
    effects.push((next) => {
      next.latched.operation = operation;
      return !isRefused;
    });
  }
  effects.push(...effectsOf(step, isRefused));
  const crashes: World[] = [];
  let current = world;
  for (const [at, effect] of effects.entries()) {
    const next = copyWorld(current);
    if (!effect(next)) break;
    current = next;
    if (at < effects.length - 1) crashes.push(current);
  }
  return { done: current, crashes, late: isChange(step) ? proposed(world, operation, step) : undefined };
}

function proposed(world: World, operation: Decision["operation"], step: MemberStep): World | undefined {
  if (world.pending) return undefined;
  const late = copyWorld(world);
  late.latched.operation = operation;
  late.pending = step;
  return late;
}

function isChange(step: Step): step is MemberStep {
  const changes: readonly Step["kind"][] = [
    "AddLearner",
    "StartReplace",
    "Promote",
    "FinishReplace",
    "RemoveMember",
    "MoveLeader",
  ];
  return changes.includes(step.kind);
}

function effectsOf(step: Step, isRefused: boolean): readonly Effect[] {
  const write = (change: (world: World) => void): Effect => {
    return (world) => {
      if (!isRefused) change(world);
      return !isRefused;
    };
  };
  switch (step.kind) {
    case "None":
    case "Wait":
      return [];
    case "ScaleStatefulSet":
      return [(world) => ((world.replicas = step.replicas), true)];
    case "GrantSeed":
      return [
        write((world) => (world.latched.seed = { podUid: step.podUid, started: false })),
        (world) => grant(world, step.podUid, undefined),
      ];
    case "LatchSeedStarted":
      return [write(latchStarted)];
    case "LatchCluster":
      return [
        write((world) => {
          latchStarted(world);
          world.latched.clusterId = true;
        }),
      ];
    case "GrantJoin":
      return [(world) => grant(world, step.podUid, step.memberId)];
    case "DeletePod":
    case "DeleteClaim":
      return [(world) => deleteObject(world, step.uid)];
    case "AddLearner":
    case "Promote":
    case "MoveLeader":
    case "RemoveMember":
    case "StartReplace":
    case "FinishReplace":
      return [(world) => judged(world, step, () => changeMembers(world, step))];
    case "FinalBackup":
    case "RemoveFinalizer":
      throw new Error(`the model does not delete clusters, but was told to do ${step.kind}`);
  }
}

function latchStarted({ latched }: World): void {
  if (latched.seed) latched.seed = { ...latched.seed, started: true };
}

/** What the server does with a permit: it is for that pod, and for a volume without data. */
function grant(world: World, podUid: string, memberId: string | undefined): boolean {
  const slot = world.slots.find(({ pod }) => pod?.uid === podUid);
  const disk = slot?.claim?.disk;
  if (!slot?.claim || !disk || slot.isDown || slot.pod?.isUp !== true || disk.kind === "Owned") return false;
  if (disk.kind === "Granted" && disk.podUid === podUid) return false;
  if (disk.kind === "Lost" && (memberId === undefined || disk.memberId === memberId)) return false;
  if (memberId === undefined) judgeFounding(world, slot);
  else judgeJoining(world, slot, memberId);
  slot.claim.disk = { kind: "Granted", memberId, podUid };
  return true;
}

function deleteObject(world: World, uid: string): boolean {
  return judged(world, { kind: "DeletePod", name: "", uid }, () => {
    const objects = world.slots.flatMap(({ pod, claim }: Slot): (ModelPod | Slot["claim"])[] => [pod, claim]);
    const found = objects.find((object) => object?.uid === uid);
    if (!found || found.isTerminating) return false;
    found.isTerminating = true;
    return true;
  });
}

function judged(world: World, step: Step, act: () => boolean): boolean {
  const before = copyWorld(world);
  const isDone = act();
  judgeAct(before, step, world);
  return isDone;
}

/** Whether what the operator read of the EtcdCluster is out of date, so that its writes are refused. */
export function isConflict(cached: World, world: World): boolean {
  return cached.wanted !== world.wanted || JSON.stringify(cached.latched) !== JSON.stringify(world.latched);
}

/** The slot whose pod has that UID, now. */
export function ordinalOfPod(world: World, uid: string): number {
  return world.slots.findIndex((_, ordinal) => slotAt(world, ordinal).pod?.uid === uid);
}
