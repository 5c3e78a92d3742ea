import { dirname, join } from "node:path";
import type { Index } from "../base/ids.ts";
import type { Disk } from "../ports/disk.ts";
import { makeDurableFolder } from "./durable-folder.ts";

/** What we write; a higher number in a data dir means that a newer release wrote it. */
const FORMAT_VERSION = 1;

const STORE_FOLDER = /^store-([0-9a-f]{16})$/;

/** Where everything of one member lies. */
export interface DataFolder {
  readonly root: string;
  readonly member: string;
  readonly wal: string;
  /** Snapshots on their way in and out. */
  readonly snapshots: string;
}

/** The paths below a data dir; the WAL may be elsewhere. */
export function dataFolder(root: string, walFolder: string | undefined): DataFolder {
  const member = join(root, "member");
  return { root, member, wal: walFolder || join(member, "wal"), snapshots: join(member, "snap") };
}

/** The folder of a store that began at an index: 0, or where a snapshot was taken. */
export function storeFolder(folder: DataFolder, index: Index): string {
  return join(folder.member, `store-${index.toString(16).padStart(16, "0")}`);
}

/** The newest store there is. A snapshot's store is complete when it has its name, so the newest one counts. */
export async function newestStoreFolder(disk: Disk, folder: DataFolder): Promise<string | undefined> {
  const names = (await disk.list(folder.member)).filter((name) => STORE_FOLDER.test(name));
  const newest = names.at(-1);
  return newest === undefined ? undefined : join(folder.member, newest);
}

/** Removes stores that a newer one has replaced, and what a crash has left half made. */
export async function removeLeftovers(disk: Disk, folder: DataFolder, keep: string): Promise<void> {
  for (const name of await disk.list(folder.member)) {
    const path = join(folder.member, name);
    if (name.startsWith("store-") && path !== keep) await disk.remove(path);
  }
  for (const name of await disk.list(folder.snapshots)) await disk.remove(join(folder.snapshots, name));
}

/** A data dir that is not ours or is newer than we are; its message says what to do. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
}

/** Makes the folders of a fresh member or checks that an existing one is ours to use. */
export async function prepareDataFolder(disk: Disk, folder: DataFolder): Promise<void> {
  const format = join(folder.member, "format");
  if (await disk.exists(format)) {
    await checkFormat(disk, folder, format);
    await disk.makeFolder(folder.snapshots);
    return;
  }
  // Before there is anything worth keeping in them.
  for (const path of [folder.root, folder.member, dirname(folder.wal), folder.snapshots]) {
    await makeDurableFolder(disk, path);
  }
  if (await disk.exists(join(folder.snapshots, "db"))) {
    throw new DataFolderError(
      `data dir ${folder.root} was written by etcd, not by Kvorum: save a snapshot from the running etcd ` +
        `("etcdctl snapshot save FILE") and make a Kvorum data dir of it ("etcdutl snapshot restore FILE --data-dir DIR")`,
    );
  }
  const fresh = `${format}.new`;
  const file = await disk.open(fresh, "write");
  await file.write([Buffer.from(`${String(FORMAT_VERSION)}\n`)], 0);
  await file.datasync();
  await file.close();
  await disk.rename(fresh, format);
  await disk.syncFolder(folder.member);
}

async function checkFormat(disk: Disk, folder: DataFolder, path: string): Promise<void> {
  const file = await disk.open(path, "read");
  const text = Buffer.from(await file.read(0, 32)).toString("latin1");
  await file.close();
  const version = Number.parseInt(text, 10);
  if (version <= FORMAT_VERSION) return;
  throw new DataFolderError(
    Number.isNaN(version)
      ? `data dir ${folder.root}: ${path} does not hold a format version`
      : `data dir ${folder.root} has format ${String(version)}, written by a newer release; this one knows ` +
          `${String(FORMAT_VERSION)}: start the newer release again`,
  );
}
