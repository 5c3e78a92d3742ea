import type { ClusterId, LeaseId, NodeId, Revision } from "../base/ids.ts";
import type { Message } from "../proto/raft-message.ts";

/** Where a member can be reached by its peers. */
export interface PeerAddress {
  readonly id: NodeId;
  /** Scheme, host and port each; tried in turn. */
  readonly peerUrls: readonly string[];
}

/** The database that goes with a MsgSnap: a bbolt file, opened again for every attempt. */
export interface SnapshotBody {
  readonly sizeBytes: number;
  /**
   * Pieces of the file from its start, each valid only until the next is asked for; closes what it opened when it is finished
   * or abandoned.
   */
  read(): AsyncIterable<Uint8Array>;
  /** Called once, when the body is needed no more. */
  release(): Promise<void>;
}

/**
 * Carries raft messages between members. Loss is allowed everywhere, order within one peer is kept where streams
 * are up; what cannot be sent is reported by `PeerHandlers.onUnreachable`. Nothing here blocks or throws.
 */
export interface Network {
  /** Hands over one turn's messages; never MsgSnap, never a message to oneself. */
  send(messages: readonly Message[]): void;
  /** Streams a snapshot; ends with `PeerHandlers.onSnapshotSent`. */
  sendSnapshot(message: Message, body: SnapshotBody): void;
  addPeer(peer: PeerAddress): void;
  updatePeer(peer: PeerAddress): void;
  removePeer(id: NodeId): void;
  /** Since when (monotonic ms) messages have come in from the peer without a break; undefined: not connected. */
  activeSinceMs(id: NodeId): number | undefined;
  readonly calls: PeerCalls;
  close(): Promise<void>;
}

/** What one member answers about a lease to another. */
export interface LeaseTimeToLive {
  readonly id: LeaseId;
  /** seconds */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly Uint8Array[];
}

export interface PeerVersion {
  readonly etcdserver: string;
  /** "not_decided" before the cluster has a version. */
  readonly etcdcluster: string;
  readonly storage: string;
  /** Present only on Kvorum members: the release. Its presence allows ConfChangeV2 (design decision 5). */
  readonly kvorum?: string;
}

export interface PeerHashKv {
  readonly revision: Revision;
  readonly hash: number;
  readonly compactRevision: Revision;
  readonly hashRevision: Revision;
}

/** The members of a cluster as one of them lists them at /members (etcd's member JSON, decoded). */
export interface RemoteMembers {
  readonly clusterId: ClusterId;
  readonly members: readonly RemoteMember[];
}

export interface RemoteMember {
  readonly id: NodeId;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** Requests to another member's peer port (peer-protocol §1). They reject with a DomainError, the peer's answer, or a PeerCallError. */
export interface PeerCalls {
  version(peerUrls: readonly string[], timeoutMs: number): Promise<PeerVersion>;
  members(peerUrls: readonly string[], timeoutMs: number): Promise<RemoteMembers>;
  downgradeEnabled(peerUrls: readonly string[], timeoutMs: number): Promise<boolean>;
  renewLease(peerUrls: readonly string[], id: LeaseId, timeoutMs: number): Promise<number>;
  leaseTimeToLive(peerUrls: readonly string[], id: LeaseId, keys: boolean, timeoutMs: number): Promise<LeaseTimeToLive>;
  promote(peerUrls: readonly string[], id: NodeId, timeoutMs: number): Promise<readonly RemoteMember[]>;
  hashKv(peerUrls: readonly string[], revision: Revision, timeoutMs: number): Promise<PeerHashKv>;
}
