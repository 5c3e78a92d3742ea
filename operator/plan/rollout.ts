import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy, leaderOf, podAt } from "./member-pod.ts";
import { moveLeader } from "./move-leader.ts";
import type { Member, Pod } from "./observation.ts";
import { type Quorate, voters } from "./quorum.ts";
import { survivesRestart } from "./restart-outdated.ts";

/** So long a pod that was restarted may take to be ready before the rollout is said to be stalled. It waits on either way. */
const STALLED_AFTER_MS = 120_000;

/**
 * Pods that are out of date are restarted one by one, followers first, the leader last and after it handed over. All
 * voters have to be well before the next one goes, so at most one is down, and the first that does not come back halts
 * it. A cluster of one or two has nobody to spare: its restart is a short outage that cannot be avoided.
 */
export function rollout(observation: Quorate): Decision | undefined {
  const { statefulSet, latched } = observation;
  if (!statefulSet?.templateObserved) {
    const message = "the StatefulSet controller has yet to see the template of now";
    return wait("RolloutInProgress", message, RETRY_MS.process, latched.operation);
  }
  const outdated = voters(observation).flatMap((voter) => {
    const pod = podAt(observation, voter.ordinal);
    return pod && !pod.upToDate ? [{ voter, pod }] : [];
  });
  const isUnderWay = outdated.length > 0 || latched.operation?.type === "Rollout";
  if (!isUnderWay) return undefined;
  return halt(observation) ?? restartNext(observation, outdated);
}

interface Outdated {
  readonly voter: Member;
  readonly pod: Pod;
}

function halt(observation: Quorate): Decision | undefined {
  const { nowMs, latched } = observation;
  const sick = voters(observation).find((voter) => {
    return !isHealthy(observation, voter) || podAt(observation, voter.ordinal)?.ready !== true;
  });
  if (sick?.ordinal === undefined) return undefined;
  const inFlight = latched.operation;
  const sinceMs = podAt(observation, sick.ordinal)?.sinceMs ?? inFlight?.startedMs ?? nowMs;
  const isStalled = nowMs - sinceMs >= STALLED_AFTER_MS;
  const message = `the rollout ${isStalled ? "is halted" : "waits"}: ${complaint(observation, sick.ordinal)}`;
  return wait(isStalled ? "RolloutStalled" : "RolloutInProgress", message, RETRY_MS.process, inFlight);
}

function restartNext(observation: Quorate, outdated: readonly Outdated[]): Decision | undefined {
  const leader = leaderOf(observation);
  const next = outdated.find(({ voter }) => voter.id !== leader?.id) ?? outdated[0];
  if (!next) return undefined;
  const { voter, pod } = next;
  const rolling = { ...operation(observation, "Rollout", pod.name), podUid: pod.uid };
  if (!survivesRestart(observation, pod)) {
    const message = `${pod.name} is out of date, but its claim is being deleted: a restart would lose the only disk left`;
    return wait("RolloutBlocked", message, RETRY_MS.person, rolling);
  }
  const handOver = moveLeader(observation, voter.id, "RolloutInProgress", rolling);
  if (handOver) return handOver;
  const message = `${pod.name} is restarted with the template of now, ${String(outdated.length - 1)} to go`;
  return act({ kind: "DeletePod", name: pod.name, uid: pod.uid }, "RolloutInProgress", message, rolling);
}
