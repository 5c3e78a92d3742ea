import { NO_NODE } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import { isPromotable } from "./election.ts";
import { makeMessage } from "./make-message.ts";
import type { RaftState } from "./raft-state.ts";
import { abortTransfer } from "./roles.ts";
import { step } from "./step.ts";

/** One tick of time: a leader's heartbeats and quorum checks, everyone else's election timeout. */
export function tick(raft: RaftState): void {
  if (raft.role === "leader") tickHeartbeat(raft);
  else tickElection(raft);
}

function tickElection(raft: RaftState): void {
  raft.electionElapsed++;
  if (!isPromotable(raft) || !isElectionDue(raft)) return;
  raft.electionElapsed = 0;
  stepLocally(raft, MessageType.Hup);
}

/** Chance keeps members from standing at the same time again and again (Raft thesis 3.4). */
function isElectionDue(raft: RaftState): boolean {
  const { electionTicks, random } = raft.config;
  if (raft.electionElapsed < electionTicks) return false;
  raft.randomizedElectionTicks ??= electionTicks + random.below(electionTicks);
  return raft.electionElapsed >= raft.randomizedElectionTicks;
}

function tickHeartbeat(raft: RaftState): void {
  raft.heartbeatElapsed++;
  raft.electionElapsed++;
  if (raft.electionElapsed >= raft.config.electionTicks) {
    raft.electionElapsed = 0;
    if (raft.config.checkQuorum) stepLocally(raft, MessageType.CheckQuorum);
    // A transfer that took this long has failed: the leader serves on.
    if (raft.leadTransferee !== NO_NODE) abortTransfer(raft);
  }
  if (!isLeader(raft) || raft.heartbeatElapsed < raft.config.heartbeatTicks) return;
  raft.heartbeatElapsed = 0;
  stepLocally(raft, MessageType.Beat);
}

/** The quorum check may have ended the leadership. */
function isLeader(raft: RaftState): boolean {
  return raft.role === "leader";
}

function stepLocally(raft: RaftState, type: MessageType): void {
  step(raft, makeMessage({ type, to: NO_NODE, from: raft.id }));
}
