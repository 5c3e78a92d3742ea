import type { ClusterId, NodeId } from "../base/ids.ts";
import type { Random } from "../base/prng.ts";
import type { Store } from "../backend/store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk, DiskLock } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { Network, PeerAddress, PeerCalls } from "../ports/network.ts";
import type { PeerHandlers } from "../ports/peer-handlers.ts";
import type { AutoCompaction } from "./auto-compactor.ts";
import type { InitialCluster, MemberIdentity } from "./bootstrap.ts";
import type { DataFolder } from "./data-folder.ts";
import type { NodeTallies } from "./node-tallies.ts";

/** etcd's DefaultQuotaBytes, for a quota of 0. */
export const DEFAULT_QUOTA_BYTES = 2 * 1024 * 1024 * 1024;

/** What a member is run with; names follow etcd's flags. */
export interface NodeConfig {
  readonly name: string;
  readonly advertiseClientUrls: readonly string[];
  readonly cluster: InitialCluster;
  readonly clusterState: "new" | "existing";
  /** Make a cluster of one out of what the data dir holds. */
  readonly forcesNewCluster?: boolean | undefined;
  /** Defragment at the start if that frees at least so much; undefined: never. */
  readonly bootstrapDefragBytes?: number | undefined;
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly preVote: boolean;
  readonly snapshotCount: number;
  readonly snapshotCatchUpEntries: number;
  /** 0: etcd's default of 2 GiB; negative: off. */
  readonly quotaBytes: number;
  readonly maxRequestBytes: number;
  readonly maxLearners: number;
  readonly strictReconfigCheck: boolean;
  readonly compactionBatchLimit: number;
  readonly compactionPauseMs: number;
  readonly autoCompaction: AutoCompaction | undefined;
  readonly hasLeaseCheckpoints: boolean;
  readonly persistLeaseCheckpoints: boolean;
  /** How often the leader compares the whole data of all members; undefined: never. */
  readonly corruptCheckMs: number | undefined;
  /** How often the leader compares the hashes of finished compactions; undefined: never. */
  readonly compactHashCheckMs: number | undefined;
  readonly valueCacheBytes: number;
  /** How long a simple token is valid after its last use. */
  readonly simpleTokenTtlMs: number;
}

/** The world that a member lives in, real or simulated. */
export interface NodeWorld {
  readonly disk: Disk;
  readonly folder: DataFolder;
  /** Bytes after which the log begins a new file; etcd's unless it is given. */
  readonly walSegmentBytes?: number | undefined;
  readonly lock: (folder: string) => Promise<DiskLock>;
  readonly openStore: (folder: string) => Promise<Store>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What the member counts with; one of its own if it is not given. */
  readonly tallies?: NodeTallies | undefined;
  /** Questions to peers before there is a network of our own. */
  readonly calls: PeerCalls;
  /**
   * Awaited once the member's log is on disk and before it says or hears anything: what has to be durable before others
   * can know of this member. If it rejects, the start has failed and nobody has heard of it.
   */
  readonly beforeTakingPart?: ((member: MemberIdentity) => Promise<void>) | undefined;
  /** Starts the peer network for the member that was recovered. */
  readonly connect: (handlers: PeerHandlers, identity: NetworkIdentity) => Network;
  /** A failed disk or a bug: ends the process. Must not return to the caller's turn. */
  readonly onFatal: (error: unknown) => void;
  /** This member was removed from the cluster: the process has to end. */
  readonly onRemoved: () => void;
}

export interface NetworkIdentity {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly peers: readonly PeerAddress[];
}
