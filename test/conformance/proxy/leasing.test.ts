import { create } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { CompareSchema } from "../../../server/proto/gen/rpc_pb.js";
import { startEtcd, startKvorum, type RunningEtcd } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { startProxy, type Maker, type RunningProxy } from "./running-proxy.ts";

const PREFIX = "--experimental-leasing-prefix=leasing/";

/** Reads that have to come from memory: the session itself asks once in twenty seconds. */
const READS = 50;
const OTHER_READS = 2;

type Makers = [server: Maker, first: Maker, second: Maker];

/** Which members, and whose proxies with the same prefix are before them. */
const WORLDS: Makers[] = [
  ["kvorum", "kvorum", "kvorum"],
  ["kvorum", "kvorum", "etcd"],
  ["kvorum", "etcd", "kvorum"],
  ["etcd", "kvorum", "etcd"],
  ["etcd", "etcd", "kvorum"],
];

interface World {
  readonly member: RunningEtcd;
  readonly direct: Client;
  readonly first: RunningProxy;
  readonly second: RunningProxy;
}

async function world(...[server, first, second]: Makers): Promise<World> {
  const member = await (server === "etcd" ? startEtcd(tempFolder()) : startKvorum(tempFolder()));
  const direct = new Client({ endpoints: [member.endpoint] });
  onTestFinished(() => direct.close());
  const started = (maker: Maker) => startProxy(maker, "grpc-proxy", [member.endpoint.replace("http://", "")], PREFIX);
  return { member, direct, first: await started(first), second: await started(second) };
}

const put = (client: Client, key: string, value: string) => client.kv.put({ key: bytes(key), value: bytes(value) });
const read = async (client: Client, key: string): Promise<string | undefined> => {
  const { kvs } = await client.kv.range({ key: bytes(key) });
  return kvs[0] && text(kvs[0].value);
};
const putOp = (key: string, value: string) =>
  ({ request: { case: "requestPut", value: { key: bytes(key), value: bytes(value) } } }) as const;

/** The leasing keys that are there. */
async function leasingKeys({ direct }: World): Promise<readonly string[]> {
  const { kvs } = await direct.kv.range({ key: bytes("leasing/"), rangeEnd: bytes("leasing0") });
  for (const { lease } of kvs) expect(lease).not.toBe(0n);
  return kvs.map(({ key }) => text(key));
}

/** Reads and transactions that the member has begun so far. */
async function asked({ member }: World): Promise<number> {
  const metrics = await (await fetch(`${member.endpoint}/metrics`)).text();
  const started = metrics.matchAll(/^grpc_server_started_total\{.*grpc_method="(?:Range|Txn)".*\} (.*)$/gm);
  return [...started].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Reads until the key is owned: a session may have to begin, and what was just asked for rests for two seconds. */
async function owned(the: World, { client }: RunningProxy, key: string): Promise<void> {
  await waitUntil(`${key} is owned`, async () => {
    await client.kv.range({ key: bytes(key) });
    return (await leasingKeys(the)).includes(`leasing/${key}`) ? true : undefined;
  });
}

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
  test("reads of an owned key ask nobody", async () => {
    const the = await world(...makers);
    await put(the.direct, "k", "1");
    await owned(the, the.first, "k");
    await owned(the, the.first, "none");
    const before = await asked(the);
    expect(before).toBeGreaterThan(0);
    for (let time = 0; time < READS; time++) {
      expect([await read(the.first.client, "k"), await read(the.first.client, "none")]).toEqual(["1", undefined]);
    }
    expect((await asked(the)) - before).toBeLessThanOrEqual(OTHER_READS);
  });

  test("a write through one is seen through the other at once, whoever owns the key", async () => {
    const the = await world(...makers);
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
    const the = await world(...makers);
    await put(the.direct, "n", "0");
    let steps = 0;
    const walk = async (proxy: RunningProxy): Promise<void> => {
      for (let time = 0; time < 25; time++) if (await step(proxy)) steps++;
    };
    await Promise.all([walk(the.first), walk(the.second), walk(the.first)]);
    expect(steps).toBeGreaterThan(0);
    for (const { client } of [the.first, the.second]) expect(await read(client, "n")).toBe(String(steps));
  });

  test("who deletes a range takes its keys from their owners, also those that do not exist", async () => {
    const the = await world(...makers);
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

test.each([
  ["kvorum", "kvorum"],
  ["kvorum", "etcd"],
] as const)(
  "a killed proxy of %s holds up a writer through that of %s for no longer than its lease",
  async (killed, writing) => {
    const the = await world("kvorum", killed, writing);
    await put(the.direct, "k", "1");
    await owned(the, the.first, "k");
    the.first.kill();
    const beganMs = performance.now();
    await the.second.client.kv.put({ key: bytes("k"), value: bytes("2") }, { timeoutMs: 90_000 });
    const seconds = (performance.now() - beganMs) / 1000;
    // A lease of sixty seconds that was renewed at most twenty ago; the member looks for ended ones twice a second.
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThan(65);
    expect(await read(the.second.client, "k")).toBe("2");
  },
);

test("the leasing keys are those of a namespace, if there is one", async () => {
  const member = await startKvorum(tempFolder());
  const direct = new Client({ endpoints: [member.endpoint] });
  onTestFinished(() => direct.close());
  const flags = [PREFIX, "--namespace=ns/", "--experimental-serializable-ordering"];
  const [first, second] = [
    await startProxy("kvorum", "grpc-proxy", [member.endpoint.replace("http://", "")], ...flags),
    await startProxy("etcd", "grpc-proxy", [member.endpoint.replace("http://", "")], ...flags),
  ];
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
