import { act, operation } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { claimAt, hasFreshVolume, isHealthy } from "./member-pod.ts";
import type { Observation, Pod } from "./observation.ts";
import type { Operation } from "./operation.ts";
import { hasQuorum, voters } from "./quorum.ts";

/**
 * A pod that does not do its part and is out of date is restarted before anything else: it costs nothing, and the
 * template of now may be what heals it. So a rollout that was halted goes on as soon as it is reverted. That it does no
 * part is believed when it does not answer and its kubelet does not call it ready either.
 */
export function restartOutdated(
  observation: Observation,
  inFlight?: Operation,
  among: readonly Pod[] = observation.pods,
): Decision | undefined {
  if (!observation.statefulSet?.templateObserved) return undefined;
  const pod = among.find(
    (candidate) =>
      !candidate.upToDate &&
      !candidate.terminating &&
      !candidate.ready &&
      !doesItsPart(observation, candidate) &&
      survivesRestart(observation, candidate),
  );
  if (!pod) return undefined;
  const message = `${pod.name} is out of date and does not do its part: it is restarted first`;
  const rolling = { ...(inFlight ?? operation(observation, "Rollout", pod.name)), podUid: pod.uid };
  return act({ kind: "DeletePod", name: pod.name, uid: pod.uid }, "RolloutInProgress", message, rolling);
}

/**
 * Whether a restart keeps what the pod has. A claim that is being deleted goes with its pod; only a cluster of three or
 * more, in quorum, can replace what is lost with it.
 */
export function survivesRestart(observation: Observation, pod: Pod): boolean {
  if (claimAt(observation, pod.ordinal)?.terminating !== true || hasFreshVolume(pod)) return true;
  return hasQuorum(observation) && voters(observation).length >= 3;
}

function doesItsPart(observation: Observation, pod: Pod): boolean {
  const { members = [] } = observation;
  return members.some((member) => member.ordinal === pod.ordinal && isHealthy(observation, member));
}
