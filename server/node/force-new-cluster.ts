import { hexId, type NodeId } from "../base/ids.ts";
import { ConfChangeType, type ConfState, type Entry } from "../proto/raft-message.ts";
import type { Logger } from "../ports/logger.ts";
import {
  asConfChangeV2,
  confChangeOfEntry,
  entryOfConfChange,
  isLeaveJoint,
  jointEntryOf,
  leaveJointChange,
} from "../raft/conf-change.ts";
import type { Wal } from "../wal/wal.ts";
import { BootstrapError } from "./bootstrap.ts";
import type { RecoveredLog } from "./raft-storage.ts";

export interface ForceOptions {
  readonly selfId: NodeId;
  readonly wal: Pick<Wal, "append">;
  readonly log: RecoveredLog;
  readonly logger: Logger;
}

/**
 * Makes a cluster of one out of a member's log (--force-new-cluster): what is not known to be committed is dropped, and
 * the removal of all other members is written behind the rest, as committed, without asking anybody. The changes go the
 * way of any other once the member runs. Rejects with a BootstrapError if the member has no vote.
 */
export async function forceNewCluster({ selfId, wal, log, logger }: ForceOptions): Promise<RecoveredLog> {
  const commit = Math.max(log.hardState.commit, log.appliedIndex);
  const committed = log.entries.filter(({ index }) => index <= commit);
  const members = membersAfter(
    log.confState,
    committed.filter(({ index }) => index > log.appliedIndex),
  );
  if (!members.voters.has(selfId)) throw new BootstrapError(withoutVote(selfId));
  const others = [...members.ids].filter((id) => id !== selfId);
  const changes: readonly Entry[] = [
    ...(members.isJoint ? [entryOfConfChange(leaveJointChange)] : []),
    ...others.map((nodeId) =>
      entryOfConfChange({ id: 0n, type: ConfChangeType.RemoveNode, nodeId, context: undefined }),
    ),
  ];
  if (changes.length === 0) return log;
  const { term } = log.hardState;
  const entries = changes.map((entry, position) => ({ ...entry, term, index: commit + 1 + position }));
  const hardState = { ...log.hardState, commit: commit + entries.length };
  await wal.append({ entries, hardState, sync: true });
  logger.warn("forcing a new cluster of this member alone", {
    "local-member-id": hexId(selfId),
    "commit-index": hardState.commit,
    "removed-member-ids": others.map(hexId),
    "discarded-entries": log.entries.length - committed.length,
  });
  return { ...log, entries: [...committed, ...entries], hardState };
}

interface EffectiveMembers {
  /** Everybody that may take part; a removal of somebody who does not is passed over when it is applied. */
  readonly ids: ReadonlySet<NodeId>;
  readonly voters: ReadonlySet<NodeId>;
  readonly isJoint: boolean;
}

function membersAfter(confState: ConfState | undefined, pending: readonly Entry[]): EffectiveMembers {
  const { voters = [], votersOutgoing = [], learners = [], learnersNext = [] } = confState ?? {};
  const ids = new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
  const voting = new Set(voters);
  let isJoint = votersOutgoing.length > 0;
  for (const entry of pending) {
    const given = confChangeOfEntry(entry);
    if (given === undefined) continue;
    const change = asConfChangeV2(given);
    if (isLeaveJoint(change)) isJoint = false;
    else if (jointEntryOf(change) !== "none") isJoint = true;
    for (const { type, nodeId } of change.changes) {
      ids.add(nodeId);
      if (type === ConfChangeType.AddNode) voting.add(nodeId);
      else if (type !== ConfChangeType.UpdateNode) voting.delete(nodeId);
    }
  }
  ids.delete(0n);
  return { ids, voters: voting, isJoint };
}

function withoutVote(selfId: NodeId): string {
  return (
    `--force-new-cluster: member ${hexId(selfId)} has no vote (it is a learner, or was removed): ` +
    "start a voting member with this flag, or restore a snapshot"
  );
}
