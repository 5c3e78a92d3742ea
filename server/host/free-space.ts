import { statfs } from "node:fs/promises";
import { DiskError } from "../ports/disk-error.ts";

/** Bytes that a process without special rights can still write to the file system of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    throw new DiskError("stat file system of", folder, error);
  }
}
