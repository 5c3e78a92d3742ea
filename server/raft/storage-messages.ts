import type { Entry, Message } from "../proto/raft-message.ts";
import { MessageType } from "../proto/raft-message.ts";
import { LOCAL_APPEND_TARGET, LOCAL_APPLY_TARGET } from "./local-target.ts";
import { makeMessage } from "./make-message.ts";
import type { RaftState } from "./raft-state.ts";
import type { Ready } from "./ready.ts";

type Writes = Pick<Ready, "entries" | "hardState" | "snapshot">;

/** Asks for a write; undefined if there is nothing to write and no promise that waits for earlier writes. */
export function storageAppend(raft: RaftState, writes: Writes): Message | undefined {
  const { entries, hardState, snapshot } = writes;
  const promises = raft.messagesAfterAppend;
  if (entries.length === 0 && !hardState && !snapshot && promises.length === 0) return undefined;
  const done = storageAppendResponse(raft, writes);
  return makeMessage({
    type: MessageType.StorageAppend,
    to: LOCAL_APPEND_TARGET,
    from: raft.id,
    entries,
    // The hard state travels in the message's own fields; all zero means that it has not changed.
    term: hardState?.term,
    vote: hardState?.vote,
    commit: hardState?.commit,
    snapshot,
    // The leader's own acknowledgement comes first: it is then counted while the entries are still in memory.
    responses: done === undefined ? promises : [...promises, done],
  });
}

/**
 * Tells raft that this write and all before it are done; undefined if it need not know.
 *
 * It names the end of the log and the present term. In another term it will be ignored: the entries it speaks
 * of may have been replaced and come back (A, B, A) while writes of both kinds were under way, and to trust
 * storage before the last of them is done would show the wrong ones. So that no entry stays in memory for
 * ever, it names the end of the log even when this write has no entries: a new term always causes a write.
 */
export function storageAppendResponse(raft: RaftState, { snapshot }: Pick<Writes, "snapshot">): Message | undefined {
  const last = raft.log.hasUnstableEntries ? raft.log.lastEntryId : undefined;
  if (last === undefined && snapshot === undefined) return undefined;
  return makeMessage({
    type: MessageType.StorageAppendResp,
    to: raft.id,
    from: LOCAL_APPEND_TARGET,
    term: raft.term,
    index: last?.index,
    logTerm: last?.term,
    snapshot,
  });
}

/** Asks for entries to be applied; undefined if there are none. */
export function storageApply(raft: RaftState, entries: readonly Entry[]): Message | undefined {
  const done = storageApplyResponse(raft, entries);
  if (done === undefined) return undefined;
  const { type, to } = { type: MessageType.StorageApply, to: LOCAL_APPLY_TARGET };
  return makeMessage({ type, to, from: raft.id, entries, responses: [done] });
}

/** Tells raft that these entries are applied. Committed entries are of no particular term. */
export function storageApplyResponse(raft: RaftState, entries: readonly Entry[]): Message | undefined {
  if (entries.length === 0) return undefined;
  return makeMessage({ type: MessageType.StorageApplyResp, to: raft.id, from: LOCAL_APPLY_TARGET, entries });
}
