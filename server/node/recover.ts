import { dirname } from "node:path";
import { must } from "../base/assert.ts";
import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import { StateMachine, type StateMachineOptions } from "../apply/state-machine.ts";
import type { Store } from "../backend/store.ts";
import type { Disk, DiskLock } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerCalls, RemoteMember } from "../ports/network.ts";
import type { SnapshotMetadata } from "../proto/raft-message.ts";
import type { WalSnapshot } from "../wal/record.ts";
import { Wal } from "../wal/wal.ts";
import { bootstrapExisting, bootstrapNew, type Identity, type InitialCluster } from "./bootstrap.ts";
import {
  DataFolderError,
  newestStoreFolder,
  prepareDataFolder,
  removeLeftovers,
  storeFolder,
  type DataFolder,
} from "./data-folder.ts";
import { makeDurableFolder } from "./durable-folder.ts";
import { forceNewCluster } from "./force-new-cluster.ts";
import { loadStore } from "./load-store.ts";
import type { RecoveredLog } from "./raft-storage.ts";
import type { Replica } from "./replica.ts";
import { encodeWalMetadata, surveyWal } from "./wal-survey.ts";

const EMPTY_CONF_STATE = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

export interface RecoverOptions {
  readonly disk: Disk;
  readonly folder: DataFolder;
  readonly walSegmentBytes?: number | undefined;
  readonly openStore: (folder: string) => Promise<Store>;
  /** Without `memberId`, which the data dir or the bootstrap tells. */
  readonly machine: Omit<StateMachineOptions, "memberId">;
  readonly cluster: InitialCluster;
  readonly clusterState: "new" | "existing";
  /** Make a cluster of one out of what the data dir holds; of a data dir that holds nothing it asks nothing. */
  readonly forcesNewCluster?: boolean | undefined;
  readonly calls: PeerCalls;
  readonly logger: Logger;
  readonly lock: (folder: string) => Promise<DiskLock>;
}

/** A member as it starts: who it is, its state and its log. */
export interface Recovered {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly replica: Replica;
  readonly wal: Wal;
  readonly log: RecoveredLog;
  readonly lock: DiskLock;
  /** Whom to talk to until the log tells the members. */
  readonly peers: readonly RemoteMember[];
  readonly isFresh: boolean;
}

/** Takes up a member where its data dir left it, or begins a new one. Nothing is overwritten when it fails. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { disk, folder, lock } = options;
  if (!(await disk.exists(folder.root))) await makeDurableFolder(disk, folder.root);
  const held = await lock(folder.root);
  try {
    await prepareDataFolder(disk, folder);
    return (await hasWal(disk, folder)) ? await restart(options, held) : await begin(options, held);
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function hasWal(disk: Disk, folder: DataFolder): Promise<boolean> {
  if (!(await disk.exists(folder.wal))) return false;
  return (await disk.list(folder.wal)).some((name) => name.endsWith(".wal"));
}

async function begin(options: RecoverOptions, lock: DiskLock): Promise<Recovered> {
  const { disk, folder, cluster, clusterState, calls, logger } = options;
  const identity =
    clusterState === "new" ? await bootstrapNew(cluster, calls) : await bootstrapExisting(cluster, calls, logger);
  // A store without a WAL is what a crash in the middle of this leaves behind.
  const path = storeFolder(folder, 0);
  await removeLeftovers(disk, folder, "");
  const store = await options.openStore(path);
  const machine = new StateMachine({ ...options.machine, memberId: identity.selfId });
  machine.loader().finish();
  const wal = (await unbegunWal(options, identity)) ?? (await makeWal(options, identity));
  await wal.append({ entries: identity.entries, hardState: identity.hardState, sync: true });
  return {
    ...identity,
    replica: { machine, store, storeFolder: path, confState: EMPTY_CONF_STATE },
    wal,
    log: {
      snapshot: undefined,
      entries: identity.entries,
      hardState: identity.hardState,
      appliedIndex: 0,
      confState: undefined,
    },
    lock,
    isFresh: true,
  };
}

function makeWal({ disk, folder, walSegmentBytes: segmentBytes }: RecoverOptions, identity: Identity): Promise<Wal> {
  return Wal.create(disk, folder.wal, { metadata: encodeWalMetadata(identity), segmentBytes });
}

/**
 * The log that an earlier first start has left, if it is the same member's and just as empty. It goes on to be used, so
 * that there is no moment without a log: whoever is known to have one would count as lost. Any other log is removed.
 */
async function unbegunWal(options: RecoverOptions, identity: Identity): Promise<Wal | undefined> {
  const { disk, folder, walSegmentBytes: segmentBytes } = options;
  if (!(await hasWal(disk, folder))) return undefined;
  const { selfId, clusterId } = await surveyWal(disk, folder.wal);
  if (identity.entries.length === 0 && selfId === identity.selfId && clusterId === identity.clusterId) {
    const { wal, entries } = await Wal.open(disk, folder.wal, { from: { index: 0, term: 0 }, segmentBytes });
    if (entries.length === 0) return wal;
    await wal.close();
  }
  await disk.remove(folder.wal);
  return undefined;
}

async function restart(options: RecoverOptions, lock: DiskLock): Promise<Recovered> {
  const { disk, folder, walSegmentBytes: segmentBytes, logger } = options;
  // What the last process renamed and did not come to sync is here now, but a power cut would still take it back.
  for (const path of [folder.wal, dirname(folder.wal), folder.member]) await disk.syncFolder(path);
  const newest = await newestStoreFolder(disk, folder);
  const { selfId, clusterId, markers, hasBegun } = await surveyWal(disk, folder.wal);
  if (newest === undefined && markers.some(({ index }) => index > 0)) {
    // An empty store would be taken for one that the whole log can fill: what a snapshot held would be gone unseen.
    throw new DataFolderError(
      `data dir ${folder.root}: the log ${folder.wal} goes on from a snapshot, but there is no store`,
    );
  }
  const path = newest ?? storeFolder(folder, 0);
  await removeLeftovers(disk, folder, path);
  const store = await options.openStore(path);
  const machine = new StateMachine({ ...options.machine, memberId: selfId });
  const state = await loadStore(store, machine);
  if (!hasBegun && state.index === 0) {
    await store.close();
    return begin(options, lock);
  }
  const { refusal } = machine.storageVersion;
  if (refusal !== undefined) {
    await store.close();
    throw new DataFolderError(
      `data dir ${folder.root}: its store cannot be used: ${refusal}; ` +
        "start the release that wrote it, or, if it was etcdutl migrate, let that bring it back to 3.6",
    );
  }
  const marker = markers.findLast((candidate) => candidate.index <= state.index);
  const from = { index: marker?.index ?? 0, term: marker?.term ?? 0 };
  const opened = await Wal.open(disk, folder.wal, { from, segmentBytes });
  const lastIndex = opened.entries.at(-1)?.index ?? marker?.index ?? 0;
  const termAtApplied = termAt(opened.entries, marker, state.index);
  logger.info("restarting local member", {
    "local-member-id": hexId(selfId),
    "cluster-id": hexId(clusterId),
    "commit-index": opened.hardState.commit,
    "applied-index": state.index,
    entries: opened.entries.length,
  });
  const replica: Replica = { machine, store, storeFolder: path, confState: state.confState ?? EMPTY_CONF_STATE };
  const isInstalled = state.index > lastIndex || (termAtApplied !== undefined && termAtApplied !== state.term);
  const log = isInstalled
    ? await finishInstall(opened.wal, opened.hardState, state)
    : {
        snapshot: marker && marker.index > 0 ? snapshotMetadata(marker) : undefined,
        entries: opened.entries,
        hardState: opened.hardState,
        appliedIndex: state.index,
        confState: state.confState,
      };
  const { wal } = opened;
  const forced = options.forcesNewCluster ? await forceNewCluster({ selfId, wal, log, logger }) : log;
  return { selfId, clusterId, replica, wal, log: forced, lock, peers: [], isFresh: false };
}

/**
 * A snapshot's store was put in place and the crash came before the WAL knew of it: say it now. All that the WAL
 * holds is older than that store, or was never committed.
 */
async function finishInstall(
  wal: Wal,
  hardState: RecoveredLog["hardState"],
  state: { readonly index: number; readonly term: number; readonly confState: RecoveredLog["confState"] },
): Promise<RecoveredLog> {
  const confState = must(state.confState, "a store that came as a snapshot knows its configuration");
  const snapshot = { index: state.index, term: state.term, confState };
  const term = Math.max(hardState.term, state.term);
  const caughtUp = { term, vote: term === hardState.term ? hardState.vote : 0n, commit: state.index };
  await wal.append({ entries: [], hardState: caughtUp, snapshot, sync: true });
  return { snapshot, entries: [], hardState: caughtUp, appliedIndex: state.index, confState };
}

function snapshotMetadata({ index, term, confState }: WalSnapshot): SnapshotMetadata {
  return { index, term, confState: must(confState, "a marker says the configuration at its index") };
}

function termAt(
  entries: RecoveredLog["entries"],
  marker: { readonly index: number; readonly term: number } | undefined,
  index: number,
): number | undefined {
  if (marker?.index === index) return marker.term;
  const first = entries[0]?.index;
  return first === undefined ? undefined : entries[index - first]?.term;
}
