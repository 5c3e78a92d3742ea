import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import type { Revision } from "../../../server/base/ids.ts";
import { Pins } from "../../../server/node/pins.ts";
import type { Replica } from "../../../server/node/replica.ts";
import { StoreFlusher } from "../../../server/node/store-flusher.ts";
import { Watchers, type WatchSink } from "../../../server/node/watchers.ts";
import type { Event } from "../../../server/proto/gen/kv_pb.js";
import { ManualClock } from "../../support/manual-clock.ts";
import { bytes, TestMachine, text } from "../../support/test-machine.ts";

const EMPTY_CONF_STATE = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

/** A sink that can be made to refuse. */
class TestSink implements WatchSink {
  readonly got: string[] = [];
  compactedAt: Revision | undefined;
  isReady = true;
  accepts = Infinity;

  readonly headers: Revision[] = [];

  deliver(events: readonly Event[], revision: Revision, headerRevision: Revision): boolean {
    this.headers.push(headerRevision);
    this.got.push(`${String(revision)} ${events.map(({ kv }) => `${text(kv?.key)}=${text(kv?.value)}`).join(" ")}`);
    if (--this.accepts > 0) return true;
    this.isReady = false;
    return false;
  }

  onCompacted(revision: Revision): void {
    this.compactedAt = revision;
  }
}

const rethrow = (error: unknown): never => {
  throw error;
};

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

describe("watchers", () => {
  let clock: ManualClock;
  let source: TestMachine;
  let replica: Replica;
  let flusher: StoreFlusher;
  let watchers: Watchers;

  beforeEach(() => {
    clock = new ManualClock();
    source = new TestMachine();
    replica = { machine: source.machine, store: new MemoryStore(), storeFolder: "", confState: EMPTY_CONF_STATE };
    flusher = new StoreFlusher(replica, clock, rethrow);
    watchers = new Watchers({ replica, flusher, pins: new Pins(), clock, onFailure: rethrow });
  });

  const watch = (startRevision: Revision, sink: WatchSink) =>
    watchers.add({ key: bytes("a"), rangeEnd: bytes("z"), noPut: false, noDelete: false }, startRevision, sink);

  test("are told the present revision with history, and with what happens that of the event", async () => {
    for (const value of ["1", "2", "3"]) source.put("a", value);
    const sink = new TestSink();
    watch(2, sink);
    await turns();
    source.put("a", "4");
    expect(sink.got).toEqual(["2 a=1", "3 a=2", "4 a=3", "5 a=4"]);
    expect(sink.headers).toEqual([4, 4, 4, 5]);
  });

  test("get history from the store, then what is buffered, then what is applied, each once and in order", async () => {
    source.put("a", "1");
    source.put("b", "2");
    await flusher.flush();
    source.put("a", "3");
    const sink = new TestSink();
    const handle = watch(2, sink);
    await turns();
    expect(handle.isSynced).toBe(true);
    source.put("b", "4");
    expect(sink.got).toEqual(["2 a=1", "3 b=2", "4 a=3", "5 b=4"]);
  });

  test("miss nothing if it refuses and is ready again before the pass has ended", async () => {
    for (let i = 0; i < 6; i++) source.put("a", String(i));
    const sink = new TestSink();
    sink.accepts = 2;
    const deliver = sink.deliver.bind(sink);
    sink.deliver = (events, revision, headerRevision) => {
      const takesMore = deliver(events, revision, headerRevision);
      // Its reader takes everything in the next microtask, while the store is still being read.
      if (!takesMore) queueMicrotask(() => Object.assign(sink, { isReady: true, accepts: 2 }));
      return takesMore;
    };
    watch(2, sink);
    await turns();
    expect(sink.got).toEqual(["2 a=0", "3 a=1", "4 a=2", "5 a=3", "6 a=4", "7 a=5"]);
  });

  test("fall back to history when the sink is slow, and catch up when it is ready", async () => {
    const sink = new TestSink();
    const handle = watch(0, sink);
    sink.accepts = 1;
    source.put("a", "1");
    source.put("a", "2");
    source.put("a", "3");
    expect(sink.got).toEqual(["2 a=1"]);
    expect(handle.isSynced).toBe(false);
    expect(watchers.behindCount).toBe(1);
    await turns();
    Object.assign(sink, { isReady: true, accepts: Infinity });
    clock.advance(100);
    await turns();
    expect(sink.got).toEqual(["2 a=1", "3 a=2", "4 a=3"]);
    expect(handle.isSynced).toBe(true);
  });

  test("keep the events of one transaction together", async () => {
    source.apply({
      txn: {
        success: ["a", "b", "c"].map((key) => ({
          request: { case: "requestPut", value: { key: bytes(key), value: bytes("1") } },
        })),
      },
    });
    const sink = new TestSink();
    watch(1, sink);
    await turns();
    expect(sink.got).toEqual(["2 a=1 b=1 c=1"]);
  });

  test("are told when their history is compacted, and are no more", async () => {
    for (let i = 0; i < 5; i++) source.put("a", String(i));
    source.apply({ compaction: { revision: 4n } });
    const sink = new TestSink();
    watch(3, sink);
    await turns();
    expect(sink.compactedAt).toBe(4);
    expect(watchers.watcherCount).toBe(0);
  });

  test("that wait for the future get nothing from before it", async () => {
    const sink = new TestSink();
    const handle = watch(4, sink);
    for (let i = 0; i < 4; i++) source.put("a", String(i));
    await turns();
    expect(sink.got).toEqual(["4 a=2", "5 a=3"]);
    expect(handle.isSynced).toBe(true);
  });

  test("that are removed while they are given history stay removed", async () => {
    source.put("a", "1");
    source.put("a", "2");
    const sink = new TestSink();
    const handle = watch(1, sink);
    sink.deliver = (events, revision) => {
      handle.remove();
      sink.got.push(String(revision));
      return events.length > 0;
    };
    await turns();
    source.put("a", "3");
    expect(watchers.watcherCount).toBe(0);
    expect(sink.got).not.toContain("4");
  });

  test("that have seen everything are not told of a compaction in a snapshot that replaces the state", async () => {
    source.put("a", "1");
    const sink = new TestSink();
    watch(0, sink);
    for (let i = 0; i < 5; i++) source.put("z", "not watched");
    const previousRevision = source.machine.mvcc.currentRevision;
    const successor = new TestMachine();
    successor.put("a", "1");
    for (let i = 0; i < 5; i++) successor.put("z", "not watched");
    successor.put("a", "2");
    successor.apply({ compaction: { revision: 6n } });
    replica.machine = successor.machine;
    replica.store = new MemoryStore();
    watchers.onReplicaReplaced(previousRevision);
    await turns();
    expect(sink.compactedAt).toBeUndefined();
    expect(sink.got).toEqual(["8 a=2"]);
  });
});
