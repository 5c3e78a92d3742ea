import { assert } from "../../../server/base/assert.ts";
import type { Index, NodeId, Term } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import { MessageType } from "../../../server/proto/raft-message.ts";
import type { ConfState, Entry, HardState, Message, Snapshot } from "../../../server/proto/raft-message.ts";
import { confChangeOfEntry } from "../../../server/raft/conf-change.ts";
import { isLocalTarget } from "../../../server/raft/local-target.ts";
import type { RaftConfig } from "../../../server/raft/raft-config.ts";
import { RawNode } from "../../../server/raft/raw-node.ts";
import type { Ready } from "../../../server/raft/ready.ts";
import type { RaftChecker, VisibleLog } from "./raft-checker.ts";
import { SimulatedStorage } from "./simulated-storage.ts";

/** What a member runs with, apart from what belongs to it alone. */
export type MemberOptions = Omit<RaftConfig, "id" | "storage" | "applied" | "random">;

/** What a member lets out into the world. */
export interface MemberWorld {
  readonly checker: RaftChecker;
  readonly random: Random;
  readonly send: (message: Message) => void;
  readonly answerRead: (context: Uint8Array, index: Index) => void;
}

/** A member with its disk, its application and the work that is under way; `undefined` parts are lost in a crash. */
export class SimulatedMember {
  readonly id: NodeId;
  readonly #options: MemberOptions;
  readonly #world: MemberWorld;
  readonly #storage = new SimulatedStorage();
  #node: RawNode | undefined;
  #appendWork: Message[] = [];
  #applyWork: Message[] = [];
  /** Answers of the disk and the application to their own member: delayed, but never lost or reordered. */
  #inbox: Message[] = [];
  #state = 0;
  #applied: Index = 0;
  #confState: ConfState;
  #appliedTerm: Term = 0;
  #seenCommit: Index = 0;
  /** The log as handed out in Readys. */
  #log: { base: Index; terms: Term[] } = { base: 0, terms: [0] };

  constructor(id: NodeId, options: MemberOptions, world: MemberWorld, start: Snapshot | undefined) {
    this.id = id;
    this.#options = options;
    this.#world = world;
    if (start !== undefined) this.#storage.applySnapshot(start);
    this.#confState = this.#storage.initialState().confState;
    this.restart();
  }

  get isRunning(): boolean {
    return this.#node !== undefined;
  }

  /** The node; only while it runs. */
  get node(): RawNode {
    assert(this.#node !== undefined, "the member runs");
    return this.#node;
  }

  get applied(): Index {
    return this.#applied;
  }

  get confState(): ConfState {
    return this.#confState;
  }

  /** Loses everything but the disk; of the write under way some of the entries may have got there. */
  crash(): void {
    const torn = this.#appendWork[0];
    if (torn !== undefined && this.#world.random.below(2) === 0 && torn.snapshot === undefined) {
      this.#storage.append(torn.entries.slice(0, this.#world.random.below(torn.entries.length + 1)));
    }
    this.#node = undefined;
    this.#appendWork = [];
    this.#applyWork = [];
    this.#inbox = [];
  }

  restart(): void {
    const { metadata, data } = this.#storage.durable;
    this.#applied = metadata.index;
    this.#appliedTerm = metadata.term;
    this.#confState = metadata.confState;
    this.#state = data === undefined ? 0 : decodeState(data);
    this.#seenCommit = metadata.index;
    const base = this.#storage.firstIndex() - 1;
    const terms = Array.from({ length: this.#storage.lastIndex() - base + 1 }, (_, i) => this.#storage.term(base + i)!);
    this.#log = { base, terms };
    this.#storage.latest = () => (this.#world.random.below(4) === 0 ? undefined : this.#snapshot());
    this.#node = new RawNode({
      ...this.#options,
      id: this.id,
      storage: this.#storage,
      applied: metadata.index,
      random: this.#world.random,
    });
    this.check();
  }

  /** Takes a Ready, if there is one; `mayCrash` decides at each point where a process can end. */
  work(mayCrash: () => boolean): void {
    if (!this.node.hasReady()) return;
    const ready = this.node.ready();
    for (const { context, index } of ready.readStates) this.#world.answerRead(context, index);
    this.#see(ready);
    if (this.#options.asyncStorageWrites) {
      for (const message of ready.messages) this.#route(message);
      return;
    }
    if (mayCrash()) return this.crash();
    this.#write(ready.hardState, ready.entries, ready.snapshot);
    if (mayCrash()) return this.crash();
    for (const message of ready.messages) this.#world.send(message);
    this.#apply(ready.committedEntries);
    if (mayCrash()) return this.crash();
    this.node.advance();
  }

  /** The disk does one write. */
  workOnAppend(): void {
    const message = this.#appendWork.shift();
    if (message === undefined) return;
    const { term, vote, commit } = message;
    const hardState = term === 0 && vote === 0n && commit === 0 ? undefined : { term, vote, commit };
    this.#write(hardState, message.entries, message.snapshot);
    this.#respond(message);
  }

  /** The application does one step. */
  workOnApply(): void {
    const message = this.#applyWork.shift();
    if (message === undefined) return;
    this.#apply(message.entries);
    this.#respond(message);
  }

  /** The member hears of something that is done. */
  workOnInbox(): void {
    const message = this.#inbox.shift();
    if (message !== undefined) this.node.step(message);
  }

  /** Whether something is left to do without hearing from outside. */
  get isBusy(): boolean {
    const queued = this.#appendWork.length + this.#applyWork.length + this.#inbox.length;
    return this.isRunning && (queued > 0 || this.node.hasReady());
  }

  /** Makes the application's state durable and lets go of the log behind it, but for a few entries. */
  compact(keep: number): void {
    this.#storage.checkpoint(this.#snapshot());
    this.#storage.compact(Math.max(0, this.#storage.durable.metadata.index - keep));
  }

  /** Checks this member against all that is known. */
  check(): void {
    if (!this.isRunning) return;
    const { role, term } = this.node.basicStatus();
    if (role === "leader") this.#world.checker.leads(this.id, term);
  }

  #visibleLog(): VisibleLog {
    const { base, terms } = this.#log;
    return { firstIndex: base, lastIndex: base + terms.length - 1, term: (index) => terms[index - base] };
  }

  #see({ entries, snapshot }: Ready): void {
    if (snapshot !== undefined) this.#log = { base: snapshot.metadata.index, terms: [snapshot.metadata.term] };
    for (const entry of entries) {
      const at = entry.index - this.#log.base;
      this.#world.checker.appends(entry, this.#log.terms[at - 1]!);
      this.#log.terms.length = at;
      this.#log.terms.push(entry.term);
    }
    this.#checkCommitted();
  }

  /** Right after a Ready, when all that the node knows has been seen. */
  #checkCommitted(): void {
    const { role, term, commit } = this.node.basicStatus();
    const log = this.#visibleLog();
    if (role === "leader") this.#world.checker.isComplete(this.id, term, log);
    for (; this.#seenCommit < commit; this.#seenCommit++) {
      const entryTerm = log.term(this.#seenCommit + 1);
      if (entryTerm !== undefined) this.#world.checker.commits(this.#seenCommit + 1, entryTerm, term);
    }
  }

  #route(message: Message): void {
    if (!isLocalTarget(message.to)) this.#world.send(message);
    else (message.type === MessageType.StorageAppend ? this.#appendWork : this.#applyWork).push(message);
  }

  #respond({ responses }: Message): void {
    for (const response of responses) {
      if (response.to === this.id) this.#inbox.push(response);
      else this.#world.send(response);
    }
  }

  #write(hardState: HardState | undefined, entries: readonly Entry[], snapshot: Snapshot | undefined): void {
    if (hardState !== undefined) this.#storage.setHardState(hardState);
    if (snapshot !== undefined && this.#storage.applySnapshot(snapshot)) this.#restore(snapshot);
    this.#storage.append(entries);
  }

  #restore({ metadata, data }: Snapshot): void {
    const { index, term, confState } = metadata;
    if (index <= this.#applied) return;
    this.#applied = index;
    this.#appliedTerm = term;
    this.#confState = confState;
    this.#state = decodeState(data!);
    this.#world.checker.applies(index, this.#state);
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index <= this.#applied) continue; // a snapshot has overtaken it
      assert(entry.index === this.#applied + 1, "entries are applied without gaps");
      const change = confChangeOfEntry(entry);
      if (change !== undefined) this.#confState = this.node.applyConfChange(change);
      this.#applied = entry.index;
      this.#appliedTerm = entry.term;
      for (const byte of [entry.term, entry.type, ...(entry.data ?? [])]) {
        this.#state = Math.imul(this.#state ^ byte, 16777619) >>> 0;
      }
      this.#world.checker.applies(entry.index, this.#state);
    }
  }

  #snapshot(): Snapshot {
    const metadata = { index: this.#applied, term: this.#appliedTerm, confState: this.#confState };
    return { data: encodeState(this.#state), metadata };
  }
}

function encodeState(state: number): Uint8Array {
  return new Uint8Array(new Uint32Array([state]).buffer);
}

function decodeState(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0, true);
}
