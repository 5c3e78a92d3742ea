import type { ClusterId, Index, NodeId, Revision, Term } from "../base/ids.ts";
import type { Slices } from "../base/slices.ts";
import type { Caller } from "../auth/caller.ts";
import type { Outcome } from "../apply/outcome.ts";
import type { StateMachine } from "../apply/state-machine.ts";
import type { HashKvResult } from "../mvcc/hash.ts";
import type { Deferred } from "../mvcc/deferred.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import type { WatchTarget } from "../mvcc/watch-target.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";
import type { AppliedIndex } from "./applied-index.ts";
import type { Compactor } from "./compactor.ts";
import type { Defragmenter } from "./defragmenter.ts";
import type { Hashing } from "./hashing.ts";
import type { Leadership } from "./leadership.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Logins } from "./logins.ts";
import type { MemberService } from "./member-service.ts";
import type { NodeConfig } from "./node-options.ts";
import type { NodeTallies } from "./node-tallies.ts";
import type { Command } from "./proposals.ts";
import type { ReadGate } from "./read-gate.ts";
import type { Replica } from "./replica.ts";
import type { SnapshotSource, TakenSnapshot } from "./snapshot-source.ts";
import type { StoreReader } from "./store-reader.ts";
import type { Turns } from "./turns.ts";
import type { WatchHandle, Watchers, WatchSink } from "./watchers.ts";

/** Where raft stands, at a glance. */
export interface RaftStatus {
  readonly leader: NodeId;
  readonly term: Term;
  readonly commitIndex: Index;
  readonly appliedIndex: Index;
}

/** The parts that a node is made of; `start-node` puts them together. */
export interface NodeParts {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly config: NodeConfig;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly applied: AppliedIndex;
  readonly leadership: Leadership;
  readonly readGate: ReadGate;
  readonly reader: StoreReader;
  readonly turns: Turns;
  readonly watchers: Watchers;
  readonly leases: LeaseKeeper;
  readonly logins: Logins;
  readonly members: MemberService;
  readonly compactor: Compactor;
  readonly hashing: Hashing;
  readonly snapshots: SnapshotSource;
  readonly defragmenter: Defragmenter;
  readonly tallies: NodeTallies;
  readonly openReads: () => number;
  readonly raftStatus: () => RaftStatus;
  readonly propose: (command: Command, caller?: Caller) => Promise<Outcome>;
  readonly raiseNoSpace: () => void;
  readonly transferLeader: (target: NodeId) => Promise<void>;
  /** Resolves when the cluster knows this member's name and client URLs: it takes part. */
  readonly published: Promise<void>;
  readonly checkCorruption: () => Promise<void>;
  readonly transferAway: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
}

/** One member, as the services see it: the only way from an RPC to the replicated state. */
export class Node {
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  get selfId(): NodeId {
    return this.#parts.selfId;
  }

  get clusterId(): ClusterId {
    return this.#parts.clusterId;
  }

  get config(): NodeConfig {
    return this.#parts.config;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get logger(): Logger {
    return this.#parts.logger;
  }

  /** The replicated state as applied here. Another object after a snapshot was installed: do not keep it. */
  get machine(): StateMachine {
    return this.#parts.replica.machine;
  }

  get leadership(): Leadership {
    return this.#parts.leadership;
  }

  get leases(): LeaseKeeper {
    return this.#parts.leases;
  }

  /** Who has logged in with a simple token. */
  get logins(): Logins {
    return this.#parts.logins;
  }

  get members(): MemberService {
    return this.#parts.members;
  }

  get raftStatus(): RaftStatus {
    return this.#parts.raftStatus();
  }

  /** A learner serves hardly anything (etcd-surface §1). */
  get isLearner(): boolean {
    return this.machine.membership.member(this.selfId)?.isLearner ?? false;
  }

  /** Brings a command through the log, on somebody's behalf; resolves with what applying it gave, which may be a fault. */
  propose(command: Command, caller?: Caller): Promise<Outcome> {
    return this.#parts.propose(command, caller);
  }

  /** Whether the quota has room for a write, as this member sees it. */
  quotaAllows(request: InternalRaftRequest): boolean {
    return this.machine.quotaAllows(request);
  }

  /** Raises this member's NOSPACE alarm, in the background. */
  raiseNoSpace(): void {
    this.#parts.raiseNoSpace();
  }

  /** Does large work in slices, and gives everybody else a turn of the event loop between two of them. */
  inSlices<T>(slices: Slices<T>): Promise<T> {
    return this.#parts.turns.run(slices);
  }

  /** Resolves when a read of this member's state is linearizable as of this call. */
  linearizable(): Promise<void> {
    return this.#parts.readGate.pass();
  }

  /** Fetches what an answer still needs and builds it; synchronous if memory holds it all. */
  resolve<T>(deferred: Deferred<T>): T | Promise<T> {
    return this.#parts.reader.resolve(deferred);
  }

  /** The records that a range has named, as they are stored; synchronous if they are few and memory holds them. */
  records(revisions: readonly RevisionKey[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    return this.#parts.reader.records(revisions);
  }

  /** Fetches stored records that a read-only txn compares by value. */
  async provideTxnValues(request: Parameters<StateMachine["missingTxnValues"]>[0]): Promise<void> {
    const missing = this.machine.missingTxnValues(request);
    if (missing.length === 0) return;
    const records = await this.#parts.reader.fetch(missing);
    missing.forEach((revision, position) => {
      const record = records[position];
      if (record) this.machine.provide(revision, record);
    });
  }

  watch(target: Omit<WatchTarget, "minRevision">, startRevision: Revision, sink: WatchSink): WatchHandle {
    return this.#parts.watchers.add(target, startRevision, sink);
  }

  /** What this member has done since its process started. */
  get tallies(): NodeTallies {
    return this.#parts.tallies;
  }

  /** Reads that hold back the deletion of what they still need. */
  get openReads(): number {
    return this.#parts.openReads();
  }

  get watcherCounts(): { readonly all: number; readonly behind: number } {
    return { all: this.#parts.watchers.watcherCount, behind: this.#parts.watchers.behindCount };
  }

  /** Resolves when the rows below a compacted revision are gone. */
  compactionFinished(revision: Revision): Promise<void> {
    return this.#parts.compactor.finished(revision);
  }

  hashKv(revision: Revision): Promise<HashKvResult> {
    return this.#parts.hashing.hashKv(revision);
  }

  hash(): Promise<number> {
    return this.#parts.hashing.hash();
  }

  /** The whole state as a database file; the caller releases it. */
  takeSnapshot(): Promise<TakenSnapshot> {
    return this.#parts.snapshots.take();
  }

  defragment(): Promise<void> {
    return this.#parts.defragmenter.run();
  }

  /** Hands leadership to a voter; resolves when it leads. Faults: not-leader, bad-leader-transferee, timeout-leader-transfer. */
  transferLeader(target: NodeId): Promise<void> {
    return this.#parts.transferLeader(target);
  }

  /** Resolves when the cluster knows this member's name and client URLs: it takes part. */
  get published(): Promise<void> {
    return this.#parts.published;
  }

  /** Before serving: rejects if a peer has other data at the same revision. */
  checkCorruption(): Promise<void> {
    return this.#parts.checkCorruption();
  }

  /** Before a shutdown: leadership moves on if it is here and there is somebody. */
  async transferLeadershipAway(): Promise<void> {
    await this.#parts.transferAway();
  }

  /** Everything is written and closed. */
  stop(): Promise<void> {
    return this.#parts.stop();
  }
}
