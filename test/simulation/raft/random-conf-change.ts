import type { NodeId } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import { ConfChangeTransition, ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { ConfChangeSingle } from "../../../server/proto/raft-message.ts";
import { leaveJointChange } from "../../../server/raft/conf-change.ts";
import type { AnyConfChange } from "../../../server/raft/conf-change.ts";
import { isJoint } from "../../../server/raft/configuration.ts";
import type { Configuration } from "../../../server/raft/configuration.ts";

/**
 * "gentle" changes keep a majority of the voters before them. "rough" ones may remove any; then it can happen
 * that nobody is electable for lack of the vote of a removed leader whose log is longer (configurations take
 * effect when they are applied, not when they are appended), so only safety can be asked for.
 */
export type ChangeManner = "gentle" | "rough";

const MIN_VOTERS = 2;
const types = [ConfChangeType.AddNode, ConfChangeType.RemoveNode, ConfChangeType.AddLearnerNode];
const transitions = Object.values(ConfChangeTransition);

/** A change of any kind and encoding that leaves enough voters; undefined where none came up. */
export function randomConfChange(
  configuration: Configuration,
  { ids, manner, random }: { readonly ids: readonly NodeId[]; readonly manner: ChangeManner; readonly random: Random },
): AnyConfChange | undefined {
  // Joint configurations last, so that faults meet them.
  if (isJoint(configuration)) return random.below(3) === 0 ? leaveJointChange : undefined;
  const changes = random.below(2) === 0 ? replacement(configuration, ids, random) : singles(ids, random);
  if (changes.length === 0) return undefined;
  const after = votersAfter(configuration, changes);
  const kept = [...configuration.incoming].filter((id) => after.has(id)).length;
  if (after.size < MIN_VOTERS) return undefined;
  if (manner === "gentle" && kept * 2 <= configuration.incoming.size) return undefined;
  if (changes.length === 1 && random.below(2) === 0) return { id: 0n, ...changes[0]!, context: undefined };
  return { transition: transitions[random.below(transitions.length)]!, changes, context: undefined };
}

function singles(ids: readonly NodeId[], random: Random): ConfChangeSingle[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    return { type: types[random.below(types.length)]!, nodeId: ids[random.below(ids.length)]! };
  });
}

/** To any other set of voters at once: the majorities before and after may have nobody in common. */
function replacement({ incoming }: Configuration, ids: readonly NodeId[], random: Random): ConfChangeSingle[] {
  const wanted = ids.map((nodeId) => ({ nodeId, isVoter: random.below(2) === 0 }));
  return wanted
    .filter(({ nodeId, isVoter }) => isVoter !== incoming.has(nodeId))
    .map(({ nodeId, isVoter }) => ({ type: isVoter ? ConfChangeType.AddNode : ConfChangeType.RemoveNode, nodeId }));
}

function votersAfter({ incoming }: Configuration, changes: readonly ConfChangeSingle[]): ReadonlySet<NodeId> {
  const voters = new Set(incoming);
  for (const { type, nodeId } of changes) {
    if (type === ConfChangeType.AddNode) voters.add(nodeId);
    else voters.delete(nodeId);
  }
  return voters;
}
