import type { StateMachineOptions } from "../apply/state-machine.ts";
import { RawNode } from "../raft/raw-node.ts";
import type { MemoryStorage } from "../raft/memory-storage.ts";
import { AppliedIndex } from "./applied-index.ts";
import { Compactor } from "./compactor.ts";
import { Defragmenter } from "./defragmenter.ts";
import { Hashing } from "./hashing.ts";
import { LocalSnapshotter } from "./local-snapshotter.ts";
import type { NodeConfig, NodeWorld } from "./node-options.ts";
import { NodeTallies } from "./node-tallies.ts";
import { Pins } from "./pins.ts";
import { logInMemory, raftStorage } from "./raft-storage.ts";
import type { Recovered } from "./recover.ts";
import { SnapshotInstaller } from "./snapshot-installer.ts";
import { SnapshotSource } from "./snapshot-source.ts";
import { StoreFlusher } from "./store-flusher.ts";
import { StoreReader } from "./store-reader.ts";
import { Turns } from "./turns.ts";
import { Watchers } from "./watchers.ts";

/** etcd's raft settings: bytes per append message, messages in flight to one follower. */
const MAX_SIZE_PER_MESSAGE = 1024 * 1024;
const MAX_INFLIGHT_MESSAGES = 512;

/** The parts around log and store: they know nothing of clients and peers. */
export interface StateParts {
  readonly log: MemoryStorage;
  readonly raft: RawNode;
  readonly applied: AppliedIndex;
  readonly turns: Turns;
  readonly flusher: StoreFlusher;
  readonly reader: StoreReader;
  readonly watchers: Watchers;
  readonly hashing: Hashing;
  readonly compactor: Compactor;
  readonly localSnapshotter: LocalSnapshotter;
  readonly snapshots: SnapshotSource;
  readonly installer: SnapshotInstaller;
  readonly defragmenter: Defragmenter;
  readonly tallies: NodeTallies;
  /** Reads that hold back the deletion of what they still need. */
  readonly openReads: () => number;
}

/** Makes them for a member as it was recovered. */
export function makeStateParts(
  config: NodeConfig,
  world: NodeWorld,
  recovered: Recovered,
  machine: StateMachineOptions,
): StateParts {
  const { clock, logger, disk, folder, onFatal: onFailure } = world;
  const { replica, wal } = recovered;
  const log = logInMemory(recovered.log);
  const applied = new AppliedIndex(recovered.log.appliedIndex);
  const pins = new Pins();
  const views = new Pins();
  const turns = new Turns(clock);
  const { tallies = new NodeTallies() } = world;
  const flusher = new StoreFlusher(replica, clock, onFailure, tallies);
  const hashing = new Hashing({ replica, flusher, pins, views, turns, tallies });
  return {
    log,
    applied,
    turns,
    flusher,
    raft: makeRaft(config, world, recovered, log),
    reader: new StoreReader(replica, pins, turns),
    watchers: new Watchers({ replica, flusher, pins, clock, onFailure }),
    hashing,
    tallies,
    openReads: () => pins.count + views.count,
    compactor: new Compactor({
      replica,
      flusher,
      pins,
      hashing,
      turns,
      clock,
      logger,
      onFailure,
      tallies,
      batchLimit: config.compactionBatchLimit,
      pauseMs: config.compactionPauseMs,
    }),
    localSnapshotter: new LocalSnapshotter({
      applied,
      flusher,
      wal,
      log,
      clock,
      logger,
      onFailure,
      tallies,
      snapshotCount: config.snapshotCount,
      catchUpEntries: config.snapshotCatchUpEntries,
    }),
    snapshots: new SnapshotSource({ replica, flusher, views, disk, logger, tallies, folder: folder.snapshots }),
    installer: new SnapshotInstaller({
      disk,
      folder,
      openStore: world.openStore,
      machine,
      logger,
      readers: [pins, views],
      onFailure,
      tallies,
    }),
    defragmenter: new Defragmenter({ replica, flusher, clock, logger, tallies }),
  };
}

function makeRaft(config: NodeConfig, world: NodeWorld, recovered: Recovered, log: MemoryStorage): RawNode {
  const { appliedIndex, confState } = recovered.log;
  return new RawNode({
    id: recovered.selfId,
    electionTicks: config.electionTicks,
    heartbeatTicks: 1,
    storage: raftStorage(log, confState),
    applied: appliedIndex,
    asyncStorageWrites: true,
    maxSizePerMessage: MAX_SIZE_PER_MESSAGE,
    maxCommittedSizePerReady: 0,
    maxUncommittedEntriesSize: 0,
    maxInflightMessages: MAX_INFLIGHT_MESSAGES,
    maxInflightBytes: 0,
    checkQuorum: true,
    preVote: config.preVote,
    readOnly: "safe",
    disableProposalForwarding: false,
    disableConfChangeValidation: false,
    stepDownOnRemoval: true,
    random: world.random,
  });
}
