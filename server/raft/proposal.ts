import { assert } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { Entry } from "../proto/raft-message.ts";
import { asConfChangeV2, confChangeOfEntry } from "./conf-change.ts";
import { isJoint } from "./configuration.ts";
import { appendAsLeader, emptyEntry } from "./leader-log.ts";
import type { RaftState } from "./raft-state.ts";
import { broadcastAppend } from "./replication.ts";

/** Whether a proposal went into the leader's log (or on its way there), or has to be made again. */
export type ProposalResult = "accepted" | "dropped";

/** Appends proposals at the leader and sends them to everyone. */
export function propose(raft: RaftState, entries: readonly Entry[]): ProposalResult {
  assert(entries.length > 0, "something is proposed");
  const isMember = raft.tracker.get(raft.id) !== undefined;
  if (!isMember || raft.leadTransferee !== NO_NODE) return "dropped";
  const checked = entries.map((entry, i) => checkConfChange(raft, entry, raft.log.lastIndex + 1 + i));
  if (!appendAsLeader(raft, checked)) return "dropped";
  broadcastAppend(raft);
  return "accepted";
}

/** A membership change that is not possible now becomes an empty entry, so that its proposer hears of it. */
function checkConfChange(raft: RaftState, entry: Entry, index: number): Entry {
  const change = confChangeOfEntry(entry);
  if (change === undefined) return entry;
  const isPending = raft.pendingConfIndex > raft.log.applied;
  // A proposal counts as leaving when it names nobody, whatever it says about the transition.
  const leaves = asConfChangeV2(change).changes.length === 0;
  const isImpossible = isPending || isJoint(raft.tracker.configuration) !== leaves;
  if (isImpossible && !raft.config.disableConfChangeValidation) return emptyEntry;
  raft.pendingConfIndex = index;
  return entry;
}
