import type { NodeId } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import { ConfChangeTransition, ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { ConfChangeSingle } from "../../../server/proto/raft-message.ts";
import { leaveJointChange } from "../../../server/raft/conf-change.ts";
import type { AnyConfChange } from "../../../server/raft/conf-change.ts";
import { isJoint } from "../../../server/raft/configuration.ts";
import type { Configuration } from "../../../server/raft/configuration.ts";

const MIN_VOTERS = 2;
const types = [ConfChangeType.AddNode, ConfChangeType.RemoveNode, ConfChangeType.AddLearnerNode];
const transitions = Object.values(ConfChangeTransition);

/** A change of any kind and encoding that leaves enough voters; undefined where none came up. */
export function randomConfChange(
  configuration: Configuration,
  ids: readonly NodeId[],
  random: Random,
): AnyConfChange | undefined {
  if (isJoint(configuration)) return leaveJointChange;
  const changes = Array.from({ length: 1 + random.below(3) }, (): ConfChangeSingle => {
    return { type: types[random.below(types.length)]!, nodeId: ids[random.below(ids.length)]! };
  });
  if (votersAfter(configuration, changes).size < MIN_VOTERS) return undefined;
  if (changes.length === 1 && random.below(2) === 0) return { id: 0n, ...changes[0]!, context: undefined };
  return { transition: transitions[random.below(transitions.length)]!, changes, context: undefined };
}

function votersAfter({ incoming }: Configuration, changes: readonly ConfChangeSingle[]): ReadonlySet<NodeId> {
  const voters = new Set(incoming);
  for (const { type, nodeId } of changes) {
    if (type === ConfChangeType.AddNode) voters.add(nodeId);
    else voters.delete(nodeId);
  }
  return voters;
}
