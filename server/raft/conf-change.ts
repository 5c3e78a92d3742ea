import {
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
} from "../proto/raft-codec-confchange.ts";
import { ConfChangeTransition, EntryType } from "../proto/raft-message.ts";
import type { ConfChange, ConfChangeV2, Entry } from "../proto/raft-message.ts";

/** A membership change in either of etcd's encodings. */
export type AnyConfChange = ConfChange | ConfChangeV2;

/** The change that leaves a joint configuration. */
export const leaveJointChange: ConfChangeV2 = {
  transition: ConfChangeTransition.Auto,
  changes: [],
  context: undefined,
};

/** A change in the newer form, which can say everything that the older one can. */
export function asConfChangeV2(change: AnyConfChange): ConfChangeV2 {
  if ("changes" in change) return change;
  const { type, nodeId, context } = change;
  return { transition: ConfChangeTransition.Auto, changes: [{ type, nodeId }], context };
}

/** Whether a change leaves the joint configuration: it says nothing, its context apart. */
export function isLeaveJoint(change: ConfChangeV2): boolean {
  return change.transition === ConfChangeTransition.Auto && change.changes.length === 0;
}

/** How a change enters a joint configuration; "none" if it is a simple one. */
export function jointEntryOf(change: ConfChangeV2): "none" | "auto-leave" | "explicit-leave" {
  if (change.transition === ConfChangeTransition.JointExplicit) return "explicit-leave";
  if (change.transition === ConfChangeTransition.JointImplicit || change.changes.length > 1) return "auto-leave";
  return "none";
}

/** The log entry that proposes a change; it keeps the encoding in which the change was given. */
export function entryOfConfChange(change: AnyConfChange): Entry {
  return "changes" in change
    ? { type: EntryType.ConfChangeV2, term: 0, index: 0, data: encodeConfChangeV2(change) }
    : { type: EntryType.ConfChange, term: 0, index: 0, data: encodeConfChange(change) };
}

/** The change that an entry carries, undefined if it is an ordinary entry. */
export function confChangeOfEntry(entry: Entry): AnyConfChange | undefined {
  if (entry.type === EntryType.ConfChange) return decodeConfChange(entry.data);
  if (entry.type === EntryType.ConfChangeV2) return decodeConfChangeV2(entry.data);
  return undefined;
}
