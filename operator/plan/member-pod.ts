import type { HexId } from "../types/hex-id.ts";
import { podName } from "../types/names.ts";
import { since } from "./decide.ts";
import type { Claim, Member, Observation, Pod } from "./observation.ts";

/** The pod of an ordinal, if there is one. */
export function podAt({ pods }: Observation, ordinal: number | undefined): Pod | undefined {
  return pods.find((pod) => pod.ordinal === ordinal);
}

/** The claim of an ordinal, if there is one. */
export function claimAt({ claims }: Observation, ordinal: number | undefined): Claim | undefined {
  return claims.find((claim) => claim.ordinal === ordinal);
}

/** What to call a member in a message. */
export function memberName(observation: Observation, member: Member): string {
  return member.ordinal === undefined ? `member ${member.id}` : podName(observation.cluster.name, member.ordinal);
}

/** Whether the member runs, in its pod and as itself, and does its part. */
export function isHealthy(observation: Observation, member: Member): boolean {
  const pod = podAt(observation, member.ordinal);
  const process = pod?.process;
  return process?.kind === "Running" && process.memberId === member.id && process.healthy && !pod?.terminating;
}

/**
 * Whether the pod waits on a volume without a member's data. Only that proves that a disk is lost: a pod that does not
 * answer proves nothing.
 */
export function hasFreshVolume({ process }: Pod): boolean {
  return process.kind === "Waiting" && ["Empty", "Granted", "Lost"].includes(process.volume);
}

/** The member whose data are in the pod's volume, as far as its process says. */
export function dataOf({ process }: Pod): HexId | undefined {
  if (process.kind === "Unreachable") return undefined;
  if (process.kind === "Waiting" && process.volume !== "Owned") return undefined;
  return process.memberId;
}

/** The member that leads, if one is known; of two that think so, the one in the later term is right. */
export function leaderOf({ members = [], pods }: Observation): Member | undefined {
  const terms = pods.flatMap(({ process }) => (process.kind === "Running" && process.isLeader ? [process] : []));
  const [latest] = terms.toSorted((a, b) => b.raftTerm - a.raftTerm);
  return members.find((member) => member.id === latest?.memberId);
}

/** What is the matter with a pod that does not do its part, for messages. */
export function complaint(observation: Observation, ordinal: number): string {
  const name = podName(observation.cluster.name, ordinal);
  const pod = podAt(observation, ordinal);
  if (!pod) return `${name} has no pod`;
  const { process, sinceMs, trouble } = pod;
  if (pod.terminating) return `${name} is being deleted`;
  switch (process.kind) {
    case "Unreachable":
      return `${name} does not answer, not ready ${since(sinceMs)}${trouble === undefined ? "" : ` (${trouble})`}`;
    case "Waiting":
      return `${name} ${VOLUME[process.volume]}${process.message === undefined ? "" : ` (${process.message})`}`;
    case "Starting":
      return `${name} is starting, not ready ${since(sinceMs)}`;
    case "Running":
      return process.healthy ? `${name} is not ready ${since(sinceMs)}` : `${name} is unhealthy ${since(sinceMs)}`;
  }
}

const VOLUME = {
  Empty: "waits with an empty volume",
  Granted: "waits for leave to start",
  Owned: "is about to start",
  Lost: "waits with a volume that lost its data",
  Foreign: "has a volume of another cluster",
} as const;
