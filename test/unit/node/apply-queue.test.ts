import { create, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import type { Outcome } from "../../../server/apply/outcome.ts";
import { AppliedIndex } from "../../../server/node/applied-index.ts";
import { ApplyQueue } from "../../../server/node/apply-queue.ts";
import type { Proposals } from "../../../server/node/proposals.ts";
import type { StoreFlusher } from "../../../server/node/store-flusher.ts";
import type { StoreReader } from "../../../server/node/store-reader.ts";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import { memberJson } from "../../../server/cluster/member-json.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { Compare_CompareTarget as CompareTarget } from "../../../server/proto/gen/rpc_pb.js";
import { encodeConfChange } from "../../../server/proto/raft-codec-confchange.ts";
import { ConfChangeType, EntryType, type Entry } from "../../../server/proto/raft-message.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { bytes, TestMachine, type RequestInit } from "../../support/test-machine.ts";

const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

/** Time passes with every look at it, and the next turn of the event loop comes when the test says so. */
class SlowClock extends ManualClock {
  msPerLook = 0;
  readonly turns: (() => void)[] = [];

  override monotonicMs(): number {
    this.nowMs += this.msPerLook;
    return this.nowMs;
  }

  override nextTurn(run: () => void): void {
    this.turns.push(run);
  }
}

/** Lets every promise that can go on do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function entry(index: number, request?: RequestInit): Entry {
  const data = request && toBinary(InternalRaftRequestSchema, create(InternalRaftRequestSchema, request));
  return { type: EntryType.Normal, term: 2, index, data };
}

function put(index: number, value: string, id = 0n): Entry {
  return entry(index, { header: { ID: id }, put: { key: bytes("k"), value: bytes(value) } });
}

/** The machine as a restart leaves it: values are in the store only. */
function restartedWithAPut(): TestMachine {
  const before = new TestMachine();
  before.put("k", "stored");
  return before.restarted({ valueCacheBytes: 0 });
}

describe("the apply queue", () => {
  let clock: SlowClock;
  let source: TestMachine;
  let applied: AppliedIndex;
  let settled: [bigint, Outcome][];
  let happened: string[];
  let failures: unknown[];
  let flusher: { isOverfull: boolean; flush: () => Promise<void>; onApplied: () => void };
  let fetching: PromiseWithResolvers<undefined> | undefined;
  let queue: ApplyQueue;

  beforeEach(() => {
    clock = new SlowClock();
    failures = [];
    start(new TestMachine());
  });

  function start(machine: TestMachine): void {
    source = machine;
    applied = new AppliedIndex(machine.machine.consistentIndex);
    settled = [];
    happened = [];
    fetching = undefined;
    flusher = {
      isOverfull: false,
      flush: async () => {
        happened.push("flushed");
        flusher.isOverfull = false;
      },
      onApplied: () => undefined,
    };
    queue = new ApplyQueue({
      clock,
      applied,
      replica: { machine: machine.machine, store: new MemoryStore(), storeFolder: "", confState },
      proposals: {
        isWaiting: (id: bigint) => id === 7n,
        settle: (id: bigint, outcome: Outcome) => settled.push([id, outcome]),
      } as unknown as Proposals,
      reader: {
        fetch: async (revisions: Parameters<StoreReader["fetch"]>[0]) => {
          happened.push(`fetch ${String(revisions.length)}`);
          await fetching?.promise;
          return revisions.map((revision) => machine.fetch(revision));
        },
      } as unknown as StoreReader,
      flusher: flusher as unknown as StoreFlusher,
      onConfOutcome: (outcome, change) => {
        happened.push(`conf change at ${String(outcome.index)}, revision ${String(revision())}`);
        expect(change).toMatchObject({ nodeId: 2n });
      },
      onFacts: (facts) => happened.push(...facts.map((fact) => fact.kind)),
      onBatchApplied: () => happened.push("batch"),
      onFailure: (error) => failures.push(error),
    });
  }

  const revision = (): number => source.machine.mvcc.currentRevision;

  test("applies what memory is enough for at once, and tells who waits and who asked for the batch", () => {
    queue.push({ entries: [entry(1), put(2, "a"), put(3, "b", 7n)], done: () => happened.push("done") });
    expect(revision()).toBe(3);
    expect(applied.value).toBe(3);
    expect(settled.map(([id, outcome]) => [id, outcome.index])).toEqual([[7n, 3]]);
    expect(happened).toEqual(["done", "batch"]);
  });

  test("fetches a value that a compare needs before anything later is applied", async () => {
    start(restartedWithAPut());
    fetching = Promise.withResolvers();
    const compare = {
      key: bytes("k"),
      target: CompareTarget.VALUE,
      targetUnion: { case: "value" as const, value: bytes("stored") },
    };
    const success = [{ request: { case: "requestPut" as const, value: { key: bytes("won"), value: bytes("1") } } }];
    queue.push({ entries: [entry(2, { header: { ID: 7n }, txn: { compare: [compare], success } })], done: () => {} });
    queue.push({ entries: [put(3, "later")], done: () => {} });
    await settle();
    expect(happened).toEqual(["fetch 1"]);
    expect([revision(), applied.value]).toEqual([2, 1]);
    fetching.resolve(undefined);
    await settle();
    expect([revision(), applied.value]).toEqual([4, 3]);
    expect(source.range({ key: bytes("won") }).count).toBe(1n);
  });

  test("passes over entries that were applied before", () => {
    queue.push({ entries: [put(1, "a"), put(2, "b")], done: () => {} });
    queue.push({ entries: [put(2, "b"), put(3, "c")], done: () => {} });
    expect(revision()).toBe(4);
    expect(applied.value).toBe(3);
  });

  test("passes over entries that the store holds already, though raft has not handed them out", () => {
    start(restartedWithAPut());
    applied = new AppliedIndex(0);
    const { machine } = source;
    const ahead = new ApplyQueue({
      clock,
      applied,
      replica: { machine, store: new MemoryStore(), storeFolder: "", confState },
      proposals: { isWaiting: () => false } as unknown as Proposals,
      reader: {} as StoreReader,
      flusher: flusher as unknown as StoreFlusher,
      onConfOutcome: () => {},
      onFacts: () => {},
      onBatchApplied: () => {},
      onFailure: (error) => failures.push(error),
    });
    ahead.push({ entries: [put(1, "again"), put(2, "new")], done: () => {} });
    expect(revision()).toBe(3);
    expect(applied.value).toBe(2);
  });

  test("tells raft of a configuration change before the next entry, and once", () => {
    const context = memberJson({
      id: 2n,
      name: "",
      peerUrls: ["http://2:2380"],
      clientUrls: [],
      isLearner: false,
      replaces: undefined,
    });
    const change = { id: 0n, type: ConfChangeType.AddNode, nodeId: 2n, context: bytes(context) };
    const conf: Entry = { type: EntryType.ConfChange, term: 2, index: 1, data: encodeConfChange(change) };
    queue.push({ entries: [conf, put(2, "after")], done: () => {} });
    queue.push({ entries: [conf], done: () => {} });
    expect(happened).toEqual(["conf change at 1, revision 1", "batch", "batch"]);
    expect(revision()).toBe(2);
  });

  test("gives the event loop back in a long batch, and goes on where it was", async () => {
    clock.msPerLook = 5;
    const entries = Array.from({ length: 40 }, (_, i) => put(i + 1, String(i)));
    queue.push({ entries, done: () => happened.push("done") });
    const seen = [applied.value];
    for (let turn = clock.turns.shift(); turn; turn = clock.turns.shift()) {
      turn();
      await settle();
      seen.push(applied.value);
    }
    expect(seen).toEqual([16, 32, 40]);
    expect(happened).toEqual(["done", "batch"]);
  });

  test("waits for the store when too much is not written yet", async () => {
    flusher.isOverfull = true;
    const entries = Array.from({ length: 20 }, (_, i) => put(i + 1, String(i)));
    queue.push({ entries, done: () => happened.push("done") });
    expect(applied.value).toBe(16);
    await settle();
    expect(happened).toEqual(["flushed", "done", "batch"]);
  });

  test("applies nothing from the pause until it resumes, and what came before the pause", async () => {
    start(restartedWithAPut());
    fetching = Promise.withResolvers();
    const txn = {
      compare: [
        { key: bytes("k"), target: CompareTarget.VALUE, targetUnion: { case: "value" as const, value: bytes("") } },
      ],
    };
    queue.push({ entries: [entry(2, { txn })], done: () => happened.push("first") });
    let isPaused = false;
    const paused = queue.pauseWhenIdle().then(() => {
      isPaused = true;
    });
    await settle();
    expect(isPaused).toBe(false);
    fetching.resolve(undefined);
    await paused;
    expect(happened).toEqual(["fetch 1", "first", "batch"]);
    queue.push({ entries: [put(3, "later")], done: () => {} });
    await settle();
    expect(applied.value).toBe(2);
    queue.resume();
    expect(applied.value).toBe(3);
  });

  test("an entry that cannot be read ends the member: nothing after it is applied", async () => {
    const broken: Entry = { type: EntryType.Normal, term: 2, index: 1, data: Uint8Array.of(0xff) };
    queue.push({ entries: [broken, put(2, "after")], done: () => happened.push("done") });
    await settle();
    expect(failures).toHaveLength(1);
    expect([revision(), applied.value]).toEqual([1, 0]);
    expect(happened).toEqual([]);
  });
});
