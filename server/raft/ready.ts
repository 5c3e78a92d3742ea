import type { NodeId } from "../base/ids.ts";
import type { Entry, HardState, Message, Snapshot } from "../proto/raft-message.ts";
import type { ReadState } from "./read-queue.ts";
import type { Role } from "./status.ts";

/** What is worth knowing of a member and need not survive it. */
export interface SoftState {
  readonly leader: NodeId;
  readonly role: Role;
}

/**
 * What is to be done outside of raft. With asynchronous storage writes all of it is in `messages`, those to
 * the local targets included, and they may all go at once. Without, in this order: snapshot, entries
 * (they follow it) and hard state to disk, synced if `mustSync`; then the messages out; then the committed entries applied; then `advance`.
 */
export interface Ready {
  /** Undefined unless it has changed. */
  readonly softState: SoftState | undefined;
  /** Undefined unless it has changed. */
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  /** To be written; they replace whatever is stored from their first index on. */
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly committedEntries: readonly Entry[];
  readonly messages: readonly Message[];
  /** A promise depends on this write: term, vote or entries have changed. */
  readonly mustSync: boolean;
}
