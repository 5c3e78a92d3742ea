import type { NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import { MessageType, type HardState, type Message, type Snapshot } from "../proto/raft-message.ts";
import type { MemoryStorage } from "../raft/memory-storage.ts";
import { LOCAL_APPEND_TARGET, LOCAL_APPLY_TARGET } from "../raft/local-target.ts";
import type { RawNode } from "../raft/raw-node.ts";
import type { Ready } from "../raft/ready.ts";
import type { Wal } from "../wal/wal.ts";
import type { ApplyQueue } from "./apply-queue.ts";
import type { HeartbeatPace } from "./heartbeat-pace.ts";
import type { Proposals } from "./proposals.ts";
import type { ReadGate } from "./read-gate.ts";

export interface ReadyLoopOptions {
  readonly selfId: NodeId;
  readonly clock: Clock;
  readonly raft: RawNode;
  /** The part of the log that raft can read back; always what the WAL has synced. */
  readonly log: MemoryStorage;
  readonly wal: Wal;
  readonly network: Network;
  readonly proposals: Proposals;
  readonly readGate: ReadGate;
  readonly applyQueue: ApplyQueue;
  readonly heartbeats?: HeartbeatPace | undefined;
  readonly onSoftState: (leader: NodeId, isLeader: boolean) => void;
  /** A follower is too far behind: send it the database. */
  readonly onSendSnapshot: (message: Message) => void;
  /** The leader's database, received before, becomes ours; resolves when it is in place. */
  readonly installSnapshot: (snapshot: Snapshot) => Promise<void>;
  /** A disk that fails, or a bug: the process has to end. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The one place where raft's wishes become effects. Once per turn of the event loop everything that arrived becomes
 * one batch: one write and one fdatasync, one message per peer (design decision 7). Appending and applying are
 * asynchronous and answer raft by messages, so the next batch fills while an fsync runs.
 */
export class ReadyLoop {
  readonly #options: ReadyLoopOptions;
  #isScheduled = false;
  #isStopped = false;
  /** Appends follow one another, also across the installation of a snapshot. */
  #lastAppend: Promise<void> = Promise.resolve();
  #installing: Promise<void> | undefined;
  #hardState: HardState;

  constructor(options: ReadyLoopOptions) {
    this.#options = options;
    this.#hardState = options.log.initialState().hardState;
  }

  /** Something changed in raft or waits for it: look at it when this turn of the event loop ends. */
  schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#options.clock.nextTurn(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      try {
        this.#turn();
      } catch (error) {
        this.#options.onFailure(error);
      }
    });
  }

  /** Takes no more turns; resolves when what was handed to the WAL is written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#lastAppend;
  }

  #turn(): void {
    const { raft, proposals } = this.#options;
    // Without a leader proposals wait in their queue: raft would drop them.
    if (proposals.hasQueued && raft.basicStatus().leader !== 0n) this.#propose();
    while (raft.hasReady()) this.#dispatch(raft.ready());
  }

  #propose(): void {
    const { raft, proposals } = this.#options;
    const batch = proposals.takeQueue();
    if (raft.propose(batch) === "dropped") proposals.putBack(batch);
  }

  /** Hands out one Ready: what may go at once goes at once, what is a promise waits for the disk. */
  #dispatch(ready: Ready): void {
    const { readGate, network, clock, heartbeats, onSoftState, onSendSnapshot } = this.#options;
    if (ready.softState) {
      heartbeats?.reset();
      onSoftState(ready.softState.leader, ready.softState.role === "leader");
    }
    for (const { context, index } of ready.readStates) readGate.onReadState(context, index);
    const outgoing: Message[] = [];
    for (const message of ready.messages) {
      if (message.to === LOCAL_APPEND_TARGET) this.#append(message);
      else if (message.to === LOCAL_APPLY_TARGET) this.#apply(message);
      else if (message.type === MessageType.Snap) onSendSnapshot(message);
      else {
        heartbeats?.onSending(message, clock);
        outgoing.push(message);
      }
    }
    // A leader may send before its own fsync: it is one vote among many (Raft thesis 10.2.1).
    if (outgoing.length > 0) network.send(outgoing);
  }

  #append(message: Message): void {
    const { snapshot } = message;
    let written: Promise<void>;
    if (snapshot) written = this.#startInstall(snapshot, message);
    else if (this.#installing) written = this.#installing.then(() => this.#write(message));
    else written = this.#write(message);
    this.#lastAppend = written.then(
      () => {
        if (!this.#isStopped) this.#appended(message);
      },
      (error: unknown) => {
        this.#options.onFailure(error);
      },
    );
  }

  #startInstall(snapshot: Snapshot, message: Message): Promise<void> {
    const before = this.#installing ?? this.#lastAppend;
    const installing = before
      .then(() => this.#options.installSnapshot(snapshot))
      .then(() => this.#write(message))
      .then(() => {
        if (this.#installing === installing) this.#installing = undefined;
      });
    this.#installing = installing;
    return installing;
  }

  /** One record batch for the WAL; resolves after the fsync if raft's promises depend on it. */
  #write(message: Message): Promise<void> {
    const { entries, snapshot } = message;
    const hardState = hardStateOf(message);
    const changesVote =
      hardState !== undefined && (hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote);
    if (hardState) this.#hardState = hardState;
    return this.#options.wal.append({
      entries,
      ...(hardState && { hardState }),
      ...(snapshot && { snapshot: snapshot.metadata }),
      sync: entries.length > 0 || changesVote || snapshot !== undefined,
    });
  }

  /** What was written can be read back and its promises can leave. */
  #appended(message: Message): void {
    const { log } = this.#options;
    if (message.snapshot) log.applySnapshot(message.snapshot);
    log.append(message.entries);
    log.setHardState(this.#hardState);
    this.#deliver(message.responses);
  }

  #apply(message: Message): void {
    this.#options.applyQueue.push({
      entries: message.entries,
      done: () => {
        if (!this.#isStopped) this.#deliver(message.responses);
      },
    });
  }

  #deliver(responses: readonly Message[]): void {
    const { selfId, raft, network } = this.#options;
    const outgoing: Message[] = [];
    for (const response of responses) {
      if (response.to === selfId) raft.step(response);
      else outgoing.push(response);
    }
    if (outgoing.length > 0) network.send(outgoing);
    this.schedule();
  }
}

/** Raft puts a changed hard state into the storage message itself; all zero means unchanged. */
function hardStateOf(message: Message): HardState | undefined {
  const { term, vote, commit } = message;
  return term === 0 && vote === 0n && commit === 0 ? undefined : { term, vote, commit };
}
