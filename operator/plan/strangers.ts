import { podName } from "../types/names.ts";
import { RETRY_MS, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Quorate } from "./quorum.ts";
import { voters } from "./quorum.ts";

/** Members that no rule knows how to handle: of somebody else, or about to leave a joint configuration. */
export function strangers(observation: Quorate): Decision | undefined {
  const { members, latched, cluster } = observation;
  const foreign = members.find((member) => member.ordinal === undefined);
  if (foreign) {
    const message =
      `member ${foreign.id} (${foreign.name === "" ? "unnamed" : foreign.name}) has a peer URL that is no pod of ` +
      `StatefulSet ${cluster.name}: remove it with etcdctl member remove, the operator did not add it`;
    return wait("ForeignMember", message, RETRY_MS.person, latched.operation);
  }
  const ordinals = voters(observation).map((voter) => voter.ordinal);
  const shared = ordinals.find((ordinal, at) => ordinals.indexOf(ordinal) !== at);
  if (shared === undefined) return undefined;
  const message = `the cluster has yet to leave the joint configuration that replaces ${podName(observation.cluster.name, shared)}`;
  return wait("ReplacingMember", message, RETRY_MS.process, latched.operation);
}
