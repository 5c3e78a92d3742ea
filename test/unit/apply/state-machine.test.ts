import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmResponseSchema,
  AlarmType,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  DeleteRangeResponseSchema,
  LeaseGrantResponseSchema,
  PutResponseSchema,
  RangeRequest_SortOrder as Order,
  RangeRequest_SortTarget as SortTarget,
  TxnRequestSchema,
  TxnResponseSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import type {
  CompareSchema,
  DeleteRangeResponse,
  RangeResponse,
  TxnResponse,
} from "../../../server/proto/gen/rpc_pb.js";
import { decodeRecord } from "../../../server/mvcc/record-codec.ts";
import { bytes, TestMachine, text } from "../../support/test-machine.ts";
import type { RequestInit } from "../../support/test-machine.ts";

type Txn = MessageInitShape<typeof TxnRequestSchema>;
type CompareInit = MessageInitShape<typeof CompareSchema>;

let m: TestMachine;

beforeEach(() => {
  m = new TestMachine();
});

function putOp(key: string, value: string, extra: object = {}) {
  return { request: { case: "requestPut" as const, value: { key: bytes(key), value: bytes(value), ...extra } } };
}

function rangeOp(key: string, extra: object = {}) {
  return { request: { case: "requestRange" as const, value: { key: bytes(key), ...extra } } };
}

function deleteOp(key: string, rangeEnd = "") {
  return {
    request: { case: "requestDeleteRange" as const, value: { key: bytes(key), rangeEnd: bytes(rangeEnd) } },
  };
}

function txnOp(value: Txn) {
  return { request: { case: "requestTxn" as const, value } };
}

function txn(init: Txn): TxnResponse {
  return m.answer(TxnResponseSchema, { txn: init });
}

function keys({ kvs }: RangeResponse): string[] {
  return kvs.map(({ key }) => text(key));
}

function all(extra: object = {}): RangeResponse {
  return m.range({ key: bytes("\0"), rangeEnd: bytes("\0"), ...extra });
}

describe("range", () => {
  beforeEach(() => {
    // revisions 2 to 6; a has version 2
    for (const [key, value] of [
      ["a", "9"],
      ["b", "7"],
      ["c", "8"],
      ["a", "1"],
      ["d", "5"],
    ] as const) {
      m.put(key, value);
    }
  });

  test.each<[string, object, string[]]>([
    ["one key", { key: bytes("b") }, ["b"]],
    ["a missing key", { key: bytes("x") }, []],
    ["a half-open range", { key: bytes("a"), rangeEnd: bytes("c") }, ["a", "b"]],
    ["from a key on", { key: bytes("b"), rangeEnd: bytes("\0") }, ["b", "c", "d"]],
    ["everything", { key: bytes("\0"), rangeEnd: bytes("\0") }, ["a", "b", "c", "d"]],
    ["an end before the key", { key: bytes("c"), rangeEnd: bytes("a") }, []],
    ["the past", { key: bytes("a"), rangeEnd: bytes("\0"), revision: 3n }, ["a", "b"]],
    ["descending keys", { key: bytes("a"), rangeEnd: bytes("\0"), sortOrder: Order.DESCEND }, ["d", "c", "b", "a"]],
    ["by value", { key: bytes("a"), rangeEnd: bytes("\0"), sortTarget: SortTarget.VALUE }, ["a", "d", "b", "c"]],
    [
      "by value, descending and cut",
      { key: bytes("a"), rangeEnd: bytes("\0"), sortTarget: SortTarget.VALUE, sortOrder: Order.DESCEND, limit: 2n },
      ["c", "b"],
    ],
    ["by modification", { key: bytes("a"), rangeEnd: bytes("\0"), sortTarget: SortTarget.MOD }, ["b", "c", "a", "d"]],
    ["by creation", { key: bytes("a"), rangeEnd: bytes("\0"), sortTarget: SortTarget.CREATE }, ["a", "b", "c", "d"]],
    [
      "by version",
      { key: bytes("a"), rangeEnd: bytes("\0"), sortTarget: SortTarget.VERSION, sortOrder: Order.DESCEND },
      ["a", "b", "c", "d"],
    ],
    ["modified not before", { key: bytes("a"), rangeEnd: bytes("\0"), minModRevision: 4n }, ["a", "c", "d"]],
    ["modified not after", { key: bytes("a"), rangeEnd: bytes("\0"), maxModRevision: 4n }, ["b", "c"]],
    ["created not before", { key: bytes("a"), rangeEnd: bytes("\0"), minCreateRevision: 4n }, ["c", "d"]],
    ["created not after", { key: bytes("a"), rangeEnd: bytes("\0"), maxCreateRevision: 3n }, ["a", "b"]],
  ])("reads %s", (_what, request, expected) => {
    expect(keys(m.range(request))).toEqual(expected);
  });

  test("the count is of all keys in the range, before limit and filters", () => {
    const cut = all({ limit: 2n });
    expect([keys(cut), cut.more, cut.count]).toEqual([["a", "b"], true, 4n]);
    const filtered = all({ minModRevision: 4n, limit: 2n });
    expect([keys(filtered), filtered.more, filtered.count]).toEqual([["a", "c"], true, 4n]);
    const exact = all({ limit: 4n });
    expect([exact.more, exact.count]).toEqual([false, 4n]);
    const counted = all({ countOnly: true, limit: 1n });
    expect([counted.kvs, counted.more, counted.count]).toEqual([[], false, 4n]);
    expect(all({ limit: -1n }).kvs).toHaveLength(4);
  });

  test("keys only leaves everything but the value", () => {
    const [kv] = m.range({ key: bytes("a"), keysOnly: true }).kvs;
    expect(kv).toMatchObject({ createRevision: 2n, modRevision: 5n, version: 2n });
    expect(text(kv?.value)).toBe("");
    expect(text(m.range({ key: bytes("a") }).kvs[0]?.value)).toBe("1");
  });

  test("the header is at the current revision, also of a read in the past", () => {
    expect(m.range({ key: bytes("a"), revision: 2n }).header?.revision).toBe(6n);
    expect(() => m.range({ key: bytes("a"), revision: 7n })).toThrow("future-revision");
    expect(keys(m.range({ key: bytes("a"), revision: -1n }))).toEqual(["a"]);
  });

  test("a plan in slices gives the same as one at once, and sees nothing that is written meanwhile", () => {
    for (let i = 0; i < 25_000; i++) m.put(`n/${String(i).padStart(6, "0")}`, "x");
    const request = m.machine.mvcc.planRangeSliced(
      create(TxnRequestSchema, { success: [rangeOp("n/", { rangeEnd: bytes("n0") })] }).success[0]!.request
        .value as never,
    );
    let slices = 0;
    let step = request.next();
    for (; !step.done; step = request.next()) {
      slices++;
      m.put("n/00000x", "late");
      m.delete("n/020000");
    }
    const response = m.resolve(step.value);
    expect([slices, response.count, response.kvs.length]).toEqual([4, 25_000n, 25_000]);
  });

  test("a plan that a compaction overtakes fails", () => {
    for (let i = 0; i < 11_000; i++) m.put(`n/${i}`, "x");
    const request = { key: bytes("\0"), rangeEnd: bytes("\0"), revision: 5n };
    const op = create(TxnRequestSchema, { success: [rangeOp("", request)] }).success[0]!.request;
    const plan = m.machine.mvcc.planRangeSliced(op.value as never);
    plan.next();
    m.compact(100);
    expect(() => plan.next()).toThrow("compacted");
  });
});

describe("put", () => {
  test("counts revision and version up, and creation stays", () => {
    m.put("a", "1");
    const { revision, events } = m.put("a", "2");
    expect(revision).toBe(3);
    expect(events[0]?.kv).toMatchObject({ createRevision: 2n, modRevision: 3n, version: 2n });
    m.delete("a");
    m.put("a", "3");
    expect(m.range({ key: bytes("a") }).kvs[0]).toMatchObject({ createRevision: 5n, version: 1n });
  });

  test("answers with the revision it made and, if asked, the value it replaced", () => {
    m.put("a", "1");
    const response = m.answer(PutResponseSchema, { put: { key: bytes("a"), value: bytes("2"), prevKv: true } });
    expect(response.header?.revision).toBe(3n);
    expect(text(response.prevKv?.value)).toBe("1");
    expect(m.answer(PutResponseSchema, { put: { key: bytes("b"), prevKv: true } }).prevKv).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ["an unknown lease", { lease: 7n }, "lease-not-found"],
    ["a value to keep where there is none", { ignoreValue: true }, "key-not-found"],
    ["a lease to keep where there is no key", { ignoreLease: true }, "key-not-found"],
  ])("is refused with %s and changes nothing", (_what, extra, fault) => {
    const outcome = m.apply({ put: { key: bytes("a"), ...extra } });
    expect(outcome).toMatchObject({ fault, response: undefined, events: [], revision: 1, index: 1 });
    expect(m.machine.consistentIndex).toBe(1);
  });

  test("keeps value or lease if told so, also when memory does not hold the record any more", () => {
    m = new TestMachine({ valueCacheBytes: 0 });
    m.apply({ leaseGrant: { ID: 7n, TTL: 60n } });
    m.put("a", "kept", 7n);
    m.flush();
    m.apply({ put: { key: bytes("a"), ignoreValue: true } });
    expect(m.range({ key: bytes("a") }).kvs[0]).toMatchObject({ value: bytes("kept"), lease: 0n, version: 2n });
    m.put("a", "x", 7n);
    m.apply({ put: { key: bytes("a"), value: bytes("new"), ignoreLease: true } });
    expect(m.range({ key: bytes("a") }).kvs[0]).toMatchObject({ value: bytes("new"), lease: 7n });
  });
});

describe("delete", () => {
  test("deletes a range in one revision, in key order, and counts", () => {
    for (const key of ["b", "a", "c"]) m.put(key, key);
    const outcome = m.apply({ deleteRange: { key: bytes("a"), rangeEnd: bytes("c"), prevKv: true } });
    const response = m.resolve(outcome.response!) as DeleteRangeResponse;
    expect([response.deleted, response.header?.revision]).toEqual([2n, 5n]);
    expect(response.prevKvs.map(({ value }) => text(value))).toEqual(["a", "b"]);
    expect(outcome.events.map(({ kv }) => [text(kv?.key), kv?.modRevision, kv?.version])).toEqual([
      ["a", 5n, 0n],
      ["b", 5n, 0n],
    ]);
  });

  test("deleting nothing makes no revision", () => {
    m.put("a", "1");
    const response = m.answer(DeleteRangeResponseSchema, { deleteRange: { key: bytes("x"), rangeEnd: bytes("\0") } });
    expect([response.deleted, response.header?.revision]).toEqual([0n, 2n]);
  });
});

describe("compares", () => {
  const a = bytes("a");
  beforeEach(() => {
    m.apply({ leaseGrant: { ID: 7n, TTL: 60n } });
    m.put("a", "old");
    m.put("a", "val", 7n); // create 2, mod 3, version 2
    m.put("b", "val"); // create 4
  });

  test.each<[string, CompareInit, boolean]>([
    ["version", { key: a, target: Target.VERSION, targetUnion: { case: "version", value: 2n } }, true],
    ["creation", { key: a, target: Target.CREATE, targetUnion: { case: "createRevision", value: 2n } }, true],
    ["modification", { key: a, target: Target.MOD, targetUnion: { case: "modRevision", value: 2n } }, false],
    ["lease", { key: a, target: Target.LEASE, targetUnion: { case: "lease", value: 7n } }, true],
    ["value", { key: a, target: Target.VALUE, targetUnion: { case: "value", value: bytes("val") } }, true],
    [
      "greater value",
      { key: a, target: Target.VALUE, result: Result.GREATER, targetUnion: { case: "value", value: bytes("vak") } },
      true,
    ],
    [
      "less",
      { key: a, target: Target.MOD, result: Result.LESS, targetUnion: { case: "modRevision", value: 3n } },
      false,
    ],
    [
      "not equal",
      { key: a, target: Target.MOD, result: Result.NOT_EQUAL, targetUnion: { case: "modRevision", value: 3n } },
      false,
    ],
    ["a missing key's version", { key: bytes("x"), target: Target.VERSION }, true],
    ["a missing key's value", { key: bytes("x"), target: Target.VALUE }, false],
    ["a missing key's value, unequal", { key: bytes("x"), target: Target.VALUE, result: Result.NOT_EQUAL }, false],
    ["nothing given, which is zero", { key: a, target: Target.VERSION }, false],
    ["an unknown result, which holds", { key: a, target: Target.VERSION, result: 9 as Result }, true],
    [
      "a range of which all hold",
      { key: a, rangeEnd: bytes("c"), target: Target.VALUE, targetUnion: { case: "value", value: bytes("val") } },
      true,
    ],
    [
      "a range of which one does not hold",
      { key: a, rangeEnd: bytes("\0"), target: Target.VERSION, targetUnion: { case: "version", value: 2n } },
      false,
    ],
  ])("by %s", (_what, compare, expected) => {
    expect(txn({ compare: [compare] }).succeeded).toBe(expected);
    m.flush();
    expect(m.restarted().answer(TxnResponseSchema, { txn: { compare: [compare] } }).succeeded).toBe(expected);
  });
});

describe("txn", () => {
  test("no compare succeeds, and an empty branch makes no revision", () => {
    expect(txn({})).toMatchObject({ succeeded: true, responses: [], header: { revision: 1n } });
  });

  test("reads see the writes before them, sub-answers carry the revision, all changes share one", () => {
    const outcome = m.apply({
      txn: {
        success: [rangeOp("a"), putOp("a", "1"), rangeOp("a"), putOp("b", "2"), deleteOp("a"), rangeOp("a")],
      },
    });
    const { header, responses } = m.resolve(outcome.response!) as TxnResponse;
    expect(header?.revision).toBe(2n);
    const shown = responses.map(({ response }) =>
      response.case === "responseRange"
        ? [response.value.header?.revision, response.value.count]
        : [
            response.case === "responsePut" || response.case === "responseDeleteRange"
              ? response.value.header?.revision
              : 0n,
          ],
    );
    expect(shown).toEqual([[1n, 0n], [2n], [2n, 1n], [2n], [2n], [2n, 0n]]);
    expect(outcome.events.map(({ kv }) => kv?.modRevision)).toEqual([2n, 2n, 2n]);
    m.flush();
    expect(
      m
        .rows()
        .filter(([key]) => key[0] === 0x15)
        .map(([key]) => [key[16 + 1], key.length]),
    ).toEqual([
      [0, 18],
      [1, 18],
      [2, 19],
    ]);
  });

  test("nested compares are judged before anything is written", () => {
    const inner = txnOp({
      compare: [{ key: bytes("a"), target: Target.VERSION, result: Result.GREATER }],
      success: [putOp("inner", "yes")],
      failure: [putOp("inner", "no")],
    });
    const { responses } = txn({ success: [putOp("a", "1"), inner, inner] });
    expect(text(m.range({ key: bytes("inner") }).kvs[0]?.value)).toBe("no");
    expect(responses[1]?.response).toMatchObject({
      case: "responseTxn",
      value: { succeeded: false, header: { revision: 0n } },
    });
  });

  test.each<[string, Txn["success"], string]>([
    ["a future read", [putOp("a", "1"), rangeOp("a", { revision: 99n })], "future-revision"],
    ["a compacted read", [putOp("a", "1"), rangeOp("a", { revision: 1n })], "compacted"],
    ["an unknown lease", [putOp("a", "1"), putOp("b", "1", { lease: 9n })], "lease-not-found"],
    ["a value to keep where there is none", [putOp("x", "1"), putOp("y", "", { ignoreValue: true })], "key-not-found"],
    [
      "any of these in a nested txn",
      [putOp("a", "1"), txnOp({ success: [rangeOp("a", { revision: 99n })] })],
      "future-revision",
    ],
  ])("%s fails the whole", (_what, success, fault) => {
    m.put("k", "1");
    m.put("k", "2");
    m.compact(3);
    expect(m.apply({ txn: { success } as Txn })).toMatchObject({ fault, events: [], revision: 3 });
    expect(keys(all())).toEqual(["k"]);
  });

  test("a key to keep must be there before the txn, not come with it", () => {
    const success = [putOp("a", "1"), putOp("a", "", { ignoreValue: true })];
    expect(m.apply({ txn: { success } }).fault).toBe("key-not-found");
  });

  test("an operation that is none has an empty answer", () => {
    expect(txn({ success: [{ request: { case: undefined } }] }).responses[0]?.response.case).toBeUndefined();
  });

  test("ranges are left out where nobody waits, and the state is the same", () => {
    const request: RequestInit = { txn: { success: [putOp("a", "1"), rangeOp("a")] } };
    const other = new TestMachine();
    m.apply(request, true);
    const { response } = other.apply(request, false);
    expect(response?.needs).toEqual([]);
    expect(other.hashAll("everything")).toBe(m.hashAll("everything"));
  });

  test("a txn of ranges reads without the log", () => {
    m.put("a", "1");
    const request = create(TxnRequestSchema, {
      compare: [{ key: bytes("a"), target: Target.VALUE, targetUnion: { case: "value", value: bytes("1") } }],
      success: [rangeOp("a"), rangeOp("b")],
    });
    for (const revision of m.machine.missingTxnValues(request)) m.machine.provide(revision, m.fetch(revision));
    const response = m.resolve(m.machine.readTxn(request));
    expect([response.succeeded, response.header?.revision, response.responses.length]).toEqual([true, 2n, 2]);
  });
});

describe("compaction", () => {
  beforeEach(() => {
    for (const value of ["1", "2", "3"]) m.put("a", value);
    m.put("b", "1");
    m.delete("b"); // 6
  });

  test("reads below fail, reads at the revision work, tombstones at it stay on disk until the next", () => {
    expect(m.compact(6)).toMatchObject({
      fault: undefined,
      facts: [{ kind: "compaction-scheduled", revision: 6, previousRevision: -1, isPhysical: true }],
    });
    expect(keys(all({ revision: 6n }))).toEqual(["a"]);
    expect(() => all({ revision: 5n })).toThrow("compacted");
    const mains = (): number[] =>
      m
        .rows()
        .filter(([key]) => key[0] === 0x15)
        .map(([key]) => key[8]!);
    expect(mains()).toEqual([4, 6]);
    m.put("c", "1");
    m.compact(7);
    expect(mains()).toEqual([4, 7]);
  });

  test.each([
    [4, "compacted"],
    [3, "compacted"],
    [0, "compacted"],
    [7, "future-revision"],
  ])("to %i after 4 is refused as %s", (revision, fault) => {
    m.compact(4);
    expect(m.compact(revision)).toMatchObject({ fault, facts: [] });
  });

  test("an interrupted one is resumed after a restart", () => {
    m.apply({ compaction: { revision: 6n } });
    const again = m.restarted();
    const { mvcc } = again.machine;
    expect(mvcc.compactionJobs).toEqual([{ revision: 6, previousRevision: -1, isResumed: true }]);
    expect([mvcc.compactRevision, mvcc.currentRevision]).toEqual([6, 6]);
    again.finishCompactions();
    expect(again.restarted().machine.mvcc.compactionJobs).toEqual([]);
    expect(again.rows().filter(([key]) => key[0] === 0x15)).toHaveLength(2);
  });

  test("a store whose rows are all gone has the revision of its last compaction", () => {
    const empty = new TestMachine();
    const revision = Buffer.from("00000000000000095f0000000000000000", "hex");
    for (const name of ["scheduledCompactRev", "finishedCompactRev"]) {
      empty.write([{ key: Buffer.concat([Buffer.of(0x19), Buffer.from(name)]), value: revision }]);
    }
    const { mvcc } = empty.restarted().machine;
    expect([mvcc.currentRevision, mvcc.compactRevision, mvcc.compactionJobs]).toEqual([9, 9, []]);
  });

  test("the empty row that bumping revisions leaves behind is taken over", () => {
    m.flush();
    const bumped = Buffer.from("1500000000000003e85f0000000000000000", "hex");
    m.write([
      { key: bumped, value: new Uint8Array() },
      { key: Buffer.concat([Buffer.of(0x19), Buffer.from("scheduledCompactRev")]), value: bumped.subarray(1) },
    ]);
    const again = m.restarted();
    again.finishCompactions();
    expect(again.machine.mvcc.currentRevision).toBe(1000);
    expect(keys(again.range({ key: bytes("\0"), rangeEnd: bytes("\0") }))).toEqual(["a"]);
    expect(again.rows().filter(([key]) => key[0] === 0x15)).toHaveLength(2);
  });
});

describe("leases", () => {
  test("a revoke deletes the keys in order in one revision, then the lease", () => {
    expect(m.answer(LeaseGrantResponseSchema, { leaseGrant: { ID: 5n, TTL: 1n } })).toMatchObject({ ID: 5n, TTL: 2n });
    for (const key of ["c", "a", "b"]) m.put(key, "x", 5n);
    m.put("b", "y"); // detached
    const { events, revision, facts } = m.apply({ leaseRevoke: { ID: 5n } });
    expect([events.map(({ kv }) => text(kv?.key)), revision]).toEqual([["a", "c"], 6]);
    expect(facts).toEqual([{ kind: "lease-revoked", id: 5n }]);
    expect(m.apply({ leaseRevoke: { ID: 5n } })).toMatchObject({ fault: "lease-not-found", revision: 6 });
  });

  test("attachments survive a restart, deletes detach", () => {
    m.apply({ leaseGrant: { ID: -5n, TTL: 100n } });
    m.put("a", "x", -5n);
    m.put("b", "x", -5n);
    m.delete("a");
    const again = m.restarted();
    expect(again.machine.lessor.keysOf(-5n).map(text)).toEqual(["b"]);
    expect(again.machine.lessor.lookup(-5n)?.ttlSeconds).toBe(100);
  });

  test("checkpoints are noted", () => {
    m.apply({ leaseGrant: { ID: 5n, TTL: 600n } });
    m.apply({ leaseCheckpoint: { checkpoints: [{ ID: 5n, remainingTTL: 10n }] } });
    expect(m.machine.lessor.lookup(5n)?.remainingTtlSeconds).toBe(10);
  });
});

describe("alarms and quota", () => {
  const nospace = { memberID: 1n, alarm: AlarmType.NOSPACE };

  test("an alarm is raised, listed, kept over a restart and cleared", () => {
    const raised = m.apply({ alarm: { action: AlarmAction.ACTIVATE, ...nospace } });
    expect(raised.facts).toMatchObject([{ kind: "alarm-raised", alarm: nospace }]);
    expect(m.apply({ alarm: { action: AlarmAction.ACTIVATE, ...nospace } }).facts).toEqual([]);
    m = m.restarted();
    expect(m.answer(AlarmResponseSchema, { alarm: { action: AlarmAction.GET } }).alarms).toMatchObject([nospace]);
    const cleared = m.answer(AlarmResponseSchema, { alarm: { action: AlarmAction.DEACTIVATE, ...nospace } });
    expect(cleared.alarms).toMatchObject([nospace]);
    const again = m.answer(AlarmResponseSchema, { alarm: { action: AlarmAction.DEACTIVATE, ...nospace } });
    expect(again.alarms).toEqual([]);
    expect(m.restarted().machine.alarms.list(AlarmType.NONE)).toEqual([]);
  });

  test.each<[string, RequestInit, string | undefined, string | undefined]>([
    ["put", { put: { key: bytes("a") } }, "no-space", "corrupt"],
    ["a txn with a put in any branch", { txn: { failure: [putOp("a", "1")] } }, "no-space", "corrupt"],
    ["lease grant", { leaseGrant: { ID: 9n, TTL: 5n } }, "no-space", "corrupt"],
    ["delete", { deleteRange: { key: bytes("a") } }, undefined, "corrupt"],
    ["range", { range: { key: bytes("a") } }, undefined, "corrupt"],
    ["compaction", { compaction: { revision: 2n } }, undefined, "corrupt"],
    ["lease revoke", { leaseRevoke: { ID: 5n } }, undefined, "corrupt"],
    ["a cluster version", { clusterVersionSet: { ver: "3.6.0" } }, undefined, undefined],
  ])("%s under the alarms", (_what, request, underNoSpace, underCorrupt) => {
    for (const [alarm, fault] of [
      [AlarmType.NOSPACE, underNoSpace],
      [AlarmType.CORRUPT, underCorrupt],
    ] as const) {
      const machine = new TestMachine();
      machine.apply({ leaseGrant: { ID: 5n, TTL: 5n } });
      machine.put("k", "1");
      machine.apply({ alarm: { action: AlarmAction.ACTIVATE, memberID: 2n, alarm } });
      const outcome = machine.apply(request);
      expect(outcome.fault).toBe(fault);
      expect(outcome.facts.some(({ kind }) => kind === "quota-exceeded")).toBe(false);
    }
  });

  test("a small quota fills up as etcd's does, and compaction with defragmentation makes room again", () => {
    m = new TestMachine({ quotaBytes: 53_248 });
    expect(m.machine.sizes.dbSize).toBe(20_480);
    expect(m.put("1st", "a".repeat(64)).fault).toBeUndefined();
    let puts = 0;
    let outcome = m.put("2nd", "b".repeat(4096));
    for (; outcome.fault === undefined; puts++) outcome = m.put("2nd", "b".repeat(4096));
    expect(puts).toBeGreaterThan(2);
    expect(puts).toBeLessThan(10);
    expect(outcome).toMatchObject({ fault: "no-space", facts: [{ kind: "quota-exceeded" }] });
    // The write itself took effect: the others have it, too.
    expect(outcome.events).toHaveLength(1);
    m.apply({ alarm: { action: AlarmAction.ACTIVATE, memberID: 1n, alarm: AlarmType.NOSPACE } });
    expect(m.put("3rd", "c").fault).toBe("no-space");
    const { dbSize } = m.machine.sizes;
    m.compact(m.machine.mvcc.currentRevision);
    expect(m.machine.sizes.dbSize).toBe(dbSize);
    expect(m.machine.sizes.dbSizeInUse).toBeLessThan(dbSize);
    expect(m.restarted().machine.sizes.dbSize).toBe(dbSize);
    m.machine.defragment();
    expect(m.machine.sizes.dbSize).toBe(m.machine.sizes.dbSizeInUse);
    m.apply({ alarm: { action: AlarmAction.DEACTIVATE, memberID: 1n, alarm: AlarmType.NOSPACE } });
    expect(m.put("4th", "d".repeat(64)).fault).toBeUndefined();
  });
});

describe("entries", () => {
  test("an empty entry and one of no known kind only move the index", () => {
    m.machine.apply({ index: 5, term: 3 }, undefined, { nowMs: 0, isWaiting: false });
    expect([m.machine.consistentIndex, m.machine.term]).toEqual([5, 3]);
    expect(m.apply({ downgradeVersionTest: { ver: "3.5.0" } })).toMatchObject({
      fault: undefined,
      response: undefined,
    });
    expect(m.machine.consistentIndex).toBe(6);
  });

  test("no entry is applied twice", () => {
    m.put("a", "1");
    const again = (): unknown => m.machine.apply({ index: 1, term: 2 }, undefined, { nowMs: 0, isWaiting: false });
    expect(again).toThrow("no entry is applied twice");
  });

  test("membership facts come out, also from the forms of old logs", () => {
    const context = bytes('{"id":1,"peerURLs":["http://p:1"]}');
    m.machine.applyConfChange({ index: 1, term: 1 }, { id: 0n, type: 0, nodeId: 1n, context });
    const attributes = { memberID: 1n, memberAttributes: { name: "n1", clientUrls: ["http://c:1"] } };
    expect(m.apply({ clusterMemberAttrSet: attributes }).facts).toMatchObject([
      { kind: "member-attributes-changed", member: { name: "n1", clientUrls: ["http://c:1"] } },
    ]);
    const v2 = { Method: "PUT", Path: "/0/members/1/attributes", Val: '{"name":"old","clientURLs":["http://o"]}' };
    expect(m.apply({ v2 }).facts).toMatchObject([{ member: { name: "old", clientUrls: ["http://o"] } }]);
    expect(m.apply({ v2: { Method: "PUT", Path: "/0/version", Val: "3.5.0" } }).facts).toMatchObject([
      { kind: "cluster-version-changed", version: "3.5.0" },
    ]);
    expect(m.apply({ downgradeInfoSet: { enabled: false, ver: "3.5.0" } }).facts).toEqual([
      { kind: "downgrade-changed", downgrade: { isEnabled: false, targetVersion: "" } },
    ]);
    const restarted = m.restarted().machine;
    expect(restarted.membership.members).toEqual(m.machine.membership.members);
    expect([restarted.consistentIndex, restarted.term]).toEqual([5, 2]);
  });

  test("a change that is refused is told to raft with its node zeroed, and its index counts", () => {
    const change = { id: 7n, type: 1 as const, nodeId: 9n, context: undefined };
    expect(m.machine.applyConfChange({ index: 4, term: 1 }, change)).toEqual({
      index: 4,
      effective: { ...change, nodeId: 0n },
      fault: "member-not-found",
      facts: [],
    });
    expect(m.machine.consistentIndex).toBe(4);
  });

  test("records in the store are the bytes of etcd's format", () => {
    m.put("a", "1");
    const [row] = m.rows().filter(([key]) => key[0] === 0x15);
    expect(Buffer.from(row![1]).toString("hex")).toBe("0a01611002180220012a0131");
    expect(text(decodeRecord(row![1]).value)).toBe("1");
  });
});
