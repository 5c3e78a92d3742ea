import type { NodeId } from "../../../server/base/ids.ts";
import { EntryType, MessageType } from "../../../server/proto/raft-message.ts";
import type { ConfState, Entry, Message, Snapshot } from "../../../server/proto/raft-message.ts";
import { asConfChangeV2, confChangeOfEntry } from "../../../server/raft/conf-change.ts";
import { LOCAL_APPEND_TARGET, LOCAL_APPLY_TARGET } from "../../../server/raft/local-target.ts";
import type { Ready } from "../../../server/raft/ready.ts";
import type { Role } from "../../../server/raft/status.ts";
import { describeConfChanges } from "./conf-change-script.ts";

const roleNames: Readonly<Record<Role, string>> = {
  follower: "StateFollower",
  candidate: "StateCandidate",
  leader: "StateLeader",
  "pre-candidate": "StatePreCandidate",
};

/** A role as the vectors write it. */
export function describeRole(role: Role): string {
  return roleNames[role];
}

/** A message type as the vectors write it: `MsgApp`. */
export function describeMessageType(type: MessageType): string {
  return `Msg${nameOf(MessageType, type)}`;
}

/** A message as the vectors write it, with its answers indented below it. */
export function describeMessage(message: Message, indent = ""): string {
  const { from, to, type, term, logTerm, index, entries, snapshot, responses } = message;
  let text = `${indent}${describeTarget(from)}->${describeTarget(to)} ${describeMessageType(type)}`;
  text += ` Term:${term} Log:${logTerm}/${index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== 0n) text += ` Vote:${message.vote}`;
  if (entries.length === 1) text += ` Entries:[${describeEntry(entries[0]!)}]`;
  if (entries.length > 1) {
    text += ` Entries:[${entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`).join("")}\n${indent}]`;
  }
  if (snapshot !== undefined && snapshot.metadata.index > 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`;
  }
  if (responses.length > 0) {
    text += ` Responses:[${responses.map((each) => `\n${describeMessage(each, `${indent}  `)}`).join("")}\n${indent}]`;
  }
  return text;
}

/** Entries as the vectors write them, one a line. */
export function describeEntries(entries: readonly Entry[]): string {
  return entries.map((entry) => `${describeEntry(entry)}\n`).join("");
}

/** A Ready as the vectors write it. */
export function describeReady(ready: Ready): string {
  let text = "";
  if (ready.softState) text += `Lead:${ready.softState.leader} State:${describeRole(ready.softState.role)}\n`;
  if (ready.hardState) {
    const { term, vote, commit } = ready.hardState;
    text += `HardState Term:${term}${vote === 0n ? "" : ` Vote:${vote}`} Commit:${commit}\n`;
  }
  if (ready.entries.length > 0) text += `Entries:\n${describeEntries(ready.entries)}`;
  if (ready.snapshot) text += `Snapshot ${describeSnapshot(ready.snapshot)}\n`;
  if (ready.committedEntries.length > 0) text += `CommittedEntries:\n${describeEntries(ready.committedEntries)}`;
  if (ready.messages.length > 0) {
    text += `Messages:\n${ready.messages.map((message) => `${describeMessage(message)}\n`).join("")}`;
  }
  return text === "" ? "<empty Ready>" : `Ready MustSync=${ready.mustSync}:\n${text}`;
}

function describeEntry(entry: Entry): string {
  const change = confChangeOfEntry(entry);
  const content =
    change === undefined
      ? JSON.stringify(new TextDecoder().decode(entry.data))
      : describeConfChanges(asConfChangeV2(change).changes);
  return `${entry.term}/${entry.index} Entry${nameOf(EntryType, entry.type)}${content === "" ? "" : ` ${content}`}`;
}

function describeSnapshot({ metadata }: Snapshot): string {
  return `Index:${metadata.index} Term:${metadata.term} ConfState:${describeConfState(metadata.confState)}`;
}

function describeConfState(state: ConfState): string {
  const voters = `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)}`;
  const learners = `Learners:${list(state.learners)} LearnersNext:${list(state.learnersNext)}`;
  return `${voters} ${learners} AutoLeave:${state.autoLeave}`;
}

function list(ids: readonly NodeId[]): string {
  return `[${ids.join(" ")}]`;
}

function describeTarget(id: NodeId): string {
  if (id === 0n) return "None";
  if (id === LOCAL_APPEND_TARGET) return "AppendThread";
  if (id === LOCAL_APPLY_TARGET) return "ApplyThread";
  return id.toString(16);
}

function nameOf(table: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(table).find((name) => table[name] === value)!;
}
