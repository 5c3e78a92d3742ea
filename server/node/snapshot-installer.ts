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
import { NodeTallies } from "./node-tallies.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";

export interface SnapshotInstallerOptions {
  readonly disk: Disk;
  readonly folder: DataFolder;
  readonly openStore: (folder: string) => Promise<Store>;
  readonly machine: StateMachineOptions;
  readonly logger: Logger;
  /** Held by whoever reads the store. */
  readonly readers: readonly Pins[];
  readonly onFailure: (error: unknown) => void;
  readonly tallies?: NodeTallies | undefined;
}

/** Turns a received database into a fresh store, beside the present one; one rename puts it in place. */
export class SnapshotInstaller {
  readonly #options: SnapshotInstallerOptions;
  readonly #tallies: NodeTallies;
  /** Stores that raft has taken and that are not in place yet, by their index. */
  readonly #taken = new Map<Index, string>();
  #count = 0;

  constructor(options: SnapshotInstallerOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  /**
   * Takes in the database of a snapshot message. The store is complete and synced when it resolves; the caller gives
   * it to `take` or to `discard`. Names are never used twice: a sender that was given up may still be sending.
   */
  async receive(metadata: SnapshotMetadata, body: AsyncIterable<Uint8Array>): Promise<string> {
    const { disk, folder, logger } = this.#options;
    const stop = this.#tallies.start(this.#tallies.disk.receivedSeconds);
    const name = `${metadata.index.toString(16).padStart(16, "0")}-${String(this.#count++)}`;
    const file = join(folder.snapshots, `${name}.snap.db`);
    const fresh = join(folder.snapshots, `store-${name}`);
    try {
      await receiveFile(disk, file, body);
      await this.#fill(fresh, file, metadata);
      stop();
      logger.info("received and saved database snapshot", { "snapshot-index": metadata.index });
      return fresh;
    } catch (error) {
      await disk.remove(fresh);
      throw error;
    } finally {
      await disk.remove(file);
    }
  }

  /** Raft will have it installed. */
  take(index: Index, fresh: string): void {
    this.#taken.set(index, fresh);
  }

  /** Raft did not want the snapshot after all. */
  async discard(fresh: string): Promise<void> {
    await this.#options.disk.remove(fresh);
  }

  /** Raft may have taken a snapshot only as a proof that entries are committed: then nobody installs it. */
  async discardOvertaken(applied: Index): Promise<void> {
    for (const [index, fresh] of this.#taken) {
      if (index > applied) continue;
      this.#taken.delete(index);
      await this.discard(fresh);
    }
  }

  /**
   * Puts the received store in the place of the present one. Nothing is being applied meanwhile. A crash before the
   * rename leaves the old store, a crash after it the new one (`recover` then tells the WAL).
   */
  async install(snapshot: Snapshot, replica: Replica): Promise<void> {
    const { disk, folder, machine: options, openStore, logger, onFailure } = this.#options;
    const { index, confState } = snapshot.metadata;
    const fresh = this.#taken.get(index);
    assert(fresh !== undefined, "the database of a snapshot is received before raft takes its message");
    this.#taken.delete(index);
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
    this.#retire(old.store, old.folder).catch(onFailure);
    logger.info("applied snapshot", { "snapshot-index": index, "current-revision": machine.mvcc.currentRevision });
  }

  /** Reads that began before may still be going on in the old store. */
  async #retire(store: Store, path: string): Promise<void> {
    const { disk, readers } = this.#options;
    await Promise.all(readers.map((pins) => pins.earlierReleased()));
    await store.close();
    await disk.remove(path);
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
        sync: (write) => this.#tallies.timed(this.#tallies.disk.receivedSyncSeconds, write),
      });
    } finally {
      await database.close();
      await store.close();
    }
  }
}

/** Not synced: what stays is the store that it becomes, and a crash before that leaves nothing of it. */
async function receiveFile(disk: Disk, path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    let position = 0;
    for await (const piece of body) {
      await file.write([piece], position);
      position += piece.length;
    }
  } finally {
    await file.close();
  }
}
