import { NO_NODE } from "../base/ids.ts";
import { unreachable } from "../base/assert.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { entriesApplied, snapshotApplied } from "./applied.ts";
import { stepCandidate } from "./candidate.ts";
import { campaign, handleVoteRequest, isInLease } from "./election.ts";
import { stepFollower } from "./follower.ts";
import type { Handlers } from "./handler.ts";
import { stepLeader } from "./leader.ts";
import { send } from "./outbox.ts";
import type { ProposalResult } from "./proposal.ts";
import type { RaftState } from "./raft-state.ts";
import { becomeFollower } from "./roles.ts";

/** Takes one message: first what its term means, then what every role does with it, then the role's part. */
export function step(raft: RaftState, message: Message): ProposalResult {
  // Local messages have no term.
  if (message.term > raft.term) {
    if (!enterTerm(raft, message)) return "accepted";
  } else if (message.term < raft.term && message.term !== 0) {
    handleOutdated(raft, message);
    return "accepted";
  }
  const handler = handlers[message.type];
  if (handler === undefined) return stepRole(raft, message);
  handler(raft, message);
  return "accepted";
}

/** These mean the same to every role. */
const handlers: Handlers = {
  [MessageType.Hup]: (raft) => campaign(raft, raft.config.preVote ? "pre-election" : "election"),
  [MessageType.Vote]: handleVoteRequest,
  [MessageType.PreVote]: handleVoteRequest,
  [MessageType.StorageAppendResp]: (raft, { index, logTerm, snapshot }) => {
    if (index !== 0) raft.log.stableTo({ index, term: logTerm });
    if (snapshot !== undefined) snapshotApplied(raft, snapshot);
  },
  [MessageType.StorageApplyResp]: (raft, { entries }) => entriesApplied(raft, entries),
};

function stepRole(raft: RaftState, message: Message): ProposalResult {
  switch (raft.role) {
    case "leader":
      return stepLeader(raft, message);
    case "candidate":
    case "pre-candidate":
      return stepCandidate(raft, message);
    case "follower":
      return stepFollower(raft, message);
    default:
      return unreachable(raft.role);
  }
}

/** A message of a later term makes a follower of everyone, with few exceptions; false if it is ignored. */
function enterTerm(raft: RaftState, message: Message): boolean {
  const { type, from, term } = message;
  const isVoteRequest = type === MessageType.Vote || type === MessageType.PreVote;
  if (isVoteRequest && isInLease(raft, message)) return false;
  // Pre-votes speak of a term that nobody is in yet; a refusal, though, comes from one that is ahead of us.
  if (type === MessageType.PreVote || (type === MessageType.PreVoteResp && !message.reject)) return true;
  const isFromLeader = type === MessageType.App || type === MessageType.Heartbeat || type === MessageType.Snap;
  becomeFollower(raft, term, isFromLeader ? from : NO_NODE);
  return true;
}

function handleOutdated(raft: RaftState, message: Message): void {
  const { type, from: to } = message;
  const isFromLeader = type === MessageType.App || type === MessageType.Heartbeat;
  if (isFromLeader && (raft.config.checkQuorum || raft.config.preVote)) {
    // We may be ahead of a living leader that our vote requests do not reach through the others' loyalty to it:
    // an answer of our term makes it step down, and lets us in again.
    send(raft, { type: MessageType.AppResp, to });
  } else if (type === MessageType.PreVote) {
    // To keep silent could block a cluster in which pre-votes were just switched on.
    send(raft, { type: MessageType.PreVoteResp, to, reject: true });
  } else if (type === MessageType.StorageAppendResp && message.snapshot !== undefined) {
    // Entries that were written in an older term may have been replaced since; a snapshot is of no term.
    snapshotApplied(raft, message.snapshot);
  }
}
