import { join } from "node:path";
import { byteString, bytesOf } from "../../../server/base/byte-string.ts";
import type { Random } from "../../../server/base/prng.ts";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import type { Store, StoreOperation, StoreRange, StoreScan } from "../../../server/backend/store.ts";
import type { Disk } from "../../../server/ports/disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The file in a store's folder that says which store it is; so the folder can be renamed, removed and lost like a real one. */
const NAME_FILE = "CURRENT";

/** What is left of a store when its process has ended. */
interface StoreData {
  readonly rows: Map<string, Uint8Array>;
  /** Batches that a power cut may take, oldest first. */
  unsynced: (readonly StoreOperation[])[];
}

/** How a store may be made to fail, to see that the checkers notice. */
export interface StoreFaults {
  /** A synced batch is not. */
  readonly doesSyncLie: boolean;
}

/** All stores on one member's disk. */
export class SimulatedStores {
  readonly #stores = new Map<number, StoreData>();

  /** Of the batches that were not synced a power cut leaves the first few. */
  cutPower(random: Random): void {
    for (const data of this.#stores.values()) {
      const kept = data.unsynced.slice(0, random.below(data.unsynced.length + 1));
      for (const operations of kept) put(data.rows, operations);
      data.unsynced = [];
    }
  }

  /** Opens or creates the store in a folder, for one process. */
  async open(disk: Disk, process: SimulatedProcess, folder: string, faults: StoreFaults): Promise<Store> {
    const name = join(folder, NAME_FILE);
    if (!(await disk.exists(name))) await this.#create(disk, folder, name);
    const file = await disk.open(name, "read");
    const id = Number(Buffer.from(await file.read(0, 16)).toString());
    await file.close();
    const data = this.#stores.get(id);
    if (!data) throw new Error(`no store ${String(id)} in ${folder}`);
    for (const operations of data.unsynced) put(data.rows, operations);
    // They are in the log of the store that was opened again, which rewrites it.
    data.unsynced = [];
    const memory = new MemoryStore();
    await memory.write(
      [...data.rows].map(([key, value]) => ({ key: bytesOf(key), value })),
      { sync: true },
    );
    return new SimulatedStore(memory, data, process, folder, faults);
  }

  async #create(disk: Disk, folder: string, name: string): Promise<void> {
    const id = this.#stores.size + 1;
    await disk.makeFolder(folder);
    const fresh = `${name}.new`;
    const file = await disk.open(fresh, "write");
    await file.truncate(0);
    await file.write([Buffer.from(String(id))], 0);
    await file.datasync();
    await file.close();
    this.#stores.set(id, { rows: new Map(), unsynced: [] });
    await disk.rename(fresh, name);
    await disk.syncFolder(folder);
  }
}

class SimulatedStore implements Store {
  readonly #memory: MemoryStore;
  readonly #data: StoreData;
  readonly #process: SimulatedProcess;
  readonly #folder: string;
  readonly #faults: StoreFaults;
  #lastWrite: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(memory: MemoryStore, data: StoreData, process: SimulatedProcess, folder: string, faults: StoreFaults) {
    this.#memory = memory;
    this.#data = data;
    this.#process = process;
    this.#folder = folder;
    this.#faults = faults;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    await this.#gate("get");
    return this.#memory.getMany(keys);
  }

  write(operations: readonly StoreOperation[], { sync }: { readonly sync: boolean }): Promise<void> {
    this.#lastWrite = this.#lastWrite.then(async () => {
      await this.#gate("write");
      this.#data.unsynced.push(operations);
      await this.#memory.write(operations, { sync });
      await this.#gate("written");
      if (!sync || this.#faults.doesSyncLie) return;
      for (const batch of this.#data.unsynced) put(this.#data.rows, batch);
      this.#data.unsynced = [];
      await this.#gate("synced");
    });
    return this.#lastWrite;
  }

  scan(range: StoreRange): StoreScan {
    if (this.#isClosed) throw new Error(`${this.#folder}: scan of a closed store`);
    const scan = this.#memory.scan(range);
    return {
      next: async (byteLimit) => {
        await this.#gate("scan");
        return scan.next(byteLimit);
      },
      close: () => scan.close(),
    };
  }

  async compact(range: StoreRange): Promise<void> {
    await this.#gate("compact");
    await this.#memory.compact(range);
  }

  sizeOnDisk(): Promise<number> {
    return this.#memory.sizeOnDisk();
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#process.gate("close", this.#folder);
    this.#isClosed = true;
  }

  async #gate(operation: string): Promise<void> {
    if (this.#isClosed) throw new Error(`${this.#folder}: ${operation} on a closed store`);
    await this.#process.gate(operation, this.#folder);
  }
}

function put(rows: Map<string, Uint8Array>, operations: readonly StoreOperation[]): void {
  for (const { key, value } of operations) {
    if (value) rows.set(byteString(key), value);
    else rows.delete(byteString(key));
  }
}
