import { assert, must } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { NodeId, Term } from "../base/ids.ts";
import { appendAsLeader, emptyEntry } from "./leader-log.ts";
import type { RaftState } from "./raft-state.ts";
import { ReadQueue } from "./read-queue.ts";

/** Follows a leader, or nobody until one is heard of. */
export function becomeFollower(raft: RaftState, term: Term, leader: NodeId): void {
  reset(raft, term);
  raft.leader = leader;
  raft.role = "follower";
}

/** Stands for election in the next term, with its own vote. */
export function becomeCandidate(raft: RaftState): void {
  assert(raft.role !== "leader", "a leader does not stand for election");
  reset(raft, raft.term + 1);
  raft.vote = raft.id;
  raft.role = "candidate";
}

/** Asks whether it could win; neither term nor vote change, so that asking disturbs nobody. */
export function becomePreCandidate(raft: RaftState): void {
  assert(raft.role !== "leader", "a leader does not stand for election");
  raft.tracker.resetVotes();
  raft.leader = NO_NODE;
  raft.role = "pre-candidate";
}

/** Leads, beginning with an empty entry of its own term. */
export function becomeLeader(raft: RaftState): void {
  assert(raft.role !== "follower", "only who was elected leads");
  reset(raft, raft.term);
  raft.leader = raft.id;
  raft.role = "leader";
  const own = must(raft.tracker.get(raft.id), "a leader is a member");
  own.becomeReplicate();
  own.isRecentlyActive = true;
  // There may be a membership change in the tail of the log; to wait for all of it is simpler than to look.
  raft.pendingConfIndex = raft.log.lastIndex;
  assert(appendAsLeader(raft, [emptyEntry]), "an empty entry is never refused");
}

/** Hands over to nobody any more. */
export function abortTransfer(raft: RaftState): void {
  raft.leadTransferee = NO_NODE;
}

function reset(raft: RaftState, term: Term): void {
  if (raft.term !== term) {
    raft.term = term;
    raft.vote = NO_NODE;
  }
  raft.leader = NO_NODE;
  raft.electionElapsed = 0;
  raft.heartbeatElapsed = 0;
  raft.randomizedElectionTicks = undefined;
  abortTransfer(raft);
  raft.tracker.resetVotes();
  raft.tracker.resetProgress(raft.id, raft.log.lastIndex);
  raft.pendingConfIndex = 0;
  raft.uncommittedSize = 0;
  raft.reads = new ReadQueue();
  raft.earlyReads = [];
}
