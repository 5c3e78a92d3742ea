import { NO_NODE } from "../base/ids.ts";
import type { Index } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { send } from "./outbox.ts";
import type { RaftState } from "./raft-state.ts";
import { MAX_PENDING_READS, readContextOf } from "./read-queue.ts";
import { broadcastHeartbeat } from "./replication.ts";

/**
 * Takes a read at the leader (Raft thesis 6.4). Before an entry of its own term is committed, a leader does
 * not know how far its predecessors had committed; the read waits for that, even with a single voter.
 */
export function handleReadIndex(raft: RaftState, request: Message): void {
  if (request.entries[0]?.data === undefined) return;
  if (hasCommittedInTerm(raft)) confirmRead(raft, request);
  else if (raft.earlyReads.length < MAX_PENDING_READS) raft.earlyReads.push(request);
}

/** The commit index has moved: reads that waited for the first commit of the term go on. */
export function releaseEarlyReads(raft: RaftState): void {
  if (raft.earlyReads.length === 0 || !hasCommittedInTerm(raft)) return;
  const reads = raft.earlyReads;
  raft.earlyReads = [];
  for (const read of reads) confirmRead(raft, read);
}

/** A follower has confirmed the leader; with a quorum the read and all before it are answered. */
export function acknowledgeRead(raft: RaftState, { from, context }: Message): void {
  if (raft.config.readOnly !== "safe" || context === undefined || context.length === 0) return;
  const acks = raft.reads.acknowledge(from, context);
  if (acks === undefined || raft.tracker.ackResult(acks) !== "won") return;
  for (const { request, index } of raft.reads.takeUpTo(context)) answerRead(raft, request, index);
}

function hasCommittedInTerm(raft: RaftState): boolean {
  return raft.log.term(raft.log.committed) === raft.term;
}

function confirmRead(raft: RaftState, request: Message): void {
  if (raft.tracker.isSingleton || raft.config.readOnly === "lease-based") {
    answerRead(raft, request, raft.log.committed);
    return;
  }
  const context = readContextOf(request);
  raft.reads.add(request, raft.log.committed);
  raft.reads.acknowledge(raft.id, context);
  broadcastHeartbeat(raft, context);
}

function answerRead(raft: RaftState, request: Message, index: Index): void {
  if (request.from === NO_NODE || request.from === raft.id) {
    raft.readStates.push({ index, context: readContextOf(request) });
    return;
  }
  send(raft, { type: MessageType.ReadIndexResp, to: request.from, index, entries: request.entries });
}
