import { hexId, NO_NODE, type NodeId } from "../base/ids.ts";
import type { Caller } from "../auth/caller.ts";
import type { ConfOutcome } from "../apply/outcome.ts";
import type { StateMachineOptions } from "../apply/state-machine.ts";
import type { Timer } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import type { ConfChange, ConfChangeV2 } from "../proto/raft-message.ts";
import { ApplyQueue } from "./apply-queue.ts";
import { AutoCompactor } from "./auto-compactor.ts";
import { CorruptionCheck } from "./corruption-check.ts";
import { FactReactions } from "./fact-reactions.ts";
import { FirstElection } from "./first-election.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import { LeaderTransfer } from "./leader-transfer.ts";
import { Leadership } from "./leadership.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { MemberChanges } from "./member-changes.ts";
import { MemberPublisher } from "./member-publisher.ts";
import { MemberService } from "./member-service.ts";
import { Node } from "./node.ts";
import type { NodeConfig, NodeWorld } from "./node-options.ts";
import { peerHandlers } from "./peer-service.ts";
import type { Command } from "./proposals.ts";
import { ReadyLoop } from "./ready-loop.ts";
import type { Recovered } from "./recover.ts";
import { makeRequestParts, type RequestParts } from "./request-parts.ts";
import { SnapshotTransfer } from "./snapshot-transfer.ts";
import { makeStateParts, type StateParts } from "./state-parts.ts";
import { VersionMonitor } from "./version-monitor.ts";

/** A running member: its parts, and what one part's events mean to the others. Every arrow between them is here. */
export class NodeRuntime {
  readonly #config: NodeConfig;
  readonly #world: NodeWorld;
  readonly #recovered: Recovered;
  readonly #state: StateParts;
  readonly #leadership = new Leadership();
  readonly #requests: RequestParts;
  readonly #firstElection: FirstElection;
  readonly #applyQueue: ApplyQueue;
  readonly #network: Network;
  readonly #reactions: FactReactions;
  readonly #loop: ReadyLoop;
  readonly #versions: VersionMonitor;
  readonly #leases: LeaseKeeper;
  readonly #changes: MemberChanges;
  readonly #corruption: CorruptionCheck;
  readonly #transfer: LeaderTransfer;
  readonly #snapshots: SnapshotTransfer;
  readonly #autoCompactor: AutoCompactor | undefined;
  readonly #ticker: Timer;
  readonly #publisher: MemberPublisher;
  #isStopping = false;

  constructor(config: NodeConfig, world: NodeWorld, recovered: Recovered, machine: StateMachineOptions) {
    this.#config = config;
    this.#world = world;
    this.#recovered = recovered;
    this.#state = makeStateParts(config, world, recovered, machine);
    this.#firstElection = new FirstElection(recovered, this.#state.raft, config.electionTicks);
    const leadership = this.#leadership;
    const state = this.#state;
    this.#requests = makeRequestParts({ config, world, recovered, state, leadership, onQueued: this.#schedule });
    this.#applyQueue = this.#makeApplyQueue();
    this.#network = this.#connect();
    const { selfId, clusterId, replica } = recovered;
    const { clock, logger } = world;
    this.#reactions = this.#makeReactions();
    this.#loop = this.#makeLoop();
    const { calls } = this.#network;
    const shared = { selfId, replica, leadership, clock, calls, logger, propose: this.#propose };
    this.#versions = new VersionMonitor({ ...shared, log: this.#state.log });
    this.#leases = new LeaseKeeper({
      ...shared,
      tallies: this.#state.tallies,
      electionTimeoutMs: this.#requests.electionTimeoutMs,
      requestTimeoutMs: this.#requests.requestTimeoutMs,
      hasCheckpoints: config.hasLeaseCheckpoints,
    });
    this.#corruption = new CorruptionCheck({
      ...shared,
      hashing: this.#state.hashing,
      catchUp: () => this.#requests.readGate.pass(),
      corruptCheckMs: config.corruptCheckMs,
      compactHashCheckMs: config.compactHashCheckMs,
    });
    this.#changes = this.#makeChanges();
    this.#snapshots = new SnapshotTransfer({
      state: this.#state,
      selfId,
      replica,
      network: this.#network,
      applyQueue: this.#applyQueue,
      onStepped: this.#schedule,
      onInstalled: () => {
        this.#leases.onLeadership();
      },
    });
    this.#transfer = new LeaderTransfer({
      selfId,
      replica,
      leadership,
      clock,
      raft: this.#state.raft,
      network: this.#network,
      onStepped: this.#schedule,
    });
    this.#autoCompactor = config.autoCompaction && new AutoCompactor({ ...shared, policy: config.autoCompaction });
    this.#ticker = clock.every(config.tickMs, () => {
      this.#firstElection.beforeTick();
      this.#state.raft.tick();
      this.#loop.schedule();
    });
    this.#firstElection.advance();
    this.#state.compactor.start();
    this.#publisher = new MemberPublisher({
      ...shared,
      clusterId,
      name: config.name,
      clientUrls: config.advertiseClientUrls,
    });
  }

  /** The member as the services see it. */
  node(): Node {
    const { selfId, clusterId, replica } = this.#recovered;
    const { clock, logger } = this.#world;
    const { raft, applied } = this.#state;
    const leadership = this.#leadership;
    const members = new MemberService({
      replica,
      leadership,
      clock,
      changes: this.#changes,
      tallies: this.#state.tallies,
      calls: this.#network.calls,
      requestTimeoutMs: this.#requests.requestTimeoutMs,
    });
    return new Node({
      ...this.#state,
      selfId,
      clusterId,
      replica,
      clock,
      logger,
      leadership,
      members,
      config: this.#config,
      readGate: this.#requests.readGate,
      leases: this.#leases,
      logins: this.#requests.logins,
      raftStatus: () => {
        const { leader, term, commit } = raft.basicStatus();
        return {
          leader,
          term,
          commitIndex: commit,
          appliedIndex: applied.value,
        };
      },
      propose: this.#propose,
      raiseNoSpace: () => {
        this.#reactions.raiseNoSpace();
      },
      transferLeader: (target) => this.#transfer.to(target, this.#requests.requestTimeoutMs),
      published: this.#publisher.published,
      checkCorruption: () => this.#corruption.beforeServing(),
      transferAway: () => this.#transfer.away(2 * this.#requests.electionTimeoutMs).catch(() => false),
      stop: () => this.#stop(),
    });
  }

  readonly #propose = (command: Command, caller?: Caller) => this.#requests.proposals.propose(command, caller);
  readonly #schedule = (): void => {
    this.#loop.schedule();
  };

  #makeApplyQueue(): ApplyQueue {
    const { applied, reader, flusher, localSnapshotter, tallies } = this.#state;
    return new ApplyQueue({
      tallies,
      applied,
      reader,
      flusher,
      replica: this.#recovered.replica,
      clock: this.#world.clock,
      proposals: this.#requests.proposals,
      onConfOutcome: (outcome, change) => {
        this.#onConfOutcome(outcome, change);
      },
      onFacts: (facts) => {
        this.#reactions.onFacts(facts);
      },
      onBatchApplied: () => {
        localSnapshotter.onApplied();
      },
      onFailure: this.#world.onFatal,
    });
  }

  #connect(): Network {
    const { selfId, clusterId, replica, peers } = this.#recovered;
    const { raft, hashing, installer } = this.#state;
    const handlers = peerHandlers({
      selfId,
      clusterId,
      replica,
      raft,
      hashing,
      installer,
      bootstrapPeers: peers,
      clock: this.#world.clock,
      leases: () => this.#leases,
      changes: () => this.#changes,
      linearizable: () => this.#requests.readGate.pass(),
      onStepped: this.#schedule,
      onRemoved: () => {
        this.#onSelfRemoved();
      },
      onFailure: this.#world.onFatal,
    });
    const { members } = replica.machine.membership;
    const known = members.length > 0 ? members : peers;
    return this.#world.connect(handlers, {
      selfId,
      clusterId,
      peers: known.filter((member) => member.id !== selfId),
    });
  }

  #makeReactions(): FactReactions {
    const { clock, logger } = this.#world;
    return new FactReactions({
      selfId: this.#recovered.selfId,
      clock,
      logger,
      network: this.#network,
      compactor: this.#state.compactor,
      logins: this.#requests.logins,
      propose: this.#propose,
      onClusterVersion: (isLower) => {
        if (isLower) this.#state.localSnapshotter.force();
        this.#versions.updateStorage();
      },
      onSelfRemoved: () => {
        this.#onSelfRemoved();
      },
    });
  }

  #makeLoop(): ReadyLoop {
    const { raft, log, tallies } = this.#state;
    return new ReadyLoop({
      heartbeats: new HeartbeatPace(this.#config.tickMs, () => {
        tallies.consensus.lateHeartbeats++;
      }),
      raft,
      log,
      selfId: this.#recovered.selfId,
      clock: this.#world.clock,
      wal: this.#recovered.wal,
      network: this.#network,
      proposals: this.#requests.proposals,
      readGate: this.#requests.readGate,
      applyQueue: this.#applyQueue,
      onSoftState: (leader, isLeader) => {
        this.#onSoftState(leader, isLeader);
      },
      onSendSnapshot: (message) => {
        this.#snapshots.send(message).catch(this.#world.onFatal);
      },
      installSnapshot: (snapshot) => this.#snapshots.install(snapshot),
      onFailure: this.#world.onFatal,
    });
  }

  #makeChanges(): MemberChanges {
    const { selfId, replica } = this.#recovered;
    return new MemberChanges({
      selfId,
      replica,
      raft: this.#state.raft,
      leadership: this.#leadership,
      network: this.#network,
      clock: this.#world.clock,
      nextId: this.#requests.nextId,
      strictReconfigCheck: this.#config.strictReconfigCheck,
      requestTimeoutMs: this.#requests.requestTimeoutMs,
      onProposed: this.#schedule,
      moveLeaderFrom: (id) => this.#transfer.from(id, 2 * this.#requests.electionTimeoutMs),
      canUseJoint: () => this.#versions.allAreKvorum(),
    });
  }

  #onSoftState(leader: NodeId, isLeader: boolean): void {
    const previous = this.#leadership.leader;
    this.#leadership.update(leader, isLeader, this.#world.clock.monotonicMs());
    if (leader === previous) return;
    if (leader !== NO_NODE) this.#requests.readGate.onLeaderChanged();
    this.#world.logger.info(leader === NO_NODE ? "lost leader" : "elected leader", {
      "local-member-id": hexId(this.#recovered.selfId),
      leader: hexId(leader),
      previous: hexId(previous),
      term: this.#state.raft.basicStatus().term,
    });
  }

  #onConfOutcome(outcome: ConfOutcome, change: ConfChange | ConfChangeV2): void {
    const { replica } = this.#recovered;
    replica.confState = this.#state.raft.applyConfChange(outcome.effective);
    this.#reactions.onFacts(outcome.facts);
    this.#transfer.whileLeaving();
    this.#changes.onApplied(outcome, change, replica.confState.votersOutgoing.length > 0);
    this.#world.logger.info("applied a configuration change through raft", {
      index: outcome.index,
      voters: replica.confState.voters.map(hexId),
      "voters-outgoing": replica.confState.votersOutgoing.map(hexId),
      learners: replica.confState.learners.map(hexId),
      ...(outcome.fault !== undefined && { refused: outcome.fault }),
    });
    this.#loop.schedule();
  }

  #onSelfRemoved(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#world.onRemoved();
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#ticker.cancel();
    this.#publisher.stop();
    this.#versions.stop();
    this.#leases.stop();
    this.#corruption.stop();
    this.#autoCompactor?.stop();
    this.#requests.proposals.fail("stopped");
    this.#requests.readGate.fail("stopped");
    this.#changes.fail();
    this.#state.applied.fail("stopped");
    await this.#network.close();
    await this.#loop.stop();
    await this.#applyQueue.pauseWhenIdle();
    await this.#state.flusher.stop();
    await this.#recovered.wal.close();
    await this.#recovered.replica.store.close();
    await this.#recovered.lock.release();
  }
}
