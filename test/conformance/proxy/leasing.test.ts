import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { Client } from "../../../server/client/client.ts";
import { CompareSchema, type TxnResponse } from "../../../server/proto/gen/rpc_pb.js";
import { forAll } from "../../support/lifetime.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { comparable } from "./comparable.ts";
import {
  asked,
  leasedMember,
  leasingProxy,
  leasingWorld,
  owned,
  put,
  read,
  type LeasedMember,
  type Makers,
} from "./leasing-world.ts";
import type { Maker, RunningProxy } from "./running-proxy.ts";

/** Reads that have to come from memory: the session itself asks once in twenty seconds. */
const READS = 50;
const OTHER_READS = 2;

/** Which members, and whose proxies with the same prefix are before them. */
const WORLDS: readonly Makers[] = [
  ["kvorum", "kvorum", "kvorum"],
  ["kvorum", "kvorum", "etcd"],
  ["kvorum", "etcd", "kvorum"],
  ["etcd", "kvorum", "etcd"],
  ["etcd", "etcd", "kvorum"],
];

/** Whose proxy is killed while it owns a key, and through whose that is written then. */
const KILLED: readonly (readonly [killed: Maker, writing: Maker])[] = [
  ["kvorum", "kvorum"],
  ["kvorum", "etcd"],
  ["etcd", "kvorum"],
];

/** A writer who waits for the key of an owner that was killed. */
interface HeldUp {
  readonly writer: RunningProxy;
  /** How long after the owner's end he has written; undefined: his write has failed. */
  readonly seconds: Promise<number | undefined>;
}

async function heldUp(the: LeasedMember, key: string, [killed, writing]: (typeof KILLED)[number]): Promise<HeldUp> {
  const owner = await leasingProxy(the, killed);
  await put(the.direct, key, "1");
  await owned(the, owner, key);
  owner.kill();
  const beganMs = performance.now();
  const writer = await leasingProxy(the, writing);
  const write = writer.client.kv.put({ key: bytes(key), value: bytes("2") }, { timeoutMs: 90_000 });
  return {
    writer,
    seconds: write.then(
      () => (performance.now() - beganMs) / 1000,
      () => undefined,
    ),
  };
}

/**
 * A lease takes a minute to end: all of these wait for theirs while the other tests run, and are asked about last. They
 * are before one member, each with a key and a prefix of its own.
 */
const waiting = forAll(async () => {
  const the = await leasedMember("kvorum");
  const started = KILLED.map((makers, at) =>
    heldUp({ ...the, prefix: `leasing${String(at)}/` }, `k${String(at)}`, makers),
  );
  return Promise.allSettled(started);
});

const putOp = (key: string, value: string) =>
  ({ request: { case: "requestPut", value: { key: bytes(key), value: bytes(value) } } }) as const;

const readOp = (key: string, more: { readonly minModRevision?: bigint; readonly maxModRevision?: bigint } = {}) =>
  ({ request: { case: "requestRange", value: { key: bytes(key), ...more } } }) as const;
const valueIs = (key: string, value: string) =>
  create(CompareSchema, { key: bytes(key), target: 3, targetUnion: { case: "value", value: bytes(value) } });

/** What a transaction says of keys: revisions in the headers of what is within are not the same from etcd's memory. */
const told = ({ succeeded, responses }: TxnResponse) =>
  comparable({
    succeeded,
    found: responses.map(
      ({ response }) => response.case === "responseRange" && [response.value.kvs, response.value.count],
    ),
  });

/** Counts one further, unless somebody else has at the same time. */
async function step({ client }: RunningProxy): Promise<boolean> {
  const { kvs } = await client.kv.range({ key: bytes("n") });
  const { value, modRevision } = kvs[0]!;
  const targetUnion = { case: "modRevision" as const, value: modRevision };
  const compare = [create(CompareSchema, { key: bytes("n"), target: 2, targetUnion })];
  const success = [putOp("n", String(Number(text(value)) + 1))];
  return (await client.kv.txn({ compare, success })).succeeded;
}

describe.each(WORLDS)("a member of %s, and proxies of %s and %s with the same leasing prefix", (...makers) => {
  // Each test has keys of its own.
  const world = forAll(() => leasingWorld(makers));

  test("reads of an owned key ask nobody", async () => {
    const the = world();
    await put(the.direct, "read", "1");
    await owned(the, the.first, "read");
    await owned(the, the.first, "none");
    const before = await asked(the);
    expect(before).toBeGreaterThan(0);
    for (let time = 0; time < READS; time++) {
      expect([await read(the.first.client, "read"), await read(the.first.client, "none")]).toEqual(["1", undefined]);
    }
    expect((await asked(the)) - before).toBeLessThanOrEqual(OTHER_READS);
  });

  test("a write through one is seen through the other at once, whoever owns the key", async () => {
    const the = world();
    const { first, second } = the;
    await put(first.client, "k", "0");
    for (let round = 1; round <= 8; round++) {
      const [reader, writer] = round % 2 === 0 ? [first, second] : [second, first];
      const key = round % 4 < 2 ? "k" : `k${String(round)}`;
      await owned(the, round % 3 === 0 ? writer : reader, key);
      await put(writer.client, key, String(round));
      for (const { client } of [reader, writer]) expect(await read(client, key)).toBe(String(round));
    }
  });

  test("both write the same counter in transactions, and no step is lost", async () => {
    const { direct, first, second } = world();
    await put(direct, "n", "0");
    let steps = 0;
    const walk = async (proxy: RunningProxy): Promise<void> => {
      for (let time = 0; time < 25; time++) if (await step(proxy)) steps++;
    };
    await Promise.all([walk(first), walk(second), walk(first)]);
    expect(steps).toBeGreaterThan(0);
    for (const { client } of [first, second]) expect(await read(client, "n")).toBe(String(steps));
  });

  test("a transaction that takes a branch of reads of owned keys asks nobody, and sees what another one writes", async () => {
    const the = world();
    const { direct, first, second } = the;
    await put(direct, "t", "1");
    for (const key of ["t", "u"]) await owned(the, first, key);
    const reads = [readOp("t"), readOp("u"), readOp("t", { maxModRevision: 1n })];
    const txns = [
      { compare: [valueIs("t", "1")], success: reads, failure: [putOp("t", "wrong")] },
      {
        compare: [valueIs("t", "2")],
        success: [putOp("t", "wrong")],
        failure: [readOp("t", { minModRevision: 1000n })],
      },
    ];
    const answers = async ({ kv }: Client) => [told(await kv.txn(txns[0]!)), told(await kv.txn(txns[1]!))];
    const wanted = await answers(direct);
    const before = await asked(the);
    for (let time = 0; time < READS; time++) expect(await answers(first.client)).toEqual(wanted);
    expect((await asked(the)) - before).toBeLessThanOrEqual(OTHER_READS);
    await put(second.client, "t", "2");
    const { succeeded } = await first.client.kv.txn({ compare: [valueIs("t", "2")], success: reads, failure: reads });
    expect(succeeded).toBe(true);
  });

  test("who deletes a range takes its keys from their owners, also those that do not exist", async () => {
    const the = world();
    const { first, second } = the;
    for (const key of ["a1", "a2"]) await put(first.client, key, "1");
    for (const key of ["a1", "a2", "a3"]) await owned(the, first, key);
    await owned(the, second, "a4");
    await second.client.kv.deleteRange({ key: bytes("a"), rangeEnd: bytes("b") });
    for (const { client } of [first, second]) {
      for (const key of ["a1", "a2", "a3", "a4"]) expect(await read(client, key)).toBe(undefined);
    }
    await put(second.client, "a1", "2");
    expect(await read(first.client, "a1")).toBe("2");
  });
});

test("the leasing keys are those of a namespace, if there is one", async () => {
  const flags = ["--namespace=ns/", "--experimental-serializable-ordering"];
  const { direct, first, second } = await leasingWorld(["kvorum", "kvorum", "etcd"], ...flags);
  for (const [owner, writer] of [
    [first, second],
    [second, first],
  ] as const) {
    await waitUntil("the key is owned", async () => {
      await owner.client.kv.range({ key: bytes("k") });
      const { count } = await direct.kv.range({ key: bytes("ns/leasing/k"), countOnly: true });
      return count === 1n ? true : undefined;
    });
    await put(writer.client, "k", writer.address);
    expect(await read(owner.client, "k")).toBe(writer.address);
    expect(await read(direct, "ns/k")).toBe(writer.address);
  }
});

test.each(KILLED.map(([killed, writing], at) => ({ killed, writing, at })))(
  "a killed proxy of $killed holds up a writer through that of $writing for no longer than its lease",
  async ({ at }) => {
    const outcome = waiting()[at]!;
    if (outcome.status === "rejected") throw outcome.reason;
    const { writer, seconds } = outcome.value;
    // A lease of sixty seconds that was renewed at most twenty ago; the rest is for a machine that has much to do.
    expect(await seconds).toBeGreaterThan(30);
    expect(await seconds).toBeLessThan(75);
    expect(await read(writer.client, `k${String(at)}`)).toBe("2");
  },
);
