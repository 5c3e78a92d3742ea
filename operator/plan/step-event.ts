import type { EventReason } from "../types/event-reason.ts";
import type { ClusterEvent } from "./cluster-events.ts";
import type { Decision } from "./decision.ts";
import type { Step } from "./step.ts";

/** Events of steps that show in no table afterwards. */
const STEP_EVENTS: Readonly<Partial<Record<Step["kind"], EventReason>>> = {
  GrantSeed: "SeedGranted",
  LatchCluster: "ClusterFounded",
  AddLearner: "LearnerAdded",
  GrantJoin: "JoinGranted",
  MoveLeader: "LeaderMoved",
  StartReplace: "ReplaceStarted",
  DeletePod: "PodDeleted",
  DeleteClaim: "ClaimDeleted",
  FinalBackup: "FinalBackupStarted",
};

/** What to tell people when a step is done, and not before: many are asked for several times until they are possible. */
export function stepEvent({ step: { kind }, message }: Decision): ClusterEvent | undefined {
  const reason = STEP_EVENTS[kind];
  return reason && { reason, action: kind, note: message };
}
