import { join } from "node:path";
import {
  findSnapshotSources,
  readSnapshot,
  SnapshotSourceError,
  type SnapshotSource,
  type SourceEndpoint,
} from "../etcd/snapshot-source.ts";
import type { HexId } from "../types/hex-id.ts";
import { manifestKey, snapshotKey, type BackupPlace } from "./backup-layout.ts";
import { checkSnapshot, type CheckedSnapshot } from "./check-snapshot.ts";
import { JobError } from "./job-error.ts";
import type { JobWorld } from "./job-world.ts";
import { formatManifest, MANIFEST_FORMAT, type Manifest } from "./manifest.ts";
import { sourceOf, type ObjectStore } from "./object-store.ts";
import { spool, type SpooledFile } from "./spool.ts";
import { storedManifest } from "./stored-manifest.ts";
import { readBack } from "./verify-backup.ts";

/** What a pod's disk must have beyond the snapshot itself. */
const SPARE_BYTES = 64 * 1024 * 1024;

export interface TakeBackupOptions {
  readonly place: BackupPlace;
  readonly endpoints: readonly SourceEndpoint[];
  /** What the members must belong to: a cluster of the same name may be another one by now. */
  readonly clusterId?: HexId | undefined;
  readonly store: ObjectStore;
  /** For the snapshot on its way out, and then again on its way back: never both at a time. */
  readonly workFolder: string;
  readonly world: JobWorld;
}

/**
 * Takes a backup: from a healthy member, through a file that is checked, into the store, back again and checked, and last
 * the manifest. Safe to repeat after an end at any moment: with a manifest it is done, without one it is begun anew.
 */
export async function takeBackup(options: TakeBackupOptions): Promise<Manifest> {
  const { place, store, world } = options;
  const key = snapshotKey(place);
  const done = await storedManifest(store, key);
  if (done) {
    world.log(`${key} was taken at ${done.completedAt} by an earlier attempt`);
    return done;
  }
  if (await store.head(key)) {
    world.log(`${key} was left by an attempt that did not end: it is taken again`);
    await store.delete(key);
  }
  const { source, startedAt, spooled, checked } = await fetchSnapshot(options);
  const path = spooled.file.path;
  try {
    world.log(`storing revision ${String(checked.facts.revision)}, ${String(checked.sizeBytes)} bytes, as ${key}`);
    const { parts } = await putFile(store, key, spooled);
    const completedAt = world.now();
    // Its place on the disk is needed for what comes back.
    await world.disk.remove(path);
    await readBack({ store, key, path, world, expected: { sha256: checked.sha256, facts: checked.facts } });
    const times = { startedAt, completedAt, verifiedAt: world.now() };
    const manifest = manifestOf({ place, key, source, checked, parts, times });
    await store.put(manifestKey(key), sourceOf(new TextEncoder().encode(formatManifest(manifest))));
    world.log(`stored and read back: ${key}`);
    return manifest;
  } finally {
    await world.disk.remove(path);
  }
}

async function putFile(store: ObjectStore, key: string, { file, sizeBytes }: SpooledFile) {
  try {
    return await store.put(key, {
      size: sizeBytes,
      read: (position, length, into) => file.read(position, length, into),
    });
  } finally {
    await file.close();
  }
}

interface FetchedSnapshot {
  readonly source: SnapshotSource;
  readonly startedAt: Date;
  readonly spooled: SpooledFile;
  readonly checked: CheckedSnapshot;
}

/** From the best member that can give one; the next one is asked when it breaks off or arrives damaged. */
async function fetchSnapshot(options: TakeBackupOptions): Promise<FetchedSnapshot> {
  const { endpoints, clusterId, workFolder, world } = options;
  const sources = await findSnapshotSources(endpoints, "PreferFollower");
  const stranger = sources.find((source) => clusterId !== undefined && source.clusterId !== clusterId);
  if (stranger) {
    const sentence = `the members belong to cluster ${stranger.clusterId}, and should belong to ${String(clusterId)}`;
    throw new JobError("Foreign", `${sentence}: the EtcdCluster was made anew; take a backup of the new one`);
  }
  const path = join(workFolder, "snapshot.db");
  const failures: string[] = [];
  for (const source of sources) {
    await checkSpace(world, workFolder, source.dbSize);
    const startedAt = world.now();
    world.log(`taking a snapshot of ${source.endpoint}, ${source.isLeader ? "the leader" : "a follower"}`);
    let spooled: SpooledFile | undefined;
    try {
      spooled = await spool(world.disk, path, readSnapshot(source.endpoint));
      const name = `the snapshot of ${source.endpoint}`;
      const checked = await checkSnapshot(spooled.file, { name, sha256: spooled.sha256 });
      return { source, startedAt, spooled, checked };
    } catch (error) {
      await spooled?.file.close();
      await world.disk.remove(path);
      const isAboutMember =
        error instanceof SnapshotSourceError || (error instanceof JobError && error.code === "Damaged");
      if (!isAboutMember) throw error;
      world.log(error.message);
      failures.push(error.message);
    }
  }
  throw new JobError("NoHealthyMember", failures.join("; "));
}

async function checkSpace({ freeBytes }: JobWorld, folder: string, dbSize: number): Promise<void> {
  const [free, needed] = [await freeBytes(folder), dbSize + SPARE_BYTES];
  if (free >= needed) return;
  const sizes = `${String(free)} bytes are free in ${folder} and ${String(needed)} are needed`;
  throw new JobError("NoSpace", `no room for the snapshot in the pod: ${sizes}; give the node more ephemeral storage`);
}

interface ManifestParts {
  readonly place: BackupPlace;
  readonly key: string;
  readonly source: SnapshotSource;
  readonly checked: CheckedSnapshot;
  readonly parts: number;
  readonly times: Readonly<Record<"startedAt" | "completedAt" | "verifiedAt", Date>>;
}

function manifestOf({ place, key, source, checked, parts, times }: ManifestParts): Manifest {
  const { sha256, sizeBytes, facts } = checked;
  return {
    formatVersion: MANIFEST_FORMAT,
    namespace: place.namespace,
    clusterName: place.cluster,
    clusterUID: place.clusterUid,
    backupName: place.backup,
    clusterID: source.clusterId,
    memberID: source.memberId,
    endpoint: source.endpoint,
    revision: facts.revision,
    compactRevision: facts.compactRevision,
    hashKV: facts.hashKv,
    statusHash: facts.statusHash,
    raftTerm: facts.raftTerm,
    raftIndex: facts.raftIndex,
    storageVersion: facts.storageVersion,
    etcdVersion: source.etcdVersion,
    serverVersion: source.serverVersion,
    key,
    sizeBytes,
    sha256,
    parts,
    startedAt: times.startedAt.toISOString(),
    completedAt: times.completedAt.toISOString(),
    verifiedAt: times.verifiedAt.toISOString(),
  };
}
