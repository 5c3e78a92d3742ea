import * as fs from "node:fs/promises";
import type { DiskLock } from "../ports/disk.ts";
import { DiskError } from "../ports/disk-error.ts";
import { openDatabase, settle } from "./leveldown-database.ts";

/**
 * A lock between processes that cannot go stale. Node has no flock and no fcntl; a socket in the abstract
 * namespace does not reach into another container that mounts the same volume, and a file made exclusively
 * survives `kill -9`. LevelDB holds an fcntl write lock on its LOCK file, which the kernel releases with the
 * process however it ends: so the lock is an empty LevelDB in a folder of its own, and holds nothing else.
 * Nobody may open the LOCK file in it: closing any descriptor of it would release the lock (POSIX).
 */
export async function holdProcessLock(folder: string): Promise<DiskLock> {
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const database = await openDatabase(folder, SMALL);
    return { release: () => settle<void>("unlock", folder, (done) => database.close(done)) };
  } catch (error) {
    throw new DiskError("lock", folder, isHeld(error) ? new Error("held by another process", { cause: error }) : error);
  }
}

/** Nothing is ever written: no cache, the smallest write buffer. */
const SMALL = { cacheSize: 0, writeBufferSize: 64 * 1024, maxFileSize: 1024 * 1024 };

/** LevelDB's words: "IO error: lock …/LOCK: Resource temporarily unavailable" or "… already held by process". */
function isHeld(error: unknown): boolean {
  return error instanceof Error && /lock .*LOCK: (Resource temporarily unavailable|already held)/.test(error.message);
}
