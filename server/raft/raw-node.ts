import { assert } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { NodeId } from "../base/ids.ts";
import { ConfChangeType, EntryType, MessageType } from "../proto/raft-message.ts";
import type { ConfState, Entry, HardState, Message } from "../proto/raft-message.ts";
import { entryOfConfChange } from "./conf-change.ts";
import type { AnyConfChange } from "./conf-change.ts";
import { restoreMembers } from "./conf-restore.ts";
import { areConfStatesEquivalent } from "./configuration.ts";
import { isLocalMessage, isLocalTarget, isResponseMessage } from "./local-target.ts";
import { makeMessage } from "./make-message.ts";
import type { MessageFields } from "./make-message.ts";
import type { ProposalResult } from "./proposal.ts";
import { resolveConfig } from "./raft-config.ts";
import type { RaftConfig } from "./raft-config.ts";
import { newRaftState } from "./raft-state.ts";
import type { RaftState } from "./raft-state.ts";
import type { Ready, SoftState } from "./ready.ts";
import { becomeFollower } from "./roles.ts";
import { progressStatus } from "./status.ts";
import type { BasicStatus, ProgressStatus, Status } from "./status.ts";
import { step } from "./step.ts";
import { storageAppend, storageAppendResponse, storageApply, storageApplyResponse } from "./storage-messages.ts";
import { applyConfChange, switchTo } from "./switch-configuration.ts";
import { tick } from "./tick.ts";

/** What became of a message: local ones are not taken from the network, responses not from strangers. */
export type StepResult = ProposalResult | "local-message" | "unknown-peer";

/** A member that a new cluster starts with. */
export interface Peer {
  readonly id: NodeId;
  readonly context: Uint8Array | undefined;
}

/**
 * One member of a raft group: a state machine that is told of time (`tick`), messages (`step`) and wishes
 * (`propose`, …) and that says in a Ready what is to be written, sent and applied. It does none of that
 * itself; the same calls with the same Random always have the same outcome.
 */
export class RawNode {
  readonly #raft: RaftState;
  readonly #isAsync: boolean;
  #softState: SoftState;
  #hardState: HardState;
  /** Without asynchronous writes: what `advance` will tell raft. */
  #onAdvance: Message[] = [];

  constructor(config: RaftConfig) {
    const raft = newRaftState(resolveConfig(config));
    this.#raft = raft;
    this.#isAsync = config.asyncStorageWrites;
    const { hardState, confState } = config.storage.initialState();
    const members = restoreMembers(confState, raft.tracker.newMemberOptions(raft.log.lastIndex));
    assert(areConfStatesEquivalent(confState, switchTo(raft, members)), "the stored configuration is restored");
    loadHardState(raft, hardState);
    if (config.applied > 0) raft.log.appliedTo(config.applied, 0);
    becomeFollower(raft, raft.term, NO_NODE);
    this.#softState = softStateOf(raft);
    this.#hardState = hardStateOf(raft);
  }

  /** Starts a new cluster: its members are the first entries of the log. */
  bootstrap(peers: readonly Peer[]): void {
    assert(peers.length > 0, "a cluster has members");
    assert(this.#raft.config.storage.lastIndex() === 0, "only an empty storage is bootstrapped");
    // Nothing is written yet, so that the first Ready has a hard state.
    this.#hardState = { term: 0, vote: NO_NODE, commit: 0 };
    becomeFollower(this.#raft, 1, NO_NODE);
    const changes = peers.map(({ id, context }) => ({ id: 0n, type: ConfChangeType.AddNode, nodeId: id, context }));
    this.#raft.log.append(changes.map((change, i) => ({ ...entryOfConfChange(change), term: 1, index: i + 1 })));
    this.#raft.log.commitTo(peers.length);
    // Effective at once, and again when the entries are applied, so that the first election need not wait.
    for (const change of changes) applyConfChange(this.#raft, change);
  }

  /** Lets time pass. */
  tick(): void {
    tick(this.#raft);
  }

  /** Stands for election. */
  campaign(): void {
    this.#step({ type: MessageType.Hup, to: NO_NODE });
  }

  /** Proposes several entries as one message; a follower forwards them to its leader. */
  propose(data: readonly Uint8Array[]): ProposalResult {
    const entries = data.map((each): Entry => ({ type: EntryType.Normal, term: 0, index: 0, data: each }));
    return this.#step({ type: MessageType.Prop, to: NO_NODE, from: this.#raft.id, entries });
  }

  /** Proposes a membership change. One that is not possible now is appended as an empty entry. */
  proposeConfChange(change: AnyConfChange): ProposalResult {
    return this.#step({ type: MessageType.Prop, to: NO_NODE, entries: [entryOfConfChange(change)] });
  }

  /**
   * Makes a committed membership change effective; to be called for each one when it is applied, in order. Entries
   * that a snapshot has overtaken, once the application has taken it over, are not applied any more.
   */
  applyConfChange(change: AnyConfChange): ConfState {
    return applyConfChange(this.#raft, change);
  }

  /** Takes a message from another member or from a local target. */
  step(message: Message): StepResult {
    const isFromHere = isLocalTarget(message.from);
    if (isLocalMessage(message.type) && !isFromHere) return "local-message";
    const isKnown = isFromHere || this.#raft.tracker.get(message.from) !== undefined;
    if (isResponseMessage(message.type) && !isKnown) return "unknown-peer";
    return step(this.#raft, message);
  }

  /** Asks up to where the log has to be applied for a read to be linearizable; the answer is a read state. */
  readIndex(context: Uint8Array): void {
    const entry: Entry = { type: EntryType.Normal, term: 0, index: 0, data: context };
    this.#step({ type: MessageType.ReadIndex, to: NO_NODE, entries: [entry] });
  }

  /** Hands leadership over. */
  transferLeader(id: NodeId): void {
    this.#step({ type: MessageType.TransferLeader, to: NO_NODE, from: id });
  }

  /** Knows of no leader any more, so that this follower may vote at once. */
  forgetLeader(): void {
    this.#step({ type: MessageType.ForgetLeader, to: NO_NODE });
  }

  /** Messages to this member could not be delivered. */
  reportUnreachable(id: NodeId): void {
    this.#step({ type: MessageType.Unreachable, to: NO_NODE, from: id });
  }

  /** How the sending of a snapshot ended; to be called for each one that was sent. */
  reportSnapshot(id: NodeId, isDelivered: boolean): void {
    this.#step({ type: MessageType.SnapStatus, to: NO_NODE, from: id, reject: !isDelivered });
  }

  /** Whether `ready` has something to say. */
  hasReady(): boolean {
    const raft = this.#raft;
    return (
      raft.messages.length > 0 ||
      raft.messagesAfterAppend.length > 0 ||
      raft.readStates.length > 0 ||
      raft.log.hasNextUnstableEntries ||
      raft.log.hasNextCommittedEntries(!this.#isAsync) ||
      raft.log.nextUnstableSnapshot() !== undefined ||
      !isSameSoftState(raft, this.#softState) ||
      !isSameHardState(raft, this.#hardState)
    );
  }

  /** Takes what is to be done. All of it has to be done, in the order of the Readys. */
  ready(): Ready {
    const raft = this.#raft;
    assert(this.#onAdvance.length === 0, "a Ready is advanced before the next one is taken");
    const hardState = isSameHardState(raft, this.#hardState) ? undefined : hardStateOf(raft);
    const entries = raft.log.nextUnstableEntries();
    const mustSync = entries.length > 0 || raft.vote !== this.#hardState.vote || raft.term !== this.#hardState.term;
    const softState = isSameSoftState(raft, this.#softState) ? undefined : softStateOf(raft);
    const committedEntries = raft.log.nextCommittedEntries(!this.#isAsync);
    const snapshot = raft.log.nextUnstableSnapshot();
    const { readStates } = raft;
    const messages = this.#takeMessages({ hardState, entries, committedEntries, snapshot });

    if (softState !== undefined) this.#softState = softState;
    if (hardState !== undefined) this.#hardState = hardState;
    raft.readStates = [];
    raft.log.acceptUnstable();
    if (committedEntries.length > 0) raft.log.acceptApplying(committedEntries, !this.#isAsync);
    return { softState, hardState, readStates, entries, snapshot, committedEntries, messages, mustSync };
  }

  /** The last Ready is done. Not with asynchronous writes, where responses say so. */
  advance(): void {
    assert(!this.#isAsync, "asynchronous writes are answered by messages");
    const steps = this.#onAdvance;
    this.#onAdvance = [];
    for (const message of steps) step(this.#raft, message);
  }

  /** The state at a glance. */
  basicStatus(): BasicStatus {
    const { id, term, vote, leader, role, log, leadTransferee } = this.#raft;
    return { id, term, vote, leader, role, commit: log.committed, applied: log.applied, leadTransferee };
  }

  /** The state with configuration and, at a leader, everyone's progress. */
  status(): Status {
    const { tracker, role } = this.#raft;
    const progress = new Map<NodeId, ProgressStatus>();
    if (role === "leader") for (const [id, each] of tracker.members.progress) progress.set(id, progressStatus(each));
    return { ...this.basicStatus(), configuration: tracker.configuration, progress };
  }

  #takeMessages(work: Pick<Ready, "hardState" | "entries" | "committedEntries" | "snapshot">): readonly Message[] {
    const raft = this.#raft;
    const { messages, messagesAfterAppend } = raft;
    if (this.#isAsync) {
      const append = storageAppend(raft, work);
      const apply = storageApply(raft, work.committedEntries);
      if (append !== undefined) messages.push(append);
      if (apply !== undefined) messages.push(apply);
    } else {
      // The caller sends after it has written, so the promises can go with the rest; our own wait for `advance`.
      for (const message of messagesAfterAppend) (message.to === raft.id ? this.#onAdvance : messages).push(message);
      const appended = storageAppendResponse(raft, work);
      const applied = storageApplyResponse(raft, work.committedEntries);
      if (appended !== undefined) this.#onAdvance.push(appended);
      if (applied !== undefined) this.#onAdvance.push(applied);
    }
    raft.messages = [];
    raft.messagesAfterAppend = [];
    return messages;
  }

  #step(fields: MessageFields): ProposalResult {
    return step(this.#raft, makeMessage(fields));
  }
}

function loadHardState(raft: RaftState, { term, vote, commit }: HardState): void {
  if (term === 0 && vote === NO_NODE && commit === 0) return;
  assert(commit >= raft.log.committed && commit <= raft.log.lastIndex, "the stored commit index lies in the log");
  raft.log.commitTo(commit);
  raft.term = term;
  raft.vote = vote;
}

function softStateOf({ leader, role }: RaftState): SoftState {
  return { leader, role };
}

function hardStateOf({ term, vote, log }: RaftState): HardState {
  return { term, vote, commit: log.committed };
}

function isSameSoftState(raft: RaftState, state: SoftState): boolean {
  return raft.leader === state.leader && raft.role === state.role;
}

function isSameHardState(raft: RaftState, state: HardState): boolean {
  return raft.term === state.term && raft.vote === state.vote && raft.log.committed === state.commit;
}
