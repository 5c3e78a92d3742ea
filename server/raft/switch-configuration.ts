import { assert } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import { asConfChangeV2, isLeaveJoint, jointEntryOf } from "./conf-change.ts";
import type { AnyConfChange } from "./conf-change.ts";
import { changeSimply, enterJoint, leaveJoint } from "./conf-changer.ts";
import type { ChangeResult, Members } from "./conf-changer.ts";
import { confStateOf } from "./configuration.ts";
import { commitByQuorum } from "./leader-log.ts";
import type { RaftState } from "./raft-state.ts";
import { broadcastAppend, sendAppend } from "./replication.ts";
import { abortTransfer, becomeFollower } from "./roles.ts";

/** Makes a committed change effective. It was checked before it was proposed: a refusal here is a bug. */
export function applyConfChange(raft: RaftState, anyChange: AnyConfChange): ConfState {
  const change = asConfChangeV2(anyChange);
  const options = raft.tracker.newMemberOptions(raft.log.lastIndex);
  const before = raft.membersBeforeSnapshot ?? raft.tracker.members;
  const kind = jointEntryOf(change);
  let result: ChangeResult;
  if (isLeaveJoint(change)) result = leaveJoint(before, options);
  else if (kind === "none") result = changeSimply(before, change.changes, options);
  else result = enterJoint(before, change.changes, { ...options, autoLeave: kind === "auto-leave" });
  assert(
    "members" in result,
    `a committed membership change is possible: ${"refused" in result ? result.refused : ""}`,
  );
  if (raft.membersBeforeSnapshot === undefined) return switchTo(raft, result.members);
  raft.membersBeforeSnapshot = result.members;
  return confStateOf(result.members.configuration);
}

/** Takes another configuration, and does what follows from it. */
export function switchTo(raft: RaftState, members: Members): ConfState {
  raft.tracker.use(members);
  const { confState } = raft.tracker;
  const own = raft.tracker.get(raft.id);
  raft.isLearner = own?.isLearner === true;
  if (raft.role !== "leader") return confState;
  if (own === undefined || own.isLearner) {
    if (raft.config.stepDownOnRemoval) becomeFollower(raft, raft.term, NO_NODE);
    return confState;
  }
  if (confState.voters.length > 0) reactAsLeader(raft);
  return confState;
}

/** Another quorum may commit more; new members need not wait for the next heartbeat; a transferee may be gone. */
function reactAsLeader(raft: RaftState): void {
  if (commitByQuorum(raft)) {
    broadcastAppend(raft);
  } else {
    for (const id of raft.tracker.ids) if (id !== raft.id) sendAppend(raft, id, { evenIfEmpty: false });
  }
  if (raft.leadTransferee !== NO_NODE && !raft.tracker.isVoter(raft.leadTransferee)) abortTransfer(raft);
}
