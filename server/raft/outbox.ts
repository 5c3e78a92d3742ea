import { assert } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { NodeId } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";
import type { Message } from "../proto/raft-message.ts";
import { makeMessage } from "./make-message.ts";
import type { MessageFields } from "./make-message.ts";
import type { RaftState } from "./raft-state.ts";

/**
 * Queues a message in this member's name and, unless one is given, of its term. Votes and acknowledgements
 * are promises about what is on disk (Raft thesis 3.8): they wait until all that is unstable now is written.
 * Rejections wait too, for they may rest on the same unwritten state.
 */
export function send(raft: RaftState, fields: MessageFields): void {
  const message = makeMessage({ ...fields, from: raft.id, term: fields.term ?? raft.term });
  if (isPromise(message.type)) {
    raft.messagesAfterAppend.push(message);
    return;
  }
  assert(message.to !== raft.id, "only promises are sent to oneself");
  raft.messages.push(message);
}

/** Passes a request on to the leader, in the name of who made it. Proposals and reads have no term. */
export function forward(raft: RaftState, message: Message, to: NodeId): void {
  const from = message.from === NO_NODE ? raft.id : message.from;
  const term = message.type === MessageType.TransferLeader ? raft.term : 0;
  raft.messages.push({ ...message, to, from, term });
}

function isPromise(type: MessageType): boolean {
  return type === MessageType.AppResp || type === MessageType.VoteResp || type === MessageType.PreVoteResp;
}
