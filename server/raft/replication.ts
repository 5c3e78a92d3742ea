import { assert, must } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Entry } from "../proto/raft-message.ts";
import { payloadSize } from "./limit-entries.ts";
import { send } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import type { RaftState } from "./raft-state.ts";

/** Sends everyone what is new to them, at least the commit index. */
export function broadcastAppend(raft: RaftState): void {
  for (const id of raft.tracker.ids) if (id !== raft.id) sendAppend(raft, id, { evenIfEmpty: true });
}

/** Sends a follower the next entries, or a snapshot if they are gone; false if nothing was sent. */
export function sendAppend(raft: RaftState, to: NodeId, { evenIfEmpty }: { readonly evenIfEmpty: boolean }): boolean {
  const progress = must(raft.tracker.get(to), "entries are sent to members");
  if (progress.isPaused) return false;
  const index = progress.next - 1;
  const logTerm = raft.log.term(index);
  if (logTerm === undefined) return sendSnapshot(raft, to, progress);
  const entries = nextEntries(raft, progress);
  if (entries?.length === 0 && !evenIfEmpty) return false;
  if (entries === undefined) return evenIfEmpty && sendSnapshot(raft, to, progress);

  const commit = raft.log.committed;
  send(raft, { type: MessageType.App, to, index, logTerm, entries, commit });
  progress.sentEntries(entries.length, payloadSize(entries));
  progress.sentCommit(commit);
  return true;
}

/**
 * With a full window only empty messages go out: should all that are in flight be lost, the answer to an
 * empty one frees the window.
 */
function nextEntries(raft: RaftState, progress: Progress): readonly Entry[] | undefined {
  if (progress.state === "replicate" && progress.inflights.isFull) return [];
  return raft.log.entriesFrom(progress.next, raft.config.maxSizePerMessage);
}

function sendSnapshot(raft: RaftState, to: NodeId, progress: Progress): boolean {
  if (!progress.isRecentlyActive) return false;
  const snapshot = raft.log.snapshot();
  if (snapshot === undefined) return false;
  assert(snapshot.metadata.index > 0, "where entries are compacted there is a snapshot");
  progress.becomeSnapshot(snapshot.metadata.index);
  send(raft, { type: MessageType.Snap, to, snapshot });
  return true;
}

/** Tells everyone that the leader is there; the context lets them confirm reads. */
export function broadcastHeartbeat(raft: RaftState, context: Uint8Array | undefined): void {
  for (const id of raft.tracker.ids) {
    if (id === raft.id) continue;
    const progress = must(raft.tracker.get(id));
    // Never beyond what the follower is known to share: the rest of its log may differ from ours.
    const commit = Math.min(progress.match, raft.log.committed);
    send(raft, { type: MessageType.Heartbeat, to: id, commit, context });
    progress.sentCommit(commit);
  }
}
