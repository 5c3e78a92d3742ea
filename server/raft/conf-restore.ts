import { assert } from "../base/assert.ts";
import { ConfChangeType } from "../proto/raft-message.ts";
import type { ConfChangeSingle, ConfState } from "../proto/raft-message.ts";
import type { NodeId } from "../base/ids.ts";
import { changeSimply, enterJoint } from "./conf-changer.ts";
import type { ChangeResult, Members, NewMemberOptions } from "./conf-changer.ts";
import { emptyConfiguration } from "./configuration.ts";

/** The members that a stored state describes, reached by the same changes by which a running cluster reaches it. */
export function restoreMembers(state: ConfState, options: NewMemberOptions): Members {
  const add = (ids: readonly NodeId[]) => singles(ConfChangeType.AddNode, ids);
  const addLearners = (ids: readonly NodeId[]) => singles(ConfChangeType.AddLearnerNode, ids);
  const incoming = [...add(state.voters), ...addLearners(state.learners), ...addLearners(state.learnersNext)];
  const empty: Members = { configuration: emptyConfiguration, progress: new Map() };
  if (state.votersOutgoing.length === 0) return oneByOne(empty, incoming, options);

  const outgoing = oneByOne(empty, add(state.votersOutgoing), options);
  const removals = singles(ConfChangeType.RemoveNode, state.votersOutgoing);
  const { autoLeave } = state;
  return accepted(enterJoint(outgoing, [...removals, ...incoming], { ...options, autoLeave }));
}

function singles(type: ConfChangeType, ids: readonly NodeId[]): ConfChangeSingle[] {
  return ids.map((nodeId) => ({ type, nodeId }));
}

function oneByOne(start: Members, changes: readonly ConfChangeSingle[], options: NewMemberOptions): Members {
  return changes.reduce((members, change) => accepted(changeSimply(members, [change], options)), start);
}

function accepted(result: ChangeResult): Members {
  assert("members" in result, "a stored configuration can be restored");
  return result.members;
}
