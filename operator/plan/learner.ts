import { podName } from "../types/names.ts";
import { RETRY_MS, act, operation, since, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { claimAt, complaint, dataOf, hasFreshVolume, isHealthy, podAt } from "./member-pod.ts";
import type { Member, Pod } from "./observation.ts";
import type { Operation } from "./operation.ts";
import { type Quorate, voters } from "./quorum.ts";
import { holdsRemovedData, recycle } from "./recycle.ts";

/** So long a learner may take to catch up before it is removed, to begin afresh or to make room. */
const LEARNER_LIMIT_MS = 600_000;

/** The one member on its way in, at whatever stage it is. While there is one, no other change of members begins. */
export function learner(observation: Quorate): Decision | undefined {
  const joining = observation.members.find((member) => member.isLearner);
  if (joining?.ordinal === undefined) return undefined;
  const arrival: Arrival = {
    observation,
    joining,
    ordinal: joining.ordinal,
    name: podName(observation.cluster.name, joining.ordinal),
    replaced: voters(observation).find((voter) => voter.ordinal === joining.ordinal),
    pod: podAt(observation, joining.ordinal),
  };
  const inFlight = operationOf(arrival);
  return giveUp(arrival, inFlight) ?? goOn(arrival, inFlight);
}

interface Arrival {
  readonly observation: Quorate;
  readonly joining: Member;
  readonly ordinal: number;
  readonly name: string;
  /** The voter whose place it is to take. */
  readonly replaced: Member | undefined;
  readonly pod: Pod | undefined;
}

/** What was begun for this very learner goes on, whatever it is called now. Its time runs from when it was first seen. */
function operationOf({ observation, joining, name, replaced }: Arrival): Operation {
  const { latched, nowMs } = observation;
  if (latched.operation?.memberId === joining.id) return latched.operation;
  const { type, phase, target, attempt } = operation(observation, replaced ? "Replace" : "ScaleUp", name);
  return { type, phase, target, attempt, memberId: joining.id, startedMs: nowMs };
}

function giveUp(arrival: Arrival, inFlight: Operation): Decision | undefined {
  const { observation, joining, ordinal, name, replaced, pod } = arrival;
  const remove = (reason: "ScalingDown" | "LearnerCatchingUp" | "LearnerStuck", why: string): Decision =>
    act({ kind: "RemoveMember", memberId: joining.id, ordinal }, reason, `${name} is removed: ${why}`, inFlight);
  if (ordinal >= observation.cluster.wanted) return remove("ScalingDown", "it is not wanted any more");
  if (replaced && pod && dataOf(pod) === replaced.id) {
    return remove("LearnerCatchingUp", "the member that it was to replace has its disk");
  }
  if (pod && lostItsDisk(joining, pod, inFlight))
    return remove("LearnerCatchingUp", "it lost its disk before it had a vote");
  if (isOverdue(arrival, inFlight)) {
    return remove("LearnerStuck", `it has not caught up ${since(inFlight.startedMs)}, which is 10 minutes or more`);
  }
  return undefined;
}

/** Its id is used up: the leader counts on what it has acknowledged. */
function lostItsDisk(joining: Member, { process, uid }: Pod, { podUid }: Operation): boolean {
  if (process.kind !== "Waiting") return false;
  if (process.volume === "Lost" && process.memberId === joining.id) return true;
  return ["Empty", "Lost"].includes(process.volume) && podUid !== undefined && podUid !== uid;
}

/** Whoever is healthy is asked to vote at least once: it may have caught up while nobody looked. */
function isOverdue({ observation, joining }: Arrival, { startedMs, phase }: Operation): boolean {
  if (observation.nowMs - startedMs < LEARNER_LIMIT_MS) return false;
  return ["Promote", "FinishReplace"].includes(phase) || !isHealthy(observation, joining);
}

function goOn(arrival: Arrival, inFlight: Operation): Decision {
  const { observation, joining, ordinal, name, pod } = arrival;
  if (isHealthy(observation, joining)) return giveVote(arrival, inFlight);
  if (!pod || pod.terminating)
    return wait("LearnerCatchingUp", complaint(observation, ordinal), RETRY_MS.pod, inFlight);
  if (holdsRemovedData(observation, pod)) return recycle(observation, pod, inFlight);
  const isOutdated = observation.statefulSet?.templateObserved === true && !pod.upToDate;
  const isFresh = hasFreshVolume(pod);
  if (isOutdated || (isFresh && claimAt(observation, ordinal)?.terminating === true)) {
    const message = `${name} is restarted before it joins: its ${isOutdated ? "template" : "claim"} is out of date`;
    return act({ kind: "DeletePod", name, uid: pod.uid }, "LearnerCatchingUp", message, inFlight);
  }
  if (isFresh) {
    const message = `${name} joins as learner ${joining.id}`;
    const step = { kind: "GrantJoin", pod: name, podUid: pod.uid, memberId: joining.id } as const;
    return act(step, "LearnerCatchingUp", message, { ...inFlight, podUid: pod.uid });
  }
  return wait("LearnerCatchingUp", complaint(observation, ordinal), RETRY_MS.process, inFlight);
}

/** The server knows whether it has caught up, and refuses until then. */
function giveVote({ joining, ordinal, name, replaced }: Arrival, inFlight: Operation): Decision {
  const message = `${name} catches up ${since(inFlight.startedMs)}, then it votes`;
  if (!replaced) {
    return act({ kind: "Promote", memberId: joining.id, ordinal }, "LearnerCatchingUp", message, inFlight);
  }
  return act(
    { kind: "FinishReplace", memberId: replaced.id, successorId: joining.id, ordinal },
    "ReplacingMember",
    `${message} in place of ${replaced.id}`,
    inFlight,
  );
}
