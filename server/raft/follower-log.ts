import { NO_NODE } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message, Snapshot } from "../proto/raft-message.ts";
import { restoreMembers } from "./conf-restore.ts";
import { areConfStatesEquivalent } from "./configuration.ts";
import { assert } from "../base/assert.ts";
import { send } from "./outbox.ts";
import type { RaftState } from "./raft-state.ts";
import { becomeFollower } from "./roles.ts";
import { switchTo } from "./switch-configuration.ts";

/** Takes a leader's entries, or tells it where to look for the place where the logs agree. */
export function handleAppend(raft: RaftState, message: Message): void {
  const { from: to, index, logTerm, entries } = message;
  if (index < raft.log.committed) {
    send(raft, { type: MessageType.AppResp, to, index: raft.log.committed });
  } else if (raft.log.maybeAppend({ index, term: logTerm }, entries, message.commit)) {
    send(raft, { type: MessageType.AppResp, to, index: index + entries.length });
  } else {
    // Skips our whole tail of terms that the leader cannot have at this index.
    const hint = raft.log.findConflictByTerm(Math.min(index, raft.log.lastIndex), logTerm);
    send(raft, { type: MessageType.AppResp, to, index, reject: true, rejectHint: hint.index, logTerm: hint.term });
  }
}

/** Takes the leader's commit index and answers that it was heard. */
export function handleHeartbeat(raft: RaftState, { from: to, commit, context }: Message): void {
  raft.log.commitTo(commit);
  send(raft, { type: MessageType.HeartbeatResp, to, context });
}

/** Takes a snapshot unless the log has what is in it; the answer tells where the log ends. */
export function handleSnapshot(raft: RaftState, { from: to, snapshot }: Message): void {
  const isRestored = snapshot !== undefined && restore(raft, snapshot);
  const index = isRestored ? raft.log.lastIndex : raft.log.committed;
  send(raft, { type: MessageType.AppResp, to, index });
}

function restore(raft: RaftState, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.metadata;
  if (index <= raft.log.committed) return false;
  if (raft.role !== "follower") {
    becomeFollower(raft, raft.term + 1, NO_NODE);
    return false;
  }
  const members = [...confState.voters, ...confState.learners, ...confState.votersOutgoing];
  if (!members.includes(raft.id)) return false;
  if (raft.log.matches({ index, term })) {
    // The entries are here; the snapshot proves that they are committed.
    raft.log.commitTo(index);
    return false;
  }
  raft.membersBeforeSnapshot ??= raft.tracker.members;
  raft.log.restore(snapshot);
  raft.tracker.resetVotes();
  const restored = restoreMembers(confState, raft.tracker.newMemberOptions(raft.log.lastIndex));
  assert(areConfStatesEquivalent(confState, switchTo(raft, restored)), "the snapshot's configuration is restored");
  return true;
}
