import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import { AppliedIndex } from "../../../server/node/applied-index.ts";
import { LocalSnapshotter } from "../../../server/node/local-snapshotter.ts";
import { StoreFlusher } from "../../../server/node/store-flusher.ts";
import { EntryType } from "../../../server/proto/raft-message.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import type { Wal, WalAppend } from "../../../server/wal/wal.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { TestMachine } from "../../support/test-machine.ts";

const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

function onFailure(error: unknown): never {
  throw error;
}

describe("the local snapshotter", () => {
  let clock: ManualClock;
  let source: TestMachine;
  let log: MemoryStorage;
  let applied: AppliedIndex;
  let journal: string[];
  let snapshotter: LocalSnapshotter;

  beforeEach(() => {
    clock = new ManualClock();
    source = new TestMachine();
    log = new MemoryStorage();
    applied = new AppliedIndex(0);
    journal = [];
    const store = new MemoryStore();
    const write = store.write.bind(store);
    store.write = async (operations, options) => {
      await write(operations, options);
      journal.push(`store ${options.sync ? "synced" : "written"}`);
    };
    const wal = {
      append: ({ snapshot, sync }: WalAppend) =>
        Promise.resolve(journal.push(`marker ${String(snapshot?.index)} ${sync ? "synced" : "written"}`)),
      releaseBelow: (index: number) => Promise.resolve(journal.push(`released below ${String(index)}`)),
    } as unknown as Wal;
    const replica = { machine: source.machine, store, storeFolder: "", confState };
    snapshotter = new LocalSnapshotter({
      applied,
      wal,
      log,
      clock,
      onFailure,
      flusher: new StoreFlusher(replica, clock, onFailure),
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      snapshotCount: 10,
      catchUpEntries: 4,
    });
  });

  /** Applies entries, as the apply queue does. */
  async function apply(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const index = log.lastIndex() + 1;
      log.append([{ type: EntryType.Normal, term: 2, index, data: undefined }]);
      source.put("a", String(index));
      applied.advanceTo(index);
    }
    snapshotter.onApplied();
    await new Promise(setImmediate);
  }

  test("releases log only below what a synced batch of the store holds, and says so in the log before", async () => {
    await apply(9);
    expect(journal).toEqual([]);
    await apply(1);
    expect(journal).toEqual(["store synced", "marker 10 synced", "released below 10"]);
  });

  test("keeps entries for slow followers", async () => {
    await apply(10);
    expect(log.firstIndex()).toBe(7);
    expect(log.snapshot().metadata.index).toBe(10);
  });

  test("keeps the whole log while a snapshot goes out and for a while after it", async () => {
    const done = snapshotter.sending();
    await apply(10);
    expect(log.firstIndex()).toBe(1);
    done();
    await apply(10);
    expect(log.firstIndex()).toBe(1);
    clock.advance(30_000);
    await apply(10);
    expect(log.firstIndex()).toBe(27);
  });

  test("does not wait for many entries when it is forced, once", async () => {
    await apply(2);
    snapshotter.force();
    await apply(1);
    expect(journal).toContain("marker 3 synced");
    await apply(9);
    expect(journal).not.toContain("marker 12 synced");
    await apply(1);
    expect(journal).toContain("marker 13 synced");
  });

  test("waits for an entry when it is forced where a snapshot is", async () => {
    await apply(10);
    snapshotter.force();
    snapshotter.onApplied();
    await apply(0);
    expect(journal.filter((line) => line.startsWith("marker"))).toEqual(["marker 10 synced"]);
    await apply(1);
    expect(journal).toContain("marker 11 synced");
  });

  test("counts from a snapshot that was installed", async () => {
    await apply(8);
    snapshotter.onInstalled(8);
    await apply(9);
    expect(journal).toEqual([]);
    await apply(1);
    expect(journal).toContain("marker 18 synced");
  });
});
