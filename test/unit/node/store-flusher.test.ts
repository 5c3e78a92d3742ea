import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import type { StoreOperation } from "../../../server/backend/store.ts";
import type { Replica } from "../../../server/node/replica.ts";
import { StoreFlusher } from "../../../server/node/store-flusher.ts";
import { DiskError } from "../../../server/ports/disk-error.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { TestMachine } from "../../support/test-machine.ts";

const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe("the store flusher", () => {
  let clock: ManualClock;
  let source: TestMachine;
  let store: MemoryStore;
  let writes: { readonly operations: readonly StoreOperation[]; readonly sync: boolean }[];
  let failures: unknown[];
  let flusher: StoreFlusher;

  beforeEach(() => {
    clock = new ManualClock();
    source = new TestMachine();
    store = new MemoryStore();
    writes = [];
    failures = [];
    const write = store.write.bind(store);
    store.write = (operations, options) => {
      writes.push({ operations, sync: options.sync });
      return write(operations, options);
    };
    const replica: Replica = { machine: source.machine, store, storeFolder: "", confState };
    flusher = new StoreFlusher(replica, clock, (error) => failures.push(error));
  });

  test("writes what was applied a little later, in one synced batch", async () => {
    source.put("a", "1");
    flusher.onApplied();
    source.put("b", "2");
    flusher.onApplied();
    expect(writes).toHaveLength(0);
    clock.advance(100);
    await turn();
    expect(writes).toHaveLength(1);
    expect(writes[0]?.sync).toBe(true);
    expect(flusher.flushedRevision).toBe(3);
    expect(source.machine.buffer.bytes).toBe(0);
  });

  test("does not wait once there is much to write", async () => {
    source.put("a", "x".repeat(600_000));
    flusher.onApplied();
    await turn();
    expect(writes).toHaveLength(1);
  });

  test("says how far the store is, with the configuration there", async () => {
    source.put("a", "1");
    expect(await flusher.flush()).toEqual({ index: 1, term: 2, confState });
  });

  test("writes one batch at a time, each with what was applied before it began", async () => {
    source.put("a", "1");
    const first = flusher.flush();
    source.put("a", "2");
    const second = flusher.flush();
    expect(writes).toHaveLength(1);
    expect((await first).index).toBe(1);
    expect((await second).index).toBe(2);
    expect(writes).toHaveLength(2);
  });

  test("begins no flush while the store is exchanged", async () => {
    const exchange = Promise.withResolvers<undefined>();
    const exchanged = flusher.whileStopped(() => exchange.promise);
    source.put("a", "1");
    const flushed = flusher.flush();
    await turn();
    expect(writes).toHaveLength(0);
    exchange.resolve(undefined);
    await exchanged;
    await flushed;
    expect(writes).toHaveLength(1);
  });

  test("reports a store that is full, and counts nothing of the batch as written", async () => {
    const full = new DiskError("write", "/data/member/store-0", Object.assign(new Error("full"), { code: "ENOSPC" }));
    store.write = () => Promise.reject(full);
    source.put("a", "1");
    flusher.onApplied();
    clock.advance(100);
    await turn();
    expect(failures).toEqual([full]);
    expect(flusher.flushedRevision).toBe(0);
  });

  test("flushes a last time when it stops", async () => {
    source.put("a", "1");
    flusher.onApplied();
    await flusher.stop();
    expect(writes).toHaveLength(1);
    clock.advance(1000);
    await turn();
    expect(writes).toHaveLength(1);
  });
});
