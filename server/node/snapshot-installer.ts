import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Index } from "../base/ids.ts";
import { StateMachine, type StateMachineOptions } from "../apply/state-machine.ts";
import { META } from "../backend/buckets.ts";
import type { Store } from "../backend/store.ts";
import { readUint64 } from "../backend/uint64.ts";
import type { Disk } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { Snapshot, SnapshotMetadata } from "../proto/raft-message.ts";
import { storeFolder, type DataFolder } from "./data-folder.ts";
import { importDatabase, positionRows } from "./import-database.ts";
import { loadStore } from "./load-store.ts";
import type { Replica } from "./replica.ts";

export interface SnapshotInstallerOptions {
  readonly disk: Disk;
  readonly folder: DataFolder;
  readonly openStore: (folder: string) => Promise<Store>;
  readonly machine: StateMachineOptions;
  readonly logger: Logger;
}

/** Turns a received database into a fresh store, beside the present one; one rename puts it in place. */
export class SnapshotInstaller {
  readonly #options: SnapshotInstallerOptions;
  readonly #received = new Map<Index, string>();

  constructor(options: SnapshotInstallerOptions) {
    this.#options = options;
  }

  /** Takes in the database of a snapshot message; the store is complete and synced when it resolves. */
  async receive(metadata: SnapshotMetadata, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { disk, folder, logger } = this.#options;
    const name = metadata.index.toString(16).padStart(16, "0");
    const file = join(folder.snapshots, `${name}.snap.db`);
    const fresh = join(folder.snapshots, `store-${name}`);
    try {
      await receiveFile(disk, file, body);
      await disk.remove(fresh);
      await this.#fill(fresh, file, metadata);
      this.#received.set(metadata.index, fresh);
      logger.info("received and saved database snapshot", { "snapshot-index": metadata.index });
    } finally {
      await disk.remove(file);
    }
  }

  /** Raft did not take the snapshot after all. */
  async discard(index: Index): Promise<void> {
    const fresh = this.#received.get(index);
    this.#received.delete(index);
    if (fresh !== undefined) await this.#options.disk.remove(fresh);
  }

  /**
   * Puts the received store in the place of the present one. Nothing is being applied meanwhile. A crash before the
   * rename leaves the old store, a crash after it the new one (`recover` then tells the WAL).
   */
  async install(snapshot: Snapshot, replica: Replica): Promise<void> {
    const { disk, folder, machine: options, openStore, logger } = this.#options;
    const { index, confState } = snapshot.metadata;
    const fresh = this.#received.get(index);
    assert(fresh !== undefined, "the database of a snapshot is received before raft takes its message");
    this.#received.delete(index);
    const place = storeFolder(folder, index);
    await disk.remove(place);
    await disk.rename(fresh, place);
    await disk.syncFolder(folder.member);
    const old = { store: replica.store, folder: replica.storeFolder };
    const store = await openStore(place);
    const machine = new StateMachine(options);
    await loadStore(store, machine);
    replica.machine = machine;
    replica.store = store;
    replica.storeFolder = place;
    replica.confState = confState;
    await old.store.close();
    await disk.remove(old.folder);
    logger.info("applied snapshot", { "snapshot-index": index, "current-revision": machine.mvcc.currentRevision });
  }

  async #fill(fresh: string, file: string, metadata: SnapshotMetadata): Promise<void> {
    const { disk, openStore } = this.#options;
    const store = await openStore(fresh);
    const database = await disk.open(file, "read");
    let index = metadata.index;
    try {
      await importDatabase(database, store, {
        visit: ({ bucket, key, value }) => {
          if (bucket === "meta" && equalBytes(key, META.consistentIndex)) index = Math.max(index, readUint64(value));
          return true;
        },
        // The message says where in the log this state belongs at least; etcd's database may be a little further.
        finish: () => positionRows({ ...metadata, index }),
      });
    } finally {
      await database.close();
      await store.close();
    }
  }
}

async function receiveFile(disk: Disk, path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    let position = 0;
    for await (const piece of body) {
      await file.write([piece], position);
      position += piece.length;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}
