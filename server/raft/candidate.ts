import { NO_NODE } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { requestVotes } from "./election.ts";
import { stepFollower } from "./follower.ts";
import type { Handlers } from "./handler.ts";
import type { ProposalResult } from "./proposal.ts";
import type { RaftState } from "./raft-state.ts";
import { broadcastAppend } from "./replication.ts";
import { becomeFollower, becomeLeader } from "./roles.ts";

/** What a candidate or pre-candidate does with a message of its term. */
export function stepCandidate(raft: RaftState, message: Message): ProposalResult {
  if (message.type === MessageType.Prop) return "dropped";
  handlers[message.type]?.(raft, message);
  return "accepted";
}

const handlers: Handlers = {
  [MessageType.App]: followWinner,
  [MessageType.Heartbeat]: followWinner,
  [MessageType.Snap]: followWinner,
  [MessageType.VoteResp]: (raft, message) => {
    if (raft.role === "candidate") countVote(raft, message);
  },
  [MessageType.PreVoteResp]: (raft, message) => {
    if (raft.role === "pre-candidate") countVote(raft, message);
  },
};

/** Somebody else was elected in this term. */
function followWinner(raft: RaftState, message: Message): void {
  becomeFollower(raft, message.term, message.from);
  stepFollower(raft, message);
}

function countVote(raft: RaftState, { from, reject }: Message): void {
  raft.tracker.recordVote(from, !reject);
  const result = raft.tracker.voteResult;
  if (result === "lost") becomeFollower(raft, raft.term, NO_NODE);
  if (result !== "won") return;
  if (raft.role === "pre-candidate") {
    requestVotes(raft, "election");
  } else {
    becomeLeader(raft);
    broadcastAppend(raft);
  }
}
