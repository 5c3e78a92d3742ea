import { NO_NODE } from "../base/ids.ts";
import type { NodeId } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import { send } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import type { RaftState } from "./raft-state.ts";
import { sendAppend } from "./replication.ts";
import { abortTransfer } from "./roles.ts";

/** Begins to hand over leadership (Raft thesis 3.10); proposals are dropped until it is done or given up. */
export function transferTo(raft: RaftState, target: NodeId, progress: Progress): void {
  if (progress.isLearner || raft.leadTransferee === target) return;
  if (raft.leadTransferee !== NO_NODE) abortTransfer(raft);
  if (target === raft.id) return;
  // It has to be done within one election timeout, counted from now.
  raft.electionElapsed = 0;
  raft.leadTransferee = target;
  if (progress.match === raft.log.lastIndex) sendTimeoutNow(raft, target);
  else sendAppend(raft, target, { evenIfEmpty: true });
}

/**
 * The follower has acknowledged something, be it a heartbeat: if it is the target and has everything, it may stand now. It
 * is told again with every heartbeat, for it does not stand while a change of the configuration is committed and not yet
 * applied there, as that by which it votes; etcd tells it once, and goes on after an election timeout without writes.
 */
export function continueTransfer(raft: RaftState, id: NodeId, progress: Progress): void {
  if (id === raft.leadTransferee && progress.match === raft.log.lastIndex) sendTimeoutNow(raft, id);
}

function sendTimeoutNow(raft: RaftState, to: NodeId): void {
  send(raft, { type: MessageType.TimeoutNow, to });
}
