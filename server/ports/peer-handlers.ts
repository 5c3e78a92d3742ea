import type { ClusterId, LeaseId, NodeId, Revision } from "../base/ids.ts";
import type { Message } from "../proto/raft-message.ts";
import type { LeaseTimeToLive, PeerHashKv, PeerVersion, RemoteMember } from "./network.ts";

/** What the node does with that which arrives on the peer port. Answers that are no success are DomainErrors. */
export interface PeerHandlers {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  onMessage(message: Message): void;
  /** Takes the database of a MsgSnap; resolves once raft has taken the message. */
  onSnapshot(message: Message, body: AsyncIterable<Uint8Array>): Promise<void>;
  onUnreachable(id: NodeId): void;
  onSnapshotSent(id: NodeId, isDelivered: boolean): void;
  /** A peer said (410) that this member was removed from the cluster. */
  onRemoved(): void;
  isKnown(id: NodeId): boolean;
  isRemoved(id: NodeId): boolean;
  members(): readonly RemoteMember[];
  version(): PeerVersion;
  downgradeEnabled(): Promise<boolean>;
  renewLease(id: LeaseId): Promise<number>;
  leaseTimeToLive(id: LeaseId, keys: boolean): Promise<LeaseTimeToLive>;
  promote(id: NodeId): Promise<readonly RemoteMember[]>;
  hashKv(revision: Revision): Promise<PeerHashKv>;
}
