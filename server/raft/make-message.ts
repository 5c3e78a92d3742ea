import { NO_NODE } from "../base/ids.ts";
import type { Message, MessageType } from "../proto/raft-message.ts";
import type { NodeId } from "../base/ids.ts";

/** The fields of a message that are not empty. */
export type MessageFields = { readonly type: MessageType; readonly to: NodeId } & {
  readonly [Field in keyof Message]?: Message[Field] | undefined;
};

const NOTHING: readonly never[] = [];

/** A message with every field in place, always in the same order: the engine then knows one shape of them. */
export function makeMessage(fields: MessageFields): Message {
  return {
    type: fields.type,
    to: fields.to,
    from: fields.from ?? NO_NODE,
    term: fields.term ?? 0,
    logTerm: fields.logTerm ?? 0,
    index: fields.index ?? 0,
    entries: fields.entries ?? NOTHING,
    commit: fields.commit ?? 0,
    snapshot: fields.snapshot,
    reject: fields.reject ?? false,
    rejectHint: fields.rejectHint ?? 0,
    context: fields.context,
    vote: fields.vote ?? NO_NODE,
    responses: fields.responses ?? NOTHING,
  };
}
