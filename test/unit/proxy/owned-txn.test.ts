import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  CompareSchema,
  TxnRequestSchema,
  type TxnResponse,
} from "../../../server/proto/gen/rpc_pb.js";
import { NO_ORIGIN, originWith } from "../../../server/proxy/upstream.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import { bytes } from "../../support/test-machine.ts";
import { LeasedCluster } from "./leased-cluster.ts";
import { deleteOp, leasedWorld, put, putOp, read, readOp, valueIs } from "./leased-world.ts";

type Init = MessageInitShape<typeof TxnRequestSchema>;

const run = (kv: UpstreamKv, init: Init, origin = NO_ORIGIN) => kv.txn(create(TxnRequestSchema, init), origin);

/** Two proxies, the first of which owns a, which has been changed, and b, which does not exist; nobody owns c. */
async function world() {
  const the = await leasedWorld();
  for (const value of ["0", "1"]) await put(the.cluster.direct, "a", value);
  await put(the.cluster.direct, "c", "1");
  for (const key of ["a", "b"]) await read(the.first.kv, key);
  const { first } = the;
  /** Which calls of the cluster a transaction takes. */
  const callsOf = async (init: Init, origin = NO_ORIGIN): Promise<readonly string[]> => {
    const asked = first.calls.length;
    await run(first.kv, init, origin).catch(() => undefined);
    return first.calls.slice(asked);
  };
  return { ...the, callsOf };
}

/** All of an answer but whose it is. */
const said = ({ header, ...rest }: TxnResponse) => ({ ...rest, revision: header?.revision });

const NOTHING: readonly string[] = [];

test.each<readonly [what: string, txn: Init]>([
  ["reads", { success: [readOp("a"), readOp("b"), readOp("a", { keysOnly: true })] }],
  ["a compare that holds, and no more", { compare: [valueIs("a", "1")] }],
  ["a compare that does not hold, and no more", { compare: [valueIs("a", "2")] }],
  ["a branch of reads", { compare: [valueIs("a", "1")], success: [readOp("a")], failure: [readOp("c")] }],
  [
    "a branch of reads, the other one changes",
    { compare: [valueIs("a", "2")], success: [putOp("a", "3"), deleteOp("c")], failure: [readOp("a")] },
  ],
  ["a compare that does not hold, before one that is not known", { compare: [valueIs("b", "1"), valueIs("c", "1")] }],
])("a transaction with %s of owned keys is answered from memory, as by the cluster", async (_what, txn) => {
  const { cluster, first, callsOf } = await world();
  expect(await callsOf(txn)).toEqual(NOTHING);
  expect(said(await run(first.kv, txn))).toEqual(said(await run(cluster.direct, txn)));
});

test.each<readonly [what: string, txn: Init]>([
  ["nothing in it", {}],
  ["a read of a key that is not owned", { success: [readOp("a"), readOp("c")] }],
  ["a compare of a key that is not owned", { compare: [valueIs("c", "1")], success: [readOp("a")] }],
  ["a compare of a range", { compare: [create(CompareSchema, { key: bytes("a"), rangeEnd: bytes("c") })] }],
  ["a read of a range", { success: [readOp("a", { rangeEnd: bytes("c") })] }],
  ["a read of the past", { success: [readOp("a", { revision: 2n })] }],
  ["a change on the branch that it takes", { compare: [valueIs("a", "1")], success: [putOp("a", "2")] }],
  ["a transaction within", { success: [{ request: { case: "requestTxn", value: { success: [readOp("a")] } } }] }],
  ["more in it than a cluster may take", { success: Array.from({ length: 129 }, () => readOp("a")) }],
])("a transaction with %s goes to the cluster", async (_what, txn) => {
  const { callsOf } = await world();
  expect(await callsOf(txn)).toEqual(["txn"]);
});

test.each<readonly [what: string, txn: Init]>([
  ["a key put twice", { success: [putOp("a", "3"), putOp("a", "4")] }],
  ["a key put and deleted", { success: [putOp("a", "3"), deleteOp("a")] }],
  ["a put without a key", { success: [putOp("", "3")] }],
  ["a value to ignore", { success: [putOp("a", "3", { ignoreValue: true })] }],
  ["a lease to ignore", { success: [putOp("a", "3", { ignoreLease: true, lease: 1n })] }],
  ["a deletion of no key", { success: [deleteOp("")] }],
  ["a read of no key", { success: [readOp("")] }],
  ["a sort order that there is not", { success: [readOp("a", { sortOrder: 9 })] }],
  ["an operation that is none", { success: [{ request: { case: undefined } }] }],
  ["a compare of no key", { compare: [valueIs("a", "2"), valueIs("", "1")] }],
])("a transaction with %s on the branch that it does not take is for the cluster to refuse", async (_what, txn) => {
  const { callsOf } = await world();
  const calls = await callsOf({ compare: [valueIs("a", "2")], failure: [readOp("a")], ...txn });
  expect(calls).not.toEqual(NOTHING);
});

test("who gives a name is answered by the cluster, which knows what the user may read", async () => {
  const { callsOf } = await world();
  expect(await callsOf({ success: [readOp("a")] }, originWith({ token: "t" }))).toEqual(["txn"]);
});

test("after another one has changed a key of it, a transaction sees that", async () => {
  const { first, second } = await world();
  await put(second.kv, "a", "2");
  const { succeeded, responses } = await run(first.kv, { compare: [valueIs("a", "2")], success: [readOp("b")] });
  expect([succeeded, responses.length]).toEqual([true, 1]);
});

test("while a change of a key in it is on its way, the cluster is asked; when it has come, nobody is", async () => {
  const gates: (() => void)[] = [];
  let isHeld = false;
  const pause = () => (isHeld ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve());
  const cluster = new LeasedCluster();
  const proxy = cluster.proxy({ pause, watchPause: () => Promise.resolve() });
  onTestFinished(async () => {
    void proxy.close();
    await cluster.advance(10_000);
  });
  await cluster.advance(0);
  await read(proxy.kv, "a");
  isHeld = true;
  const write = put(proxy.kv, "a", "1");
  await cluster.advance(0);
  const asked = proxy.calls.length;
  const during = run(proxy.kv, { success: [readOp("a")] });
  await cluster.advance(0);
  expect(proxy.calls.slice(asked)).toEqual(["txn"]);
  isHeld = false;
  for (const open of gates.splice(0)) open();
  await Promise.all([write, during]);
  await run(proxy.kv, { compare: [valueIs("a", "1")], success: [readOp("a")] });
  expect(proxy.calls).toHaveLength(asked + 1);
});

test("whatever is compared with whatever, and read however: the answer is the cluster's", async () => {
  const { cluster, first, callsOf } = await world();
  const key = fc.constantFrom("a", "b");
  const small = fc.bigInt({ min: 0n, max: 5n });
  const targetUnion = fc.oneof(
    fc.record({ case: fc.constantFrom("version", "createRevision", "modRevision", "lease"), value: small }),
    fc.record({ case: fc.constant("value"), value: fc.constantFrom("", "0", "1", "2").map(bytes) }),
    fc.constant({ case: undefined }),
  );
  const compare = fc.record({
    key: key.map(bytes),
    target: fc.constantFrom(Target.VERSION, Target.CREATE, Target.MOD, Target.VALUE, Target.LEASE, 9 as Target),
    result: fc.constantFrom(Result.EQUAL, Result.GREATER, Result.LESS, Result.NOT_EQUAL, 9 as Result),
    targetUnion,
  });
  const bounds = { minModRevision: small, maxModRevision: small, minCreateRevision: small, maxCreateRevision: small };
  const options = fc.record({ ...bounds, keysOnly: fc.boolean(), countOnly: fc.boolean() }, { requiredKeys: [] });
  const reads = fc.array(
    fc.tuple(key, options).map(([name, more]) => readOp(name, more)),
    { maxLength: 3 },
  );
  const txn = fc.record({ compare: fc.array(compare, { minLength: 1, maxLength: 3 }), success: reads, failure: reads });
  await fc.assert(
    fc.asyncProperty(txn, async (some) => {
      const request = some as Init;
      expect(await callsOf(request)).toEqual(NOTHING);
      expect(said(await run(first.kv, request))).toEqual(said(await run(cluster.direct, request)));
    }),
    { numRuns: 500 },
  );
});
