import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";
import { markedProcess, processMark } from "./process-start.ts";
import { until } from "./until.ts";

/** As long as the longest thing under a lock may take: a first build of the image. */
const LOCK_LIMIT_MS = 600_000;

/** Runs what only one process of this user may do at a time; a lock of a process that is gone does not count. */
export async function oneAtATime<T>(what: string, act: () => Promise<T>): Promise<T> {
  const lock = join(cacheFolder(), `${what}.lock`);
  mkdirSync(cacheFolder(), { recursive: true });
  await until(`${what} is free (${lock})`, LOCK_LIMIT_MS, () => take(lock));
  try {
    return await act();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A link is made whole or not at all, so that the lock never lacks its owner. */
function take(lock: string): true | undefined {
  const own = `${lock}.${String(process.pid)}`;
  writeFileSync(own, processMark(process.pid) ?? "");
  try {
    linkSync(own, lock);
    return true;
  } catch {
    if (markedProcess(readFileSync(lock, "utf8")) === undefined) rmSync(lock, { force: true });
    return undefined;
  } finally {
    rmSync(own, { force: true });
  }
}
