import { unreachable } from "../base/assert.ts";
import { hexId } from "../base/ids.ts";
import { decodeEntryRequest } from "../proto/nested-requests.ts";
import { decodeConfChange, decodeConfChangeV2 } from "../proto/raft-codec-confchange.ts";
import {
  ConfChangeTransition,
  ConfChangeType,
  EntryType,
  type ConfChangeSingle,
  type ConfChangeV2,
  type Entry,
} from "../proto/raft-message.ts";

/** What an entry is called and what it says, for people: one word and one line of JSON. */
export function describeEntry(entry: Entry): { readonly type: string; readonly json: string } {
  switch (entry.type) {
    case EntryType.Normal:
      return describeRequest(entry.data);
    case EntryType.ConfChange: {
      const { id, type, nodeId, context } = decodeConfChange(entry.data);
      const change = { id: hexId(id), change: changeName(type), node: hexId(nodeId), context: json(context) };
      return { type: "conf-change", json: JSON.stringify(change) };
    }
    case EntryType.ConfChangeV2: {
      const change = decodeConfChangeV2(entry.data);
      const { transition, changes, context } = change;
      const text = { phase: phase(change), transition: transitionName(transition), changes: changes.map(single) };
      return { type: "conf-change-v2", json: JSON.stringify({ ...text, context: json(context) }) };
    }
    default:
      return unreachable(entry.type);
  }
}

function describeRequest(data: Uint8Array | undefined): { readonly type: string; readonly json: string } {
  // What a new leader begins its term with.
  if (data === undefined || data.length === 0) return { type: "empty", json: "{}" };
  return { type: "request", json: JSON.stringify(decodeEntryRequest(data), plain) };
}

/** Messages without what protobuf leaves out, byte strings as text where they are text. */
function plain(key: string, value: unknown): unknown {
  if (key === "$typeName" || key === "$unknown") return undefined;
  if (value instanceof Uint8Array) return value.length === 0 ? undefined : bytesText(value);
  if (typeof value === "bigint") return value === 0n ? undefined : value.toString();
  if (isOneof(value)) return oneofText(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  return value === "" || value === 0 || value === false ? undefined : value;
}

interface Oneof {
  readonly case: string | undefined;
  readonly value?: unknown;
}

/** A chosen field is told even if it is zero. */
function oneofText({ case: name, value }: Oneof): unknown {
  if (name === undefined) return undefined;
  return { [name]: typeof value === "bigint" ? value.toString() : value };
}

function isOneof(value: unknown): value is Oneof {
  return typeof value === "object" && value !== null && "case" in value;
}

function bytesText(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!/\p{Cc}/u.test(text)) return text;
  } catch {
    // Not text: shown as base64 below.
  }
  return { base64: Buffer.from(bytes).toString("base64") };
}

/** Which step of a membership change an entry is; two steps make a joint one. */
function phase({ transition, changes }: ConfChangeV2): string {
  if (changes.length === 0) return "leave-joint";
  return transition === ConfChangeTransition.Auto && changes.length === 1 ? "simple" : "enter-joint";
}

function single({ type, nodeId }: ConfChangeSingle): unknown {
  return { change: changeName(type), node: hexId(nodeId) };
}

function changeName(type: ConfChangeType): string {
  const names = {
    [ConfChangeType.AddNode]: "add-node",
    [ConfChangeType.RemoveNode]: "remove-node",
    [ConfChangeType.UpdateNode]: "update-node",
    [ConfChangeType.AddLearnerNode]: "add-learner-node",
  };
  return names[type];
}

function transitionName(transition: ConfChangeTransition): string {
  const names = {
    [ConfChangeTransition.Auto]: "auto",
    [ConfChangeTransition.JointImplicit]: "joint-implicit",
    [ConfChangeTransition.JointExplicit]: "joint-explicit",
  };
  return names[transition];
}

/** The context of a change is JSON itself, whose ids are beyond what JavaScript's numbers hold: shown as it is. */
function json(context: Uint8Array | undefined): unknown {
  return context === undefined || context.length === 0 ? undefined : bytesText(context);
}
