import { join } from "node:path";
import type { Disk } from "../ports/disk.ts";
import { walExists } from "../wal/wal.ts";
import type { DataFolder } from "./data-folder.ts";
import { formatOwnerFile, parseOwnerFile, type OwnerFile } from "./owner-file.ts";
import { parseRestoredMarker } from "./restored-marker.ts";
import type { VolumeContents, VolumeFile } from "./volume.ts";

/** The two files of a volume beside the member's folder, and how long they may be. */
const OWNER_FILE = "owner.json";
const RESTORED_FILE = "restored.json";
const MAX_FILE_BYTES = 1024 * 1024;

/** Looks at a volume; changes nothing. */
export async function readVolume(disk: Disk, folder: DataFolder): Promise<VolumeContents> {
  return {
    owner: await readFile(disk, join(folder.root, OWNER_FILE), parseOwnerFile),
    restored: await readFile(disk, join(folder.root, RESTORED_FILE), parseRestoredMarker),
    data: await dataIn(disk, folder),
  };
}

/** Puts the owner file in place as a whole: after a crash it is the old one or the new one, and the new one stays. */
export async function writeOwnerFile(disk: Disk, folder: DataFolder, owner: OwnerFile): Promise<void> {
  const path = join(folder.root, OWNER_FILE);
  const fresh = `${path}.new`;
  await disk.remove(fresh);
  const file = await disk.open(fresh, "create");
  await file.write([Buffer.from(formatOwnerFile(owner))], 0);
  await file.datasync();
  await file.close();
  await disk.rename(fresh, path);
  await disk.syncFolder(folder.root);
}

/**
 * Removes what a start that nobody has heard of has left, or a restore that is not wanted any more. For volumes whose
 * owner file says "granted" only.
 */
export async function discardData(disk: Disk, folder: DataFolder): Promise<void> {
  await disk.remove(join(folder.root, RESTORED_FILE));
  await disk.remove(folder.member);
  await disk.syncFolder(folder.root);
}

async function readFile<T>(disk: Disk, path: string, parse: (text: string) => T): Promise<VolumeFile<T>> {
  if (!(await disk.exists(path))) return { kind: "absent" };
  const file = await disk.open(path, "read");
  const text = Buffer.from(await file.read(0, MAX_FILE_BYTES)).toString("utf8");
  await file.close();
  try {
    return { kind: "present", content: parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "unreadable", reason: error.message };
    throw error;
  }
}

async function dataIn(disk: Disk, folder: DataFolder): Promise<VolumeContents["data"]> {
  if (await walExists(disk, folder.wal)) return "whole";
  if (!(await disk.exists(folder.member))) return "none";
  return (await disk.list(folder.member)).length > 0 ? "partial" : "none";
}
