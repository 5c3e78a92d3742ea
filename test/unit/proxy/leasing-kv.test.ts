import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { PutRequestSchema, RangeRequestSchema, TxnRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { NO_ORIGIN, originWith } from "../../../server/proxy/upstream.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import { settled } from "../../support/manual-timing.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { LeasedCluster } from "./leased-cluster.ts";
import { deleteOp, leasedWorld as world, put, putOp, read, readOp, remove, valueIs, valueOf } from "./leased-world.ts";

/** A way that can be cut. */
function cuttable() {
  const way = { cut: false, pause: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  return Object.assign(way, { isCut: () => way.cut });
}

test("the first read of a key makes it the proxy's, with its lease, and the next ones ask nobody", async () => {
  const { cluster, first } = await world();
  await put(cluster.direct, "k", "1");
  const answers = [
    await read(first.kv, "k"),
    await read(first.kv, "k"),
    await read(first.kv, "k", { serializable: true }),
  ];
  expect(answers.map(({ kvs }) => text(kvs[0]?.value))).toEqual(["1", "1", "1"]);
  expect(cluster.leasingKeys()).toEqual(["leasing/k="]);
  expect(first.calls.filter((call) => call === "txn")).toHaveLength(1);
  expect(cluster.at("leasing/k", cluster.revision)?.lease).toBe(cluster.leases[0]);
});

test("also that there is no such key is known", async () => {
  const { cluster, first } = await world();
  await read(first.kv, "k");
  const asked = first.calls.length;
  expect(await read(first.kv, "k")).toMatchObject({ kvs: [], count: 0n, header: { revision: cluster.revision } });
  expect(first.calls).toHaveLength(asked);
});

test.each([
  [{}],
  [{ keysOnly: true }],
  [{ countOnly: true }],
  [{ limit: 1n, sortOrder: 2, sortTarget: 4 }],
  [{ minModRevision: 4n }],
  [{ minModRevision: 5n }],
  [{ maxModRevision: 3n }],
  [{ maxModRevision: 4n }],
  [{ minCreateRevision: 3n }],
  [{ maxCreateRevision: 2n }],
  [{ maxCreateRevision: 1n }],
])("a read with %o is answered from memory as by the cluster", async (more) => {
  const { cluster, first } = await world();
  for (const value of ["1", "2", "3"]) await put(cluster.direct, "k", value);
  await read(first.kv, "k");
  const asked = first.calls.length;
  const { header: _own, ...own } = await read(first.kv, "k", more);
  expect(first.calls).toHaveLength(asked);
  const { header: _theirs, ...theirs } = await read(cluster.direct, "k", more);
  expect(own).toEqual(theirs);
});

test.each([[{ revision: 2n }], [{ rangeEnd: bytes("l") }], [{ sortOrder: 9 as never }]])(
  "a read with %o is the cluster's",
  async (more) => {
    const { cluster, first } = await world();
    await put(cluster.direct, "k", "1");
    await read(first.kv, "k");
    const asked = first.calls.length;
    await read(first.kv, "k", more);
    expect(first.calls.slice(asked)).toEqual(["range"]);
  },
);

test("who gives a name is answered by the cluster, which knows what the user may read", async () => {
  const { cluster, first } = await world();
  const named = originWith({ token: "t" });
  for (let time = 0; time < 2; time++) {
    await first.kv.range(create(RangeRequestSchema, { key: bytes("k") }), named);
  }
  expect(first.calls.slice(-2)).toEqual(["range", "range"]);
  expect(cluster.leasingKeys()).toEqual([]);
});

test("own changes are known without asking, as the cluster has made them", async () => {
  const { cluster, first } = await world();
  await read(first.kv, "k");
  const same = async () => {
    const asked = first.calls.length;
    const own = await read(first.kv, "k");
    expect(first.calls).toHaveLength(asked);
    const theirs = await read(cluster.direct, "k");
    expect(own).toEqual({ ...theirs, header: expect.objectContaining({ revision: theirs.header?.revision }) });
  };
  for (const value of ["1", "2"]) {
    await put(first.kv, "k", value);
    await same();
  }
  await put(first.kv, "k", "", { ignoreValue: true });
  await same();
  await remove(first.kv, "k");
  await remove(first.kv, "k");
  await same();
  const success = [putOp("k", "3"), putOp("other", "3")];
  await first.kv.txn(create(TxnRequestSchema, { compare: [valueIs("k", "x")], failure: success }), NO_ORIGIN);
  await same();
  const nested = {
    request: { case: "requestTxn" as const, value: create(TxnRequestSchema, { success: [deleteOp("k")] }) },
  };
  await first.kv.txn(create(TxnRequestSchema, { success: [nested] }), NO_ORIGIN);
  await same();
  expect(cluster.leasingKeys()).toEqual(["leasing/k="]);
});

test("answers to own changes that overtake each other leave the last change", async () => {
  const gates: (() => void)[] = [];
  let isHeld = false;
  const pause = () => (isHeld ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve());
  const { cluster, first } = await world({ first: { pause, watchPause: () => Promise.resolve() } });
  await read(first.kv, "k");
  isHeld = true;
  const writes = [put(first.kv, "k", "1"), remove(first.kv, "k"), put(first.kv, "k", "3")];
  await settled();
  // All have reached the cluster, in their order; the answers come back in the opposite one.
  for (const open of gates.splice(0)) open();
  await settled();
  const during = read(first.kv, "k");
  await settled();
  const backwards = gates.splice(0, 3).toReversed();
  for (const open of backwards) {
    open();
    await settled();
  }
  await Promise.all(writes);
  const asked = first.calls.length;
  isHeld = false;
  expect((await read(first.kv, "k")).kvs).toEqual((await read(cluster.direct, "k")).kvs);
  expect(first.calls).toHaveLength(asked);
  // While changes were on their way the cluster was asked.
  expect(first.calls.at(-1)).toBe("range");
  for (const open of gates.splice(0)) open();
  await settled();
  for (const open of gates.splice(0)) open();
  await during;
});

test("a key of another is asked for, given up and then changed, and the other reads what was written", async () => {
  const { cluster, first, second } = await world();
  await put(first.kv, "k", "1");
  expect(await valueOf(first.kv, "k")).toBe("1");
  await put(second.kv, "k", "2");
  expect(await valueOf(first.kv, "k")).toBe("2");
  expect(cluster.leasingKeys()).toEqual([]);
  // Somebody has just asked for it: for a while nobody takes it again.
  await cluster.advance(1000);
  await read(first.kv, "k");
  expect(cluster.leasingKeys()).toEqual([]);
  await cluster.advance(1000);
  await read(first.kv, "k");
  expect(cluster.leasingKeys()).toEqual(["leasing/k="]);
});

test.each([
  ["a range", (kv: UpstreamKv) => remove(kv, "a", "c")],
  ["everything", (kv: UpstreamKv) => remove(kv, "\0", "\0")],
  [
    "a range in a transaction",
    (kv: UpstreamKv) => kv.txn(create(TxnRequestSchema, { success: [deleteOp("a", "c")] }), NO_ORIGIN),
  ],
])("who deletes %s takes all keys in it, also those that are not there", async (_what, act) => {
  const { cluster, first, second } = await world();
  for (const key of ["a", "b"]) await put(first.kv, key, "1");
  for (const key of ["a", "b", "b2"]) await read(first.kv, key);
  await read(second.kv, "b3");
  await act(second.kv);
  expect(cluster.leasingKeys()).toEqual([]);
  for (const proxy of [first, second]) {
    for (const key of ["a", "b", "b2", "b3"]) expect(await valueOf(proxy.kv, key)).toBe("");
  }
});

test("a range of other keys in which leasing keys lie takes those away from their owners first", async () => {
  const { cluster, first, second } = await world();
  await put(first.kv, "zebra", "1");
  await read(first.kv, "zebra");
  await read(second.kv, "yak");
  await remove(second.kv, "l", "m");
  expect(cluster.leasingKeys()).toEqual([]);
  await put(second.kv, "zebra", "2");
  await put(first.kv, "yak", "2");
  expect([await valueOf(first.kv, "zebra"), await valueOf(second.kv, "yak")]).toEqual(["2", "2"]);
});

test("while a range is deleted nobody here takes a key in it again", async () => {
  const gates: (() => void)[] = [];
  let isHeld = false;
  const pause = () => (isHeld ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve());
  const { first } = await world({ first: { pause } });
  isHeld = true;
  const deleting = remove(first.kv, "a", "l");
  await settled();
  const reads = [read(first.kv, "k"), read(first.kv, "l")];
  await settled();
  expect(first.calls.slice(-2)).toEqual(["range", "txn"]);
  isHeld = false;
  for (const open of gates) open();
  await Promise.all([deleting, ...reads]);
  await read(first.kv, "k");
  expect(first.calls.at(-1)).toBe("txn");
});

test("a transaction takes the keys of all its branches", async () => {
  const { first, second } = await world();
  for (const key of ["a", "b"]) await read(first.kv, key);
  const compare = [valueIs("x", "1")];
  await second.kv.txn(
    create(TxnRequestSchema, { compare, success: [putOp("a", "1")], failure: [putOp("b", "2")] }),
    NO_ORIGIN,
  );
  expect([await valueOf(first.kv, "a"), await valueOf(first.kv, "b")]).toEqual(["", "2"]);
});

test.each([
  ["deletes it in a range", deleteOp("a", "z")],
  ["gives it a lease", putOp("k", "2", { lease: 7777n })],
])("a transaction that puts an owned key, or on its other branch %s, gives it up", async (_what, other) => {
  const { cluster, first } = await world();
  cluster.machine.apply({ leaseGrant: { ID: 7777n, TTL: 1000n } });
  for (const [compare, value] of [
    [[], "1"],
    [[valueIs("none", "")], other.request.case === "requestPut" ? "2" : ""],
  ] as const) {
    await cluster.advance(2000);
    await read(first.kv, "k");
    expect(cluster.leasingKeys()).toEqual(["leasing/k="]);
    const txn = create(TxnRequestSchema, { compare: [...compare], success: [putOp("k", "1")], failure: [other] });
    await first.kv.txn(txn, NO_ORIGIN);
    expect(cluster.leasingKeys()).toEqual([]);
    expect(await valueOf(first.kv, "k")).toBe(value);
  }
});

test("a key that gets a lease is owned by nobody: it ends with that, and asks nobody", async () => {
  const { cluster, first } = await world();
  await read(first.kv, "k");
  const lease = cluster.grant(1000);
  await put(first.kv, "k", "1", { lease });
  expect(cluster.leasingKeys()).toEqual([]);
  await cluster.advance(5000);
  expect(await valueOf(first.kv, "k")).toBe("1");
  expect(cluster.leasingKeys()).toEqual([]);
  cluster.revoke(lease);
  expect(await valueOf(first.kv, "k")).toBe("");
});

test("what lies under the prefix and has no lease is nobody's claim, and is left as it is", async () => {
  const { cluster, first } = await world();
  await put(cluster.direct, "leasing/k", "mine");
  await put(first.kv, "k", "1");
  expect(await valueOf(first.kv, "k")).toBe("1");
  await put(first.kv, "leasing/k", "still mine");
  expect(await valueOf(cluster.direct, "leasing/k")).toBe("still mine");
});

describe("with an owner of etcd's", () => {
  test("it is asked by REVOKE in its leasing key, which keeps its lease, until it deletes that", async () => {
    const { cluster, first } = await world();
    const lease = cluster.grant(1000);
    await put(cluster.direct, "leasing/k", "", { lease });
    let isDone = false;
    const write = put(first.kv, "k", "1").then(() => (isDone = true));
    await settled();
    expect(cluster.leasingKeys()).toEqual(["leasing/k=REVOKE"]);
    expect(cluster.at("leasing/k", cluster.revision)?.lease).toBe(lease);
    expect(isDone).toBe(false);
    await remove(cluster.direct, "leasing/k");
    await write;
    expect(await valueOf(cluster.direct, "k")).toBe("1");
  });

  test("it gets what it asks for in the same way", async () => {
    const { cluster, first } = await world();
    await put(cluster.direct, "k", "1");
    await read(first.kv, "k");
    await put(cluster.direct, "leasing/k", "REVOKE", { ignoreLease: true });
    await settled();
    expect(cluster.leasingKeys()).toEqual([]);
    await put(cluster.direct, "k", "2");
    expect(await valueOf(first.kv, "k")).toBe("2");
  });

  test("a key that it owns is read from the cluster", async () => {
    const { cluster, first } = await world();
    await put(cluster.direct, "leasing/k", "", { lease: cluster.grant(1000) });
    await put(cluster.direct, "k", "1");
    expect([await valueOf(first.kv, "k"), await valueOf(first.kv, "k")]).toEqual(["1", "1"]);
    await put(cluster.direct, "k", "2");
    expect(await valueOf(first.kv, "k")).toBe("2");
    // It is not tried again at once: that would be a write each time.
    expect(first.calls.filter((call) => call === "txn")).toHaveLength(1);
  });
});

test("an owner that is cut off holds up a writer until its lease ends, and reads nothing old afterwards", async () => {
  const way = cuttable();
  const { cluster, first, second } = await world({ first: way });
  await put(first.kv, "k", "1");
  await read(first.kv, "k");
  way.cut = true;
  expect(await valueOf(first.kv, "k")).toBe("1");
  let isDone = false;
  const write = put(second.kv, "k", "2").then(() => (isDone = true));
  for (let seconds = 0; seconds < 59; seconds++) await cluster.advance(1000);
  expect(isDone).toBe(false);
  await cluster.advance(1000);
  await write;
  // What it reads now has to wait for the cluster.
  const late = valueOf(first.kv, "k");
  way.cut = false;
  expect(await late).toBe("2");
});

test("when the lease may have ended nothing is answered from memory, though no timer has said so", async () => {
  let lateMs = 0;
  const { first } = await world({ first: { pause: () => Promise.resolve(), lateMs: () => lateMs } });
  await read(first.kv, "k");
  const asked = first.calls.length;
  lateMs = 59_499;
  await read(first.kv, "k");
  expect(first.calls).toHaveLength(asked);
  lateMs = 59_500;
  await read(first.kv, "k");
  await first.kv.txn(create(TxnRequestSchema, { success: [readOp("k")] }), NO_ORIGIN);
  expect(first.calls.slice(asked)).toEqual(["range", "txn"]);
});

test("a proxy that ends gives its keys back", async () => {
  const { cluster, first } = await world();
  await read(first.kv, "k");
  await first.close();
  expect(cluster.leasingKeys()).toEqual([]);
});

test("when the lease has gone, what hung on it is forgotten, and another session begins", async () => {
  const { cluster, first, second } = await world();
  await put(first.kv, "k", "1");
  await read(first.kv, "k");
  cluster.revoke(cluster.leases[0]!);
  await put(second.kv, "k", "2");
  expect(await valueOf(first.kv, "k")).toBe("2");
  for (let seconds = 0; seconds < 25; seconds++) await cluster.advance(1000);
  expect(first.warnings.join()).toContain("the cluster has ended the lease");
  await read(first.kv, "k");
  const asked = first.calls.length;
  expect(await valueOf(first.kv, "k")).toBe("2");
  expect(first.calls).toHaveLength(asked);
});

test("when nobody may read any more without a name, nothing is answered from memory within a third of the lease", async () => {
  const cluster = new LeasedCluster();
  let isAllowed = true;
  const proxy = cluster.proxy({
    pause: async () => {
      if (!isAllowed) throw new Error("etcdserver: user name is empty");
    },
  });
  await settled();
  await read(proxy.kv, "k");
  isAllowed = false;
  for (let seconds = 0; seconds < 21; seconds++) await cluster.advance(1000);
  await expect(read(proxy.kv, "k")).rejects.toThrow("user name is empty");
  expect(proxy.warnings).toHaveLength(2);
  void proxy.close();
  await cluster.advance(10_000);
});

test("after a change whose answer is lost, the cluster is asked what has become of it", async () => {
  let fails: "there" | "back" | undefined;
  const { cluster, first } = await world({ first: { pause: () => Promise.resolve(), fails: () => fails } });
  await put(first.kv, "k", "1");
  await read(first.kv, "k");
  fails = "back";
  const write = put(first.kv, "k", "2");
  await expect(write).rejects.toThrow("away");
  fails = undefined;
  expect(await valueOf(first.kv, "k")).toBe("2");
  await cluster.advance(1000);
  // It had given the key up, and has taken it again.
  await read(first.kv, "k");
  const asked = first.calls.length;
  expect(await valueOf(first.kv, "k")).toBe("2");
  expect(first.calls).toHaveLength(asked);
});

test("an acquisition whose answer is lost is found again by the next one", async () => {
  const outcomes: ("back" | undefined)[] = [];
  const { cluster, first } = await world({ first: { pause: () => Promise.resolve(), fails: () => outcomes.shift() } });
  outcomes.push("back");
  await read(first.kv, "k");
  expect(cluster.leasingKeys()).toEqual(["leasing/k="]);
  await cluster.advance(2000);
  await read(first.kv, "k");
  const asked = first.calls.length;
  await read(first.kv, "k");
  expect(first.calls).toHaveLength(asked);
});

test("a writer that leaves does not wait any more", async () => {
  const { cluster, first } = await world();
  await put(cluster.direct, "leasing/k", "", { lease: cluster.grant(1000) });
  const listeners: (() => void)[] = [];
  const origin = { metadata: () => undefined, onCancelled: (run: () => void) => void listeners.push(run) };
  const write = first.kv.put(create(PutRequestSchema, { key: bytes("k") }), origin);
  await settled();
  for (const leave of listeners) leave();
  await expect(write).rejects.toThrow("the call ended");
});
