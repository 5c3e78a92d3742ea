import { NO_NODE } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { campaign } from "./election.ts";
import { handleAppend, handleHeartbeat, handleSnapshot } from "./follower-log.ts";
import type { Handlers } from "./handler.ts";
import { forward } from "./outbox.ts";
import type { ProposalResult } from "./proposal.ts";
import type { RaftState } from "./raft-state.ts";

/** What a follower does with a message of its term. */
export function stepFollower(raft: RaftState, message: Message): ProposalResult {
  if (message.type === MessageType.Prop) return forwardProposal(raft, message);
  handlers[message.type]?.(raft, message);
  return "accepted";
}

const handlers: Handlers = {
  [MessageType.App]: (raft, message) => {
    hearLeader(raft, message);
    handleAppend(raft, message);
  },
  [MessageType.Heartbeat]: (raft, message) => {
    hearLeader(raft, message);
    handleHeartbeat(raft, message);
  },
  [MessageType.Snap]: (raft, message) => {
    hearLeader(raft, message);
    handleSnapshot(raft, message);
  },
  [MessageType.TimeoutNow]: (raft) => campaign(raft, "transfer"),
  [MessageType.TransferLeader]: forwardToLeader,
  [MessageType.ReadIndex]: forwardToLeader,
  [MessageType.ReadIndexResp]: takeReadState,
  [MessageType.ForgetLeader]: (raft) => {
    // A lease would be worth nothing if its holder could be forgotten.
    if (raft.config.readOnly !== "lease-based") raft.leader = NO_NODE;
  },
};

function forwardProposal(raft: RaftState, message: Message): ProposalResult {
  if (raft.leader === NO_NODE || raft.config.disableProposalForwarding) return "dropped";
  forward(raft, message, raft.leader);
  return "accepted";
}

function forwardToLeader(raft: RaftState, message: Message): void {
  if (raft.leader !== NO_NODE) forward(raft, message, raft.leader);
}

function hearLeader(raft: RaftState, { from }: Message): void {
  raft.electionElapsed = 0;
  raft.leader = from;
}

function takeReadState(raft: RaftState, { index, entries }: Message): void {
  const context = entries[0]?.data;
  if (entries.length === 1 && context !== undefined) raft.readStates.push({ index, context });
}
