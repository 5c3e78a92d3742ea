import { dirname } from "node:path";
import type { Disk } from "../ports/disk.ts";

/**
 * Makes a folder and the parents that it lacks, and makes their names durable: a file whose sync has succeeded is gone
 * after a power cut all the same if the folder that it is in was never entered into its own. The folder's own name is
 * synced even if it is there: an earlier start may have ended between making and syncing it.
 */
export async function makeDurableFolder(disk: Disk, path: string): Promise<void> {
  let topmost = path;
  for (let at = path; at !== dirname(at) && !(await disk.exists(at)); at = dirname(at)) topmost = at;
  await disk.makeFolder(path);
  for (let at = path; ; at = dirname(at)) {
    await disk.syncFolder(dirname(at));
    if (at === topmost) return;
  }
}
