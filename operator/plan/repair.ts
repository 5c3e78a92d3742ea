import { act, operation } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { claimAt, dataOf, hasFreshVolume, podAt } from "./member-pod.ts";
import type { Pod } from "./observation.ts";
import { nextAttempt } from "./next-attempt.ts";
import type { Operation } from "./operation.ts";
import { type Quorate, voters } from "./quorum.ts";
import { holdsRemovedData, recycle } from "./recycle.ts";
import { neededReplicas } from "./replicas.ts";
import { restartOutdated } from "./restart-outdated.ts";

/** So long a pod that is no member may be out of reach before its volume is given up: it may hold a removed member's data. */
const UNREACHABLE_LIMIT_MS = 600_000;

/**
 * Mends what is known to be broken, one thing at a time. A voter is replaced when its pod says that the disk is lost,
 * and never because it does not answer.
 */
export function repair(observation: Quorate): Decision | undefined {
  return (
    finishDeparture(observation) ??
    restartOutdated(observation) ??
    renewVolumes(observation) ??
    replaceLostVoter(observation)
  );
}

/** The member that the operation is about is gone; what runs in its pod may no longer be able to say who it was. */
function finishDeparture(observation: Quorate): Decision | undefined {
  const { members, pods, latched } = observation;
  const begun = latched.operation;
  if (begun?.memberId === undefined) return undefined;
  const pod = pods.find(({ name }) => name === begun.target);
  if (!pod || pod.terminating || hasFreshVolume(pod) || pod.ordinal >= neededReplicas(observation)) return undefined;
  if (members.some(({ id }) => id === begun.memberId || id === dataOf(pod))) return undefined;
  // Leave to join is given to pods without data: whatever this very one has, it is the removed learner's.
  if (pod.uid === begun.podUid) return recycle(observation, pod, begun);
  const isNobodys = !members.some(({ ordinal }) => ordinal === pod.ordinal);
  const isLeaving = begun.phase === "RemoveMember" || begun.phase === "DeleteClaim";
  return isNobodys && isLeaving ? recycle(observation, pod, begun) : undefined;
}

function renewVolumes(observation: Quorate): Decision | undefined {
  const pod = observation.pods.find((candidate) => isWorthless(observation, candidate));
  return pod && recycle(observation, pod, operationOn(observation, pod));
}

/** Whether nothing is lost with the pod's volume, and it is in the way of a member to come. */
function isWorthless(observation: Quorate, pod: Pod): boolean {
  const { members, nowMs } = observation;
  if (pod.terminating || pod.ordinal >= neededReplicas(observation)) return false;
  if (holdsRemovedData(observation, pod)) return true;
  const isNobodys = !members.some((member) => member.ordinal === pod.ordinal);
  const isGoing = claimAt(observation, pod.ordinal)?.terminating === true;
  if (isGoing) return isNobodys || hasFreshVolume(pod);
  return isNobodys && pod.process.kind === "Unreachable" && nowMs - pod.sinceMs >= UNREACHABLE_LIMIT_MS;
}

function operationOn(observation: Quorate, pod: Pod): Operation {
  const inFlight = observation.latched.operation;
  return inFlight?.target === pod.name ? inFlight : operation(observation, "ScaleDown", pod.name);
}

/** Those beyond the wanted size are not replaced: they leave. */
function replaceLostVoter(observation: Quorate): Decision | undefined {
  for (const { id, ordinal = Infinity } of voters(observation)) {
    const pod = podAt(observation, ordinal);
    if (ordinal >= observation.cluster.wanted || !pod || pod.terminating || !hasFreshVolume(pod)) continue;
    const message = `${pod.name} lost its disk: a new member takes the place of ${id}`;
    const replacing = nextAttempt(observation, "Replace", pod.name);
    return act({ kind: "StartReplace", memberId: id, ordinal }, "ReplacingMember", message, replacing);
  }
  return undefined;
}
