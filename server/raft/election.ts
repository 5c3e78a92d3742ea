import { equalBytes } from "../base/bytes.ts";
import { NO_NODE } from "../base/ids.ts";
import { EntryType, MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { send } from "./outbox.ts";
import type { RaftState } from "./raft-state.ts";
import { becomeCandidate, becomePreCandidate } from "./roles.ts";

/** Why a member stands for election; a transfer skips the pre-vote and the voters' loyalty to the old leader. */
export type Campaign = "pre-election" | "election" | "transfer";

/** Marks the vote requests of a transfer; etcd's spelling, it travels. */
const TRANSFER_CONTEXT = new TextEncoder().encode("CampaignTransfer");

/** Stands for election unless something forbids it. */
export function campaign(raft: RaftState, kind: Campaign): void {
  if (raft.role === "leader" || !isPromotable(raft) || hasUnappliedConfChange(raft)) return;
  requestVotes(raft, kind);
}

/** Becomes (pre-)candidate and asks all voters, itself included. */
export function requestVotes(raft: RaftState, kind: Campaign): void {
  const isPreVote = kind === "pre-election";
  if (isPreVote) becomePreCandidate(raft);
  else becomeCandidate(raft);
  // A pre-vote asks about the term that would follow.
  const term = isPreVote ? raft.term + 1 : raft.term;
  const type = isPreVote ? MessageType.PreVote : MessageType.Vote;
  const context = kind === "transfer" ? TRANSFER_CONTEXT : undefined;
  const { index, term: logTerm } = raft.log.lastEntryId;
  for (const to of raft.tracker.voters) {
    if (to === raft.id) send(raft, { type: responseTo(type), to, term });
    else send(raft, { type, to, term, index, logTerm, context });
  }
}

/** Whether this member could lead: it votes, and no snapshot is on its way to its disk. */
export function isPromotable(raft: RaftState): boolean {
  return raft.tracker.get(raft.id)?.isLearner === false && !raft.log.hasUnstableSnapshot;
}

/** Whether a vote request is ignored because a leader was heard of lately (Raft thesis 6.4.1, 4.2.3). */
export function isInLease(raft: RaftState, request: Message): boolean {
  const isForced = request.context !== undefined && equalBytes(request.context, TRANSFER_CONTEXT);
  if (isForced || !raft.config.checkQuorum || raft.leader === NO_NODE) return false;
  return raft.electionElapsed < raft.config.electionTicks;
}

/**
 * Answers a vote request. Learners vote too: a member may have been promoted and not know it yet, while its
 * vote is needed to elect the leader that will tell it.
 */
export function handleVoteRequest(raft: RaftState, request: Message): void {
  const { type, from, term } = request;
  const isFree = raft.vote === from || (raft.vote === NO_NODE && raft.leader === NO_NODE);
  const canVote = isFree || (type === MessageType.PreVote && term > raft.term);
  if (canVote && raft.log.isUpToDate({ index: request.index, term: request.logTerm })) {
    // The term of the request, which for a pre-vote is not ours: the answer would else be taken for outdated.
    send(raft, { type: responseTo(type), to: from, term });
    if (type === MessageType.PreVote) return;
    raft.electionElapsed = 0;
    raft.vote = from;
  } else {
    send(raft, { type: responseTo(type), to: from, reject: true });
  }
}

function responseTo(type: MessageType): MessageType {
  return type === MessageType.PreVote ? MessageType.PreVoteResp : MessageType.VoteResp;
}

/** A committed change that is not applied means that this member counts votes in an outdated configuration. */
function hasUnappliedConfChange(raft: RaftState): boolean {
  const { applied, committed } = raft.log;
  for (let at = applied + 1; at <= committed;) {
    const page = raft.log.slice(at, committed + 1, raft.config.maxCommittedSizePerReady);
    if (page === undefined || page.length === 0) return true;
    if (page.some((entry) => entry.type !== EntryType.Normal)) return true;
    at += page.length;
  }
  return false;
}
