import type { Random } from "../../../server/base/prng.ts";
import type { NodeId } from "../../../server/base/ids.ts";
import { dataFolder } from "../../../server/node/data-folder.ts";
import type { InitialMember } from "../../../server/node/bootstrap.ts";
import type { Node } from "../../../server/node/node.ts";
import type { NodeConfig } from "../../../server/node/node-options.ts";
import { startNode } from "../../../server/node/start-node.ts";
import type { LogFields, Logger } from "../../../server/ports/logger.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import type { Circumstances } from "./circumstances.ts";
import { processDisk } from "./process-disk.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedProcess, type ClockSkew } from "./simulated-process.ts";
import { SimulatedStores } from "./simulated-stores.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const TICK_MS = 100;
export const ELECTION_TICKS = 10;

/** Faults that no member must have; each has to be found by a checker. */
export interface PlantedFaults {
  readonly doesDiskSyncLie?: boolean;
  readonly doesStoreSyncLie?: boolean;
  /** Changes a started node for the worse. */
  readonly spoil?: (node: Node) => Node;
}

/** What all members share. */
export interface MemberWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly planted: PlantedFaults;
  readonly circumstances: Circumstances;
  readonly onLog: (member: SimulatedMember, message: string, fields: LogFields) => void;
  /** A run ended that nobody ended: a bug. */
  readonly onFatal: (member: SimulatedMember, error: unknown) => void;
  readonly onStarted: (member: SimulatedMember, node: Node) => void;
}

/** One member's machine: its disk, its clock and the process that runs on it just now. */
export class SimulatedMember {
  readonly name: string;
  readonly peerUrl: string;
  readonly #world: MemberWorld;
  readonly #cluster: () => readonly InitialMember[];
  readonly #clusterState: "new" | "existing";
  readonly #skew: ClockSkew;
  readonly #stores = new SimulatedStores();
  #disk = new SimulatedDisk();
  #process: SimulatedProcess | undefined;
  #node: Node | undefined;
  #diesAfterCalls = Infinity;
  #diesAtPowerCut = false;
  /** Which call it was that a crash came at, to see that all kinds are hit. */
  lastCrash = "";
  /** It was told to go: it is not started again. */
  isGone = false;
  starts = 0;

  constructor(options: {
    readonly name: string;
    readonly peerUrl: string;
    readonly world: MemberWorld;
    /** As the flags name the members when it starts. */
    readonly cluster: () => readonly InitialMember[];
    readonly clusterState: "new" | "existing";
  }) {
    this.name = options.name;
    this.peerUrl = options.peerUrl;
    this.#world = options.world;
    this.#cluster = options.cluster;
    this.#clusterState = options.clusterState;
    const { random } = options.world;
    this.#skew = { rate: 0.97 + random.below(60) / 1000, unixOffsetMs: random.below(120_000) - 60_000 };
  }

  /** The node, if it has started and lives. */
  get node(): Node | undefined {
    return this.#process?.isAlive === true ? this.#node : undefined;
  }

  get id(): NodeId | undefined {
    return this.#node?.selfId;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  get isAlive(): boolean {
    return this.#process?.isAlive === true;
  }

  start(): void {
    if (this.isAlive || this.isGone) return;
    this.starts++;
    this.#diesAfterCalls = Infinity;
    const { time, random } = this.#world;
    const process = new SimulatedProcess({
      time,
      random,
      skew: this.#skew,
      diesAt: (operation, path) => this.#diesAt(operation, path),
    });
    this.#process = process;
    this.#node = undefined;
    this.#run(process).then(
      (node) => {
        if (!process.isAlive) return;
        this.#node = this.#world.planted.spoil?.(node) ?? node;
        this.#world.onStarted(this, this.#node);
      },
      (error: unknown) => {
        this.#failed(process, error);
      },
    );
  }

  /** Ends the process at once; what it wrote stays. */
  kill(): void {
    this.#process?.kill();
  }

  /** Ends the process and takes from the disk what was not synced. */
  cutPower(): void {
    this.kill();
    this.#disk = this.#disk.cutPower(this.#world.random);
    this.#stores.cutPower(this.#world.random);
  }

  /** The process ends at one of its next calls to the disk, whatever that is. */
  dieSoon(calls: number, atPowerCut: boolean): void {
    this.#diesAfterCalls = calls;
    this.#diesAtPowerCut = atPowerCut;
  }

  /** Nothing will happen to it any more. */
  liveOn(): void {
    this.#diesAfterCalls = Infinity;
  }

  #diesAt(operation: string, path: string): boolean {
    if (--this.#diesAfterCalls > 0) return false;
    this.#diesAfterCalls = Infinity;
    this.lastCrash = `${operation} ${path}`;
    if (this.#diesAtPowerCut) this.#world.time.after(0, () => this.cutPower());
    return true;
  }

  #failed(process: SimulatedProcess, error: unknown): void {
    if (!process.isAlive) return;
    process.kill();
    if (isNotYetReachable(error)) return;
    this.#world.onFatal(this, error);
  }

  #run(process: SimulatedProcess): Promise<Node> {
    const { network, planted, random } = this.#world;
    const disk = processDisk(this.#disk, process, { doesSyncLie: planted.doesDiskSyncLie ?? false });
    const peerUrls = [this.peerUrl];
    return startNode(this.#config(), {
      disk,
      random,
      folder: dataFolder("/data", undefined),
      walSegmentBytes: this.#world.circumstances.walSegmentBytes,
      lock: (path) => disk.lock(path),
      openStore: (path) => {
        const doesSyncLie = planted.doesStoreSyncLie ?? false;
        return this.#stores.open(disk, process, path, { doesSyncLie });
      },
      clock: process,
      logger: this.#logger(process),
      calls: network.calls(process, peerUrls),
      connect: (handlers, { peers }) => network.connect({ process, handlers, peerUrls }, peers),
      onFatal: (error) => {
        this.#failed(process, error);
      },
      onRemoved: () => {
        this.isGone = true;
        this.kill();
      },
    });
  }

  #logger(process: SimulatedProcess): Logger {
    const log = (message: string, fields: LogFields = {}): void => {
      if (process.isAlive) this.#world.onLog(this, message, fields);
    };
    return { debug: () => undefined, info: log, warn: log, error: log };
  }

  #config(): NodeConfig {
    const { strictReconfigCheck, preVote, snapshotCount, snapshotCatchUpEntries } = this.#world.circumstances;
    return {
      strictReconfigCheck,
      preVote,
      snapshotCount,
      snapshotCatchUpEntries,
      name: this.name,
      advertiseClientUrls: [`http://${this.name}:2379`],
      cluster: { selfName: this.name, token: "simulation", members: this.#cluster() },
      clusterState: this.#clusterState,
      tickMs: TICK_MS,
      electionTicks: ELECTION_TICKS,
      quotaBytes: -1,
      maxRequestBytes: 100_000,
      maxLearners: 1,
      compactionBatchLimit: 20,
      compactionPauseMs: 10,
      autoCompaction: undefined,
      hasLeaseCheckpoints: true,
      persistLeaseCheckpoints: true,
      corruptCheckMs: undefined,
      compactHashCheckMs: undefined,
      valueCacheBytes: 2000,
      simpleTokenTtlMs: 300_000,
    };
  }
}

/** A member that joins while nobody can tell it who it is: it ends, and is started again. */
function isNotYetReachable(error: unknown): boolean {
  return (
    error instanceof Error && error.name === "BootstrapError" && !error.message.includes("already been bootstrapped")
  );
}
