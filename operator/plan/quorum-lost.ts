import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy } from "./member-pod.ts";
import type { Observation } from "./observation.ts";
import { healthyVoters, majority, voters } from "./quorum.ts";

/** So long a cluster that wakes from hibernation is said to be resuming, and not to have lost its quorum. */
const RESUMING_MS = 600_000;

/**
 * Without a quorum nothing is deleted, removed or recreated: whoever is out of reach may come back and be needed. Only
 * members whose pods are not even wanted are asked for, which is how a hibernated cluster wakes up.
 */
export function quorumLost(observation: Observation): Decision {
  const { statefulSet, nowMs, cluster, latched } = observation;
  const existing = existingReplicas(observation);
  const replicas = statefulSet?.replicas ?? 0;
  if (replicas < existing) {
    const resume = replicas === 0 ? operation(observation, "Resume", cluster.name) : latched.operation;
    const message = `${String(existing)} pods are started, one for each member that there is`;
    return act({ kind: "ScaleStatefulSet", replicas: existing }, "Resuming", message, resume);
  }
  const inFlight = latched.operation;
  const isResuming = inFlight?.type === "Resume" && nowMs - inFlight.startedMs < RESUMING_MS;
  return wait(isResuming ? "Resuming" : "QuorumLost", describe(observation), RETRY_MS.process, inFlight);
}

/** As many as it takes to give every member its pod; nobody says who the members are, but each has a claim. */
function existingReplicas({ members = [], claims, cluster }: Observation): number {
  const kept = claims.filter((claim) => claim.isOurs && !claim.terminating);
  const ordinals = [...members, ...kept].flatMap(({ ordinal }) => (ordinal === undefined ? [] : [ordinal]));
  return ordinals.length === 0 ? cluster.wanted : Math.max(...ordinals) + 1;
}

function describe(observation: Observation): string {
  const size = voters(observation).length;
  const sick =
    size === 0
      ? observation.pods.filter((pod) => !pod.ready).map((pod) => pod.ordinal)
      : voters(observation).flatMap((voter) => (isHealthy(observation, voter) ? [] : [voter.ordinal ?? -1]));
  const count =
    size === 0
      ? "no member answers with a quorum behind it"
      : `${String(healthyVoters(observation).length)} of ${String(size)} voters are healthy, ${String(majority(size))} are needed`;
  const complaints = sick.filter((ordinal) => ordinal >= 0).map((ordinal) => complaint(observation, ordinal));
  return [`${count}; nothing is deleted or removed meanwhile`, ...complaints].join("; ");
}
