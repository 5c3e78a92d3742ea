import { join } from "node:path";
import { openLeveldownStore } from "../../server/host/leveldown-store.ts";
import { dataFolder } from "../../server/node/data-folder.ts";
import { restoreSnapshot } from "../../server/node/restore-snapshot.ts";
import { SnapshotError } from "../../server/snapshot/snapshot-error.ts";
import { checkSnapshot, type CheckedSnapshot } from "./check-snapshot.ts";
import { download } from "./download.ts";
import { JobError } from "./job-error.ts";
import type { JobWorld } from "./job-world.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { RestoreVolume, type RestoredMarker } from "./restore-volume.ts";
import { storedManifest } from "./stored-manifest.ts";
import { anotherBackup, factsOf, missing } from "./verify-backup.ts";

/** The snapshot and the data made of it lie side by side for a while. */
const COPIES = 2;
/** The log's first segment is prepared at its full size, and LevelDB needs room to turn in. */
const SPARE_BYTES = 160 * 1024 * 1024;

export interface RestoreFetchOptions {
  /** The store is not opened for a volume in which there is nothing to do. */
  readonly open: () => ObjectStore;
  readonly key: string;
  /** What the bytes must be besides what a manifest says. */
  readonly sha256?: string | undefined;
  readonly dataFolder: string;
  /** The EtcdCluster that is made; also the token that makes its ids differ from those of the old one. */
  readonly clusterUid: string;
  /** The one member of the new cluster; the others join it. */
  readonly member: { readonly name: string; readonly peerUrl: string };
  readonly world: JobWorld;
}

/** `Restored`: now or by an earlier run. `Owned`: a member has the volume already, and it is left alone. */
export type RestoreOutcome =
  { readonly kind: "Restored"; readonly marker: RestoredMarker } | { readonly kind: "Owned" };

/**
 * Fills the volume of a new cluster's first member with a snapshot. Until all is on disk, whatever fails leaves the volume
 * as it was; an end in the middle is begun anew by the next run, and one that is done is not done again.
 */
export async function restoreFetch(options: RestoreFetchOptions): Promise<RestoreOutcome> {
  const { key, clusterUid, world } = options;
  const volume = new RestoreVolume(world.disk, options.dataFolder);
  const found = await volume.look(clusterUid, key);
  if (found.kind !== "Free") return found;
  const store = options.open();
  const object = await store.head(key);
  if (!object) throw missing(store, key);
  const expected = await expectation(store, options);
  await checkSpace(options, object);
  await volume.begin();
  try {
    const checked = await fetchAndRestore(store, options, object, expected);
    const marker = markerOf(options, expected.name, checked);
    await volume.finish(marker);
    world.log(`restored revision ${String(marker.revision)} from ${key}`);
    return { kind: "Restored", marker };
  } catch (error) {
    await volume.undo();
    throw error;
  }
}

async function expectation(store: ObjectStore, { key, sha256 }: RestoreFetchOptions) {
  const name = `${key} in ${store.description}`;
  const manifest = await storedManifest(store, key);
  if (!manifest) return { name, sha256 };
  if (sha256 !== undefined && manifest.sha256 !== sha256) throw anotherBackup(store, key, manifest, sha256);
  return { name, sha256: manifest.sha256, facts: factsOf(manifest) };
}

async function checkSpace(
  { dataFolder: folder, key, world }: RestoreFetchOptions,
  { size }: StoredObject,
): Promise<void> {
  let existing = folder;
  while (!(await world.disk.exists(existing))) existing = join(existing, "..");
  const [free, needed] = [await world.freeBytes(existing), COPIES * size + SPARE_BYTES];
  if (free >= needed) return;
  const sizes = `${String(free)} bytes are free in ${folder} and ${String(needed)} are needed for ${key}`;
  throw new JobError("NoSpace", `no room to restore: ${sizes}; make spec.storage.size of the new cluster larger`);
}

async function fetchAndRestore(
  store: ObjectStore,
  options: RestoreFetchOptions,
  object: StoredObject,
  expected: Awaited<ReturnType<typeof expectation>>,
): Promise<CheckedSnapshot> {
  const { key, clusterUid, member, world } = options;
  const path = RestoreVolume.snapshotPath(options.dataFolder);
  world.log(`fetching ${key}, ${String(object.size)} bytes`);
  const file = await download(store, object, world.disk, path);
  let checked: CheckedSnapshot;
  try {
    checked = await checkSnapshot(file, expected);
  } finally {
    await file.close();
  }
  world.log(`making the data of ${member.name} from revision ${String(checked.facts.revision)}`);
  try {
    await restoreSnapshot({
      disk: world.disk,
      openStore: openLeveldownStore,
      file: path,
      folder: dataFolder(options.dataFolder, undefined),
      hasOwnWalFolder: false,
      cluster: {
        selfName: member.name,
        token: clusterUid,
        members: [{ name: member.name, peerUrls: [member.peerUrl] }],
      },
      skipHashCheck: false,
      bumpRevision: 0,
    });
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    const reason = error.message.replace(`snapshot ${error.file}: `, "");
    throw new JobError("Damaged", `${expected.name} is damaged: ${reason}; take another backup`, { cause: error });
  }
  return checked;
}

function markerOf(
  { key, clusterUid, member, world }: RestoreFetchOptions,
  backup: string,
  { sha256, sizeBytes, facts }: CheckedSnapshot,
): RestoredMarker {
  return {
    clusterUid,
    backup,
    key,
    memberName: member.name,
    sha256,
    sizeBytes,
    revision: facts.revision,
    compactRevision: facts.compactRevision,
    hashKV: facts.hashKv,
    restoredAt: world.now().toISOString(),
  };
}
