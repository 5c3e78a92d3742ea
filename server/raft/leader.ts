import { NO_NODE } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { commitByQuorum } from "./leader-log.ts";
import type { Handlers } from "./handler.ts";
import type { Progress } from "./progress.ts";
import { propose } from "./proposal.ts";
import type { ProposalResult } from "./proposal.ts";
import type { RaftState } from "./raft-state.ts";
import { acknowledgeRead, handleReadIndex, releaseEarlyReads } from "./read-index.ts";
import { broadcastAppend, broadcastHeartbeat, sendAppend } from "./replication.ts";
import { becomeFollower } from "./roles.ts";
import { continueTransfer, transferTo } from "./transfer.ts";

/** What a leader does with a message of its term. */
export function stepLeader(raft: RaftState, message: Message): ProposalResult {
  if (message.type === MessageType.Prop) return propose(raft, message.entries);
  const handler = handlers[message.type];
  if (handler !== undefined) {
    handler(raft, message);
    return "accepted";
  }
  const progress = raft.tracker.get(message.from);
  if (progress !== undefined) memberHandlers[message.type]?.(raft, message, progress);
  return "accepted";
}

const handlers: Handlers = {
  [MessageType.Beat]: (raft) => broadcastHeartbeat(raft, raft.reads.lastContext),
  [MessageType.CheckQuorum]: checkQuorum,
  [MessageType.ReadIndex]: handleReadIndex,
};

/** These concern one member and how far it is. */
const memberHandlers: {
  readonly [Type in MessageType]?: (raft: RaftState, message: Message, progress: Progress) => void;
} = {
  [MessageType.AppResp]: (raft, message, progress) => {
    progress.isRecentlyActive = true;
    if (message.reject) handleRejection(raft, message, progress);
    else handleAcknowledgement(raft, message, progress);
  },
  [MessageType.HeartbeatResp]: handleHeartbeatResponse,
  [MessageType.SnapStatus]: handleSnapshotStatus,
  [MessageType.Unreachable]: (_raft, _message, progress) => {
    // The messages in flight are probably lost.
    if (progress.state === "replicate") progress.becomeProbe();
  },
  [MessageType.TransferLeader]: (raft, { from }, progress) => transferTo(raft, from, progress),
};

/** Steps down if no quorum was heard of since the last check, and begins the next period. */
function checkQuorum(raft: RaftState): void {
  if (!raft.tracker.isQuorumActive) becomeFollower(raft, raft.term, NO_NODE);
  for (const id of raft.tracker.ids) {
    const progress = raft.tracker.get(id);
    if (progress !== undefined && id !== raft.id) progress.isRecentlyActive = false;
  }
}

/**
 * The logs do not agree where the append began. The hint is where they may; where the follower's term there
 * is known, all of our entries of higher terms can be skipped, so that there is one probe a term at most.
 */
function handleRejection(raft: RaftState, message: Message, progress: Progress): void {
  const { rejectHint, logTerm } = message;
  const hint = logTerm > 0 ? raft.log.findConflictByTerm(rejectHint, logTerm).index : rejectHint;
  if (!progress.maybeDecreaseTo(message.index, hint)) return;
  if (progress.state === "replicate") progress.becomeProbe();
  sendAppend(raft, message.from, { evenIfEmpty: true });
}

function handleAcknowledgement(raft: RaftState, message: Message, progress: Progress): void {
  const { from, index } = message;
  // A probed follower may acknowledge what is known already: it is found all the same.
  const isNews = progress.maybeUpdate(index) || (progress.match === index && progress.state === "probe");
  if (!isNews) return;
  advanceState(raft, progress, index);
  if (commitByQuorum(raft)) {
    releaseEarlyReads(raft);
    broadcastAppend(raft);
  } else if (from !== raft.id && progress.canBumpCommit(raft.log.committed)) {
    sendAppend(raft, from, { evenIfEmpty: true });
  }
  // The window has opened: send as much as now fits.
  if (from !== raft.id) while (sendAppend(raft, from, { evenIfEmpty: false }));
  continueTransfer(raft, from, progress);
}

function advanceState(raft: RaftState, progress: Progress, acked: number): void {
  switch (progress.state) {
    case "probe":
      progress.becomeReplicate();
      break;
    case "snapshot":
      // Whichever snapshot it was: once the log reaches back to its end, entries can follow.
      if (progress.match + 1 < raft.log.firstIndex) break;
      progress.becomeProbe();
      progress.becomeReplicate();
      break;
    case "replicate":
      progress.inflights.freeUpTo(acked);
      break;
  }
}

function handleHeartbeatResponse(raft: RaftState, message: Message, progress: Progress): void {
  progress.isRecentlyActive = true;
  progress.isFlowPaused = false;
  const isBehind = progress.match < raft.log.lastIndex;
  if (isBehind || progress.state === "probe") sendAppend(raft, message.from, { evenIfEmpty: true });
  continueTransfer(raft, message.from, progress);
  acknowledgeRead(raft, message);
}

/** The snapshot was delivered, or failed; either way the follower's next answer decides how to go on. */
function handleSnapshotStatus(_raft: RaftState, { reject }: Message, progress: Progress): void {
  if (progress.state !== "snapshot") return;
  if (reject) progress.pendingSnapshot = 0; // before the probe, which would else begin after the snapshot
  progress.becomeProbe();
  progress.isFlowPaused = true;
}
