import { manifestKey } from "./backup-layout.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Deletes a stored backup. The manifest goes first: from then on there is no backup, and what an end in between leaves is
 * gone after the next try. Nothing happens if it is gone already.
 */
export async function deleteBackup(store: ObjectStore, key: string): Promise<void> {
  await store.delete(manifestKey(key));
  await store.delete(key);
}
