import type { NodeId } from "../base/ids.ts";
import { MessageType } from "../proto/raft-message.ts";

/** Addressee of the messages that ask for a write to the log, snapshot and hard state. */
export const LOCAL_APPEND_TARGET: NodeId = 0xffff_ffff_ffff_ffffn;

/** Addressee of the messages that ask for committed entries to be applied. */
export const LOCAL_APPLY_TARGET: NodeId = 0xffff_ffff_ffff_fffen;

/** Whether an id stands for a part of this process and not for a member. */
export function isLocalTarget(id: NodeId): boolean {
  return id === LOCAL_APPEND_TARGET || id === LOCAL_APPLY_TARGET;
}

const localTypes: ReadonlySet<MessageType> = new Set([
  MessageType.Hup,
  MessageType.Beat,
  MessageType.Unreachable,
  MessageType.SnapStatus,
  MessageType.CheckQuorum,
  MessageType.StorageAppend,
  MessageType.StorageAppendResp,
  MessageType.StorageApply,
  MessageType.StorageApplyResp,
]);

const responseTypes: ReadonlySet<MessageType> = new Set([
  MessageType.AppResp,
  MessageType.VoteResp,
  MessageType.HeartbeatResp,
  MessageType.Unreachable,
  MessageType.ReadIndexResp,
  MessageType.PreVoteResp,
  MessageType.StorageAppendResp,
  MessageType.StorageApplyResp,
]);

/** Whether such a message never travels between members. */
export function isLocalMessage(type: MessageType): boolean {
  return localTypes.has(type);
}

/** Whether such a message answers another. */
export function isResponseMessage(type: MessageType): boolean {
  return responseTypes.has(type);
}
