import type { Index, NodeId, Term } from "../base/ids.ts";

/**
 * The messages of etcd's package raftpb, as plain data: counters are numbers, ids are bigints.
 * Their bytes are made and read by `raft-codec.ts`; field numbers are listed in `raftpb.proto`.
 */

/** EntryType of raftpb. */
export const EntryType = { Normal: 0, ConfChange: 1, ConfChangeV2: 2 } as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** MessageType of raftpb; the ones marked local never travel between members. */
export const MessageType = {
  Hup: 0, // local
  Beat: 1, // local
  Prop: 2,
  App: 3,
  AppResp: 4,
  Vote: 5,
  VoteResp: 6,
  Snap: 7,
  Heartbeat: 8,
  HeartbeatResp: 9,
  Unreachable: 10, // local
  SnapStatus: 11, // local
  CheckQuorum: 12, // local
  TransferLeader: 13,
  TimeoutNow: 14,
  ReadIndex: 15,
  ReadIndexResp: 16,
  PreVote: 17,
  PreVoteResp: 18,
  StorageAppend: 19, // local
  StorageAppendResp: 20, // local
  StorageApply: 21, // local
  StorageApplyResp: 22, // local
  ForgetLeader: 23,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** ConfChangeType of raftpb. */
export const ConfChangeType = { AddNode: 0, RemoveNode: 1, UpdateNode: 2, AddLearnerNode: 3 } as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

/** ConfChangeTransition of raftpb: how a joint configuration is entered and left. */
export const ConfChangeTransition = { Auto: 0, JointImplicit: 1, JointExplicit: 2 } as const;
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition];

export interface Entry {
  readonly type: EntryType;
  readonly term: Term;
  readonly index: Index;
  /** Absent on the wire when undefined; an empty array is written. */
  readonly data: Uint8Array | undefined;
}

export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMetadata {
  readonly confState: ConfState;
  readonly index: Index;
  readonly term: Term;
}

export interface Snapshot {
  readonly data: Uint8Array | undefined;
  readonly metadata: SnapshotMetadata;
}

export interface HardState {
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: Index;
}

export interface Message {
  readonly type: MessageType;
  readonly to: NodeId;
  readonly from: NodeId;
  readonly term: Term;
  readonly logTerm: Term;
  readonly index: Index;
  readonly entries: readonly Entry[];
  readonly commit: Index;
  readonly snapshot: Snapshot | undefined;
  readonly reject: boolean;
  readonly rejectHint: Index;
  readonly context: Uint8Array | undefined;
  readonly vote: NodeId;
  /** Answers to a local storage message, to be delivered once it is done; never sent to peers. */
  readonly responses: readonly Message[];
}

export interface ConfChange {
  readonly id: bigint;
  readonly type: ConfChangeType;
  readonly nodeId: NodeId;
  readonly context: Uint8Array | undefined;
}

export interface ConfChangeSingle {
  readonly type: ConfChangeType;
  readonly nodeId: NodeId;
}

export interface ConfChangeV2 {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeSingle[];
  readonly context: Uint8Array | undefined;
}
