import type { HexId } from "../types/hex-id.ts";
import { isHealthy } from "./member-pod.ts";
import type { Member, Observation } from "./observation.ts";

/** An observation with a quorum of healthy voters: only from such a one anything is changed. */
export interface Quorate extends Observation {
  readonly members: readonly Member[];
}

/** Whether a majority of the voters is healthy, and said who the members are. */
export function hasQuorum(observation: Observation): observation is Quorate {
  const all = voters(observation);
  return all.length > 0 && healthyVoters(observation).length >= majority(all.length);
}

/** The smallest number of voters that is more than half of them. */
export function majority(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** The members that vote, as far as they are known. */
export function voters({ members = [] }: Observation): readonly Member[] {
  return members.filter((member) => !member.isLearner);
}

/** The voters that do their part. */
export function healthyVoters(observation: Observation): readonly Member[] {
  return voters(observation).filter((voter) => isHealthy(observation, voter));
}

/** Whether the voters that stay are a healthy majority of themselves. */
export function keepsQuorumWithout(observation: Observation, leaver: HexId): boolean {
  const healthy = healthyVoters(observation).filter((voter) => voter.id !== leaver);
  return healthy.length >= majority(voters(observation).length - 1);
}

/**
 * Whether one more member may be added. The server asks for it too (etcd's strict reconfiguration check): counted as
 * down at first, it must not be the one too many. A lone member may grow to two, or nothing ever could.
 */
export function keepsQuorumWithOneMore(observation: Observation): boolean {
  const size = voters(observation).length;
  return size === 1 || healthyVoters(observation).length >= majority(size + 1);
}
