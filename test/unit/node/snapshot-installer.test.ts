import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import type { Store } from "../../../server/backend/store.ts";
import { dataFolder, prepareDataFolder } from "../../../server/node/data-folder.ts";
import { Pins } from "../../../server/node/pins.ts";
import type { Replica } from "../../../server/node/replica.ts";
import { SnapshotInstaller } from "../../../server/node/snapshot-installer.ts";
import { SnapshotSource } from "../../../server/node/snapshot-source.ts";
import { StoreFlusher } from "../../../server/node/store-flusher.ts";
import { DiskError } from "../../../server/ports/disk-error.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { MACHINE_OPTIONS, TestMachine } from "../../support/test-machine.ts";

const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const folder = dataFolder("/data", undefined);
const rethrow = (error: unknown): never => {
  throw error;
};

function full(operation: string, path: string): DiskError {
  return new DiskError(operation, path, Object.assign(new Error("no space left"), { code: "ENOSPC" }));
}

/** Stores in memory, each beside a file in its folder, so that renames and removals take it along. */
function storesOn(disk: SimulatedDisk): { open: (path: string) => Promise<Store>; closed: Store[] } {
  const stores: Store[] = [];
  const closed: Store[] = [];
  const open = async (path: string): Promise<Store> => {
    const known = (await disk.exists(path)) ? (await disk.list(path))[0] : undefined;
    if (known !== undefined) return stores[Number(known)] ?? rethrow(new Error(`no store ${known}`));
    const store = new MemoryStore();
    store.close = () => {
      closed.push(store);
      return Promise.resolve();
    };
    await disk.makeFolder(path);
    await disk.open(`${path}/${String(stores.length)}`, "create");
    stores.push(store);
    return store;
  };
  return { open, closed };
}

describe("a received snapshot", () => {
  let disk: SimulatedDisk;
  let replica: Replica;
  let pins: Pins;
  let installer: SnapshotInstaller;
  let closed: Store[];
  let database: Uint8Array;
  let index: number;

  beforeEach(async () => {
    disk = new SimulatedDisk();
    await prepareDataFolder(disk, folder);
    const leader = new TestMachine();
    for (let i = 0; i < 5; i++) leader.put(`k${String(i)}`, "of the leader");
    const source: Replica = { machine: leader.machine, store: new MemoryStore(), storeFolder: "", confState };
    const flusher = new StoreFlusher(source, new ManualClock(), rethrow);
    const options = { replica: source, flusher, views: new Pins(), disk, logger, folder: "/data" };
    const taken = await new SnapshotSource(options).take();
    index = taken.position.index;
    const pieces: Uint8Array[] = [];
    for await (const piece of taken.read()) pieces.push(piece.slice());
    database = Buffer.concat(pieces);

    const stores = storesOn(disk);
    closed = stores.closed;
    const { machine } = new TestMachine();
    const path = "/data/member/store-0";
    replica = { machine, store: await stores.open(path), storeFolder: path, confState };
    pins = new Pins();
    installer = new SnapshotInstaller({
      disk,
      folder,
      logger,
      openStore: stores.open,
      machine: MACHINE_OPTIONS,
      readers: [pins],
      onFailure: rethrow,
    });
  });

  const metadata = () => ({ index, term: 2, confState });

  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < database.length; at += 4096) {
      await new Promise(setImmediate);
      yield database.subarray(at, at + 4096);
    }
  }

  const install = () => installer.install({ data: undefined, metadata: metadata() }, replica);

  test("takes the place of the state, and the old store goes", async () => {
    installer.take(index, await installer.receive(metadata(), body()));
    await install();
    expect(replica.machine.mvcc.keyCount).toBe(5);
    expect(replica.machine.consistentIndex).toBe(index);
    await new Promise(setImmediate);
    expect(closed).toHaveLength(2);
    expect((await disk.list("/data/member")).filter((name) => name.startsWith("store-"))).toEqual([
      `store-${index.toString(16).padStart(16, "0")}`,
    ]);
    expect(await disk.list(folder.snapshots)).toEqual([]);
  });

  test("is whole even if the same one comes twice at the same time, and one of them is not wanted", async () => {
    const [first, second] = await Promise.all([
      installer.receive(metadata(), body()),
      installer.receive(metadata(), body()),
    ]);
    installer.take(index, first);
    await installer.discard(second);
    await install();
    expect(replica.machine.mvcc.keyCount).toBe(5);
    expect(await disk.list(folder.snapshots)).toEqual([]);
  });

  test("that breaks off leaves nothing behind", async () => {
    const [piece] = [database.subarray(0, 4096)];
    async function* broken(): AsyncGenerator<Uint8Array> {
      if (piece) yield piece;
      throw new Error("connection reset");
    }
    await expect(installer.receive(metadata(), broken())).rejects.toThrow("connection reset");
    expect(await disk.list(folder.snapshots)).toEqual([]);
  });

  test.each(["snap.db", "store-"])(
    "that finds the disk full at its %s leaves the old state and nothing else",
    async (part) => {
      disk.hook = (operation, path) => {
        const isWrite = operation === "write" || operation === "open";
        if (isWrite && path.includes("/snap") && path.includes(part)) throw full(operation, path);
      };
      const received = installer.receive(metadata(), body());
      await expect(received).rejects.toThrow("the disk is full: make room on it");
      await expect(received).rejects.toBeInstanceOf(DiskError);
      expect(await disk.list(folder.snapshots)).toEqual([]);
      expect(replica.storeFolder).toBe("/data/member/store-0");
    },
  );

  test("that nobody installs is discarded once its index is applied", async () => {
    installer.take(index, await installer.receive(metadata(), body()));
    await installer.discardOvertaken(index - 1);
    expect(await disk.list(folder.snapshots)).toHaveLength(1);
    await installer.discardOvertaken(index);
    expect(await disk.list(folder.snapshots)).toEqual([]);
  });

  test("leaves the old store open for reads that began before", async () => {
    const old = replica.store;
    const unpin = pins.pin();
    installer.take(index, await installer.receive(metadata(), body()));
    await install();
    expect(closed).not.toContain(old);
    unpin();
    await new Promise(setImmediate);
    expect(closed).toContain(old);
  });
});
