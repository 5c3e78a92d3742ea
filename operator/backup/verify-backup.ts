import { join } from "node:path";
import { checkSnapshot, type CheckedSnapshot, type ExpectedSnapshot } from "./check-snapshot.ts";
import { download } from "./download.ts";
import { JobError } from "./job-error.ts";
import type { JobWorld } from "./job-world.ts";
import type { Manifest } from "./manifest.ts";
import type { ObjectStore } from "./object-store.ts";
import type { SnapshotFacts } from "./snapshot-facts.ts";
import { storedManifest } from "./stored-manifest.ts";

/** What a pod's disk must have beyond the snapshot itself. */
const SPARE_BYTES = 16 * 1024 * 1024;

export interface VerifyBackupOptions {
  readonly store: ObjectStore;
  readonly key: string;
  /** What the bytes must be besides what the manifest says. */
  readonly sha256?: string | undefined;
  readonly workFolder: string;
  readonly world: JobWorld;
}

/** What a stored snapshot was found to be; the manifest if there is one, as there is for every backup of ours. */
export interface VerifiedBackup extends CheckedSnapshot {
  readonly manifest: Manifest | undefined;
  readonly verifiedAt: Date;
}

/** Reads a stored snapshot back to its end and compares it with its manifest. Throws a JobError if it is not intact. */
export async function verifyBackup({
  store,
  key,
  sha256,
  workFolder,
  world,
}: VerifyBackupOptions): Promise<VerifiedBackup> {
  const manifest = await storedManifest(store, key);
  if (manifest && sha256 !== undefined && manifest.sha256 !== sha256) throw anotherBackup(store, key, manifest, sha256);
  const path = join(workFolder, "snapshot.db");
  const expected = { sha256: sha256 ?? manifest?.sha256, facts: manifest && factsOf(manifest) };
  const checked = await readBack({ store, key, path, world, expected });
  return { ...checked, manifest, verifiedAt: world.now() };
}

/** The manifest is not of the backup that was meant. */
export function anotherBackup(
  { description }: ObjectStore,
  key: string,
  { sha256 }: Manifest,
  wanted: string,
): JobError {
  const sentence = `${key} in ${description} is another backup: its manifest says SHA-256 ${sha256}, wanted is ${wanted}`;
  return new JobError("Foreign", `${sentence}; correct the key or the checksum`);
}

/** What a manifest says that the bytes must say, too. */
export function factsOf(manifest: Manifest): Partial<SnapshotFacts> {
  const { revision, compactRevision, hashKV, statusHash, raftTerm, raftIndex } = manifest;
  return { revision, compactRevision, hashKv: hashKV, statusHash, raftTerm, raftIndex };
}

interface ReadBack {
  readonly store: ObjectStore;
  readonly key: string;
  /** The file that it is read into, which is gone afterwards. */
  readonly path: string;
  readonly world: JobWorld;
  readonly expected: Omit<ExpectedSnapshot, "name">;
}

/** Fetches a stored snapshot and checks it. */
export async function readBack({ store, key, path, world, expected }: ReadBack): Promise<CheckedSnapshot> {
  const object = await store.head(key);
  if (!object) throw missing(store, key);
  const folder = join(path, "..");
  const [free, needed] = [await world.freeBytes(folder), object.size + SPARE_BYTES];
  if (free < needed) {
    const sizes = `${String(free)} bytes are free in ${folder} and ${String(needed)} are needed`;
    throw new JobError("NoSpace", `no room to read ${key} back: ${sizes}; give the node more ephemeral storage`);
  }
  world.log(`reading ${key} back, ${String(object.size)} bytes`);
  try {
    const file = await download(store, object, world.disk, path);
    try {
      return await checkSnapshot(file, { ...expected, name: `${key} in ${store.description}` });
    } finally {
      await file.close();
    }
  } finally {
    await world.disk.remove(path);
  }
}

/** There is nothing under that key. */
export function missing({ description }: ObjectStore, key: string): JobError {
  return new JobError(
    "BackupNotFound",
    `there is no ${key} in ${description}; correct the key, or take another backup`,
  );
}
