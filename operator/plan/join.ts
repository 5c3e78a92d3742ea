import { podName } from "../types/names.ts";
import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { leave } from "./leave.ts";
import { complaint, hasFreshVolume, podAt } from "./member-pod.ts";
import { nextAttempt } from "./next-attempt.ts";
import { type Quorate, keepsQuorumWithOneMore } from "./quorum.ts";

/** An ordinal that is wanted and has no member gets one, as a learner at first: the lowest whose pod waits for it. */
export function join(observation: Quorate): Decision | undefined {
  const missing = missingOrdinals(observation);
  const [lowest] = missing;
  if (lowest === undefined) return undefined;
  const ordinal = missing.find((candidate) => isWaiting(observation, candidate));
  if (ordinal === undefined) return waitForPod(observation, lowest);
  const name = podName(observation.cluster.name, ordinal);
  if (!keepsQuorumWithOneMore(observation)) {
    const message = `${name} waits to join: with one more voter the healthy ones would be no majority`;
    // A dead voter that is to leave anyway may be the one that is in the way.
    return (
      leave(observation) ?? wait("MembershipBlocked", message, RETRY_MS.pod, operation(observation, "ScaleUp", name))
    );
  }
  const message = `${name} is added as a learner`;
  return act({ kind: "AddLearner", ordinal }, "ScalingUp", message, nextAttempt(observation, "ScaleUp", name));
}

function missingOrdinals({ cluster, members }: Quorate): readonly number[] {
  const taken = new Set(members.map((member) => member.ordinal));
  return Array.from({ length: cluster.wanted }, (_, ordinal) => ordinal).filter((ordinal) => !taken.has(ordinal));
}

function isWaiting(observation: Quorate, ordinal: number): boolean {
  const pod = podAt(observation, ordinal);
  return pod !== undefined && !pod.terminating && hasFreshVolume(pod);
}

function waitForPod(observation: Quorate, ordinal: number): Decision {
  const process = podAt(observation, ordinal)?.process;
  const isForeign = process?.kind === "Waiting" && process.volume === "Foreign";
  const growing = operation(observation, "ScaleUp", podName(observation.cluster.name, ordinal));
  return isForeign
    ? wait("ForeignVolume", complaint(observation, ordinal), RETRY_MS.person, growing)
    : wait("ScalingUp", complaint(observation, ordinal), RETRY_MS.pod, growing);
}
