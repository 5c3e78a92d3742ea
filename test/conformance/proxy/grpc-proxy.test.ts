import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import {
  CompareSchema,
  TxnRequestSchema,
  WatchCreateRequest_FilterType as FilterType,
} from "../../../server/proto/gen/rpc_pb.js";
import { startEtcd, type RunningEtcd } from "../../support/etcd-binaries.ts";
import { bytes } from "../../support/etcd-client.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { comparable, said } from "./comparable.ts";
import { startProxy, type Maker, type RunningProxy } from "./running-proxy.ts";
import { watchStream } from "./watched.ts";

const ALL = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

const GROUP = ["--resolver-prefix=group", "--resolver-ttl=5"];

interface World {
  readonly maker: Maker;
  readonly member: RunningEtcd;
  /** Straight to the member. */
  readonly direct: Client;
  readonly proxy: RunningProxy;
  /** To the member through the proxy. */
  readonly client: Client;
}

interface Scenario {
  readonly flags?: readonly string[];
  run(world: World, tell: (line: unknown) => void): Promise<void>;
}

const put = (key: string, value = "v") => ({ key: bytes(key), value: bytes(value) });
const putOp = (key: string) => ({ request: { case: "requestPut", value: put(key) } }) as const;
const versionOf = (key: string, value: bigint, result = 0) =>
  create(CompareSchema, { key: bytes(key), targetUnion: { case: "version", value }, result });
const rangeOp = (key: string) => ({ request: { case: "requestRange", value: { key: bytes(key) } } }) as const;
const counters = async ({ proxy }: World) => [
  await proxy.metric("etcd_grpc_proxy_cache_hits_total"),
  await proxy.metric("etcd_grpc_proxy_cache_misses_total"),
  await proxy.metric("etcd_grpc_proxy_cache_keys_total"),
];

const scenarios: Record<string, Scenario> = {
  "keys are written, read, deleted and compacted, and refusals come back as they are": {
    async run({ client }, tell) {
      for (const key of ["a", "b", "c"]) tell(await said(client.kv.put({ ...put(key), prevKv: true })));
      tell(await said(client.kv.put({ ...put("a", "w"), prevKv: true })));
      tell(await said(client.kv.range({ ...ALL, limit: 2n, sortOrder: 2, sortTarget: 0 })));
      tell(await said(client.kv.range({ key: bytes("a"), revision: 2n })));
      tell(await said(client.kv.deleteRange({ key: bytes("b"), rangeEnd: bytes("d"), prevKv: true })));
      const compare = [versionOf("a", 2n)];
      tell(await said(client.kv.txn({ compare, success: [putOp("t"), rangeOp("a")], failure: [rangeOp("b")] })));
      tell(await said(client.kv.txn({ compare: [versionOf("a", 2n, 3)], failure: [rangeOp("t")] })));
      tell(await said(client.kv.compact({ revision: 4n })));
      tell(await said(client.kv.range({ ...ALL, revision: 3n })));
      tell(await said(client.kv.range({ ...ALL, revision: 3n, serializable: true })));
      tell(await said(client.kv.range({ ...ALL, revision: 99n })));
      tell(await said(client.kv.put({ value: bytes("v") })));
      tell(await said(client.kv.put({ ...put("l"), lease: 77n })));
      tell(await said(client.kv.txn({ success: [putOp("x"), putOp("x")] })));
    },
  },
  "serializable reads come from the cache until their keys change through the proxy": {
    async run(world, tell) {
      const { client, direct } = world;
      const read = (key: string, rangeEnd = "") =>
        said(client.kv.range({ key: bytes(key), rangeEnd: bytes(rangeEnd), serializable: true }));
      await client.kv.put(put("a", "1"));
      tell(await read("a"));
      tell(await counters(world));
      await direct.kv.put(put("a", "behind its back"));
      tell(await read("a"));
      tell(await counters(world));
      await client.kv.put(put("b"));
      tell(await read("a"));
      tell(await read("a", "c"));
      await client.kv.put(put("a", "3"));
      tell([await read("a"), await read("a", "c")]);
      await client.kv.deleteRange({ key: bytes("a"), rangeEnd: bytes("c") });
      tell([await read("a"), await read("a", "c")]);
      await client.kv.txn({ success: [putOp("a")] });
      tell([await read("a"), await read("a", "c")]);
      tell(await counters(world));
      await client.kv.range({ key: bytes("z") });
      tell([await read("z"), await counters(world)]);
    },
  },
  "watchers of the same key get the same events, each what it has asked for": {
    async run({ client, direct }, tell) {
      const stream = watchStream(client);
      const other = watchStream(client);
      await stream.create({ key: bytes("w") });
      await stream.create({ key: bytes("w"), prevKv: true });
      await other.create({ key: bytes("w"), filters: [FilterType.NOPUT] });
      await stream.until({ responses: 2 });
      await other.until({ responses: 1 });
      await client.kv.put(put("w", "1"));
      await direct.kv.put(put("w", "2"));
      await direct.kv.txn({ success: [putOp("w1"), putOp("w")] });
      await client.kv.deleteRange({ key: bytes("w") });
      await stream.until({ events: 8 });
      await other.until({ events: 1 });
      await stream.cancel(0n);
      await stream.until({ ended: 1 });
      await client.kv.put(put("w", "5"));
      await stream.until({ events: 9 });
      tell([stream.all(), other.all()]);
    },
  },
  "watches of the past, of a range and of everything": {
    async run({ client }, tell) {
      for (const key of ["a", "b", "c"]) await client.kv.put(put(key));
      const stream = watchStream(client);
      await stream.create({ key: bytes("a"), rangeEnd: bytes("c"), startRevision: 2n });
      await stream.until({ events: 2 });
      await stream.create({ key: bytes("b"), rangeEnd: Uint8Array.of(0), startRevision: 3n });
      await stream.until({ events: 4 });
      await stream.create({ rangeEnd: Uint8Array.of(0), startRevision: 4n });
      await stream.until({ events: 5 });
      await client.kv.put(put("b", "2"));
      await stream.until({ events: 8 });
      tell(stream.all());
    },
  },
  "a watch of what has been compacted is cancelled with the revision that is left": {
    async run({ client }, tell) {
      for (const value of ["1", "2", "3"]) await client.kv.put(put("a", value));
      await client.kv.compact({ revision: 4n });
      const stream = watchStream(client);
      await stream.create({ key: bytes("a"), startRevision: 2n });
      await stream.until({ responses: 2 });
      tell(stream.all());
    },
  },
  "an empty range and a negative revision are no watches": {
    async run({ client }, tell) {
      const stream = watchStream(client);
      await stream.create({ key: bytes("b"), rangeEnd: bytes("a") });
      await stream.until({ responses: 1 });
      await stream.create({ key: bytes("b"), startRevision: -1n });
      await stream.until({ responses: 2 });
      await stream.create({ key: bytes("b") });
      await stream.until({ responses: 3 });
      tell(stream.all());
    },
  },
  "many watchers of a key are one watch of the member": {
    async run({ client, proxy, direct }, tell) {
      const streams = Array.from({ length: 4 }, () => watchStream(client));
      for (const stream of streams) await stream.create({ key: bytes("w") });
      for (const stream of streams) await stream.until({ responses: 1 });
      for (const [at, value] of ["1", "2", "3", "4", "5"].entries()) {
        await direct.kv.put(put("w", value));
        for (const stream of streams) await stream.until({ events: at + 1 });
      }
      tell(streams.map((stream) => stream.all()));
      // The member counts those of the proxy alone; it also looks after the leader by one that is not for this key.
      const watchers = async (): Promise<number> => {
        const text = await (await fetch(`${await memberOf(proxy, direct)}/metrics`)).text();
        return Number(/^etcd_debugging_mvcc_watcher_total (.*)$/m.exec(text)?.[1]);
      };
      tell((await watchers()) <= 3);
    },
  },
  "leases are granted, renewed, described, listed and revoked": {
    async run({ client }, tell) {
      tell(await said(client.lease.leaseGrant({ ID: 7n, TTL: 60n })));
      tell(await said(client.lease.leaseGrant({ ID: 7n, TTL: 60n })));
      await client.kv.put({ ...put("l"), lease: 7n });
      const stream = client.lease.leaseKeepAlive();
      const answers = stream[Symbol.asyncIterator]();
      for (let round = 0; round < 2; round++) {
        await stream.send({ ID: 7n });
        const { value } = (await answers.next()) as { value: { ID: bigint; TTL: bigint } };
        tell(comparable([value.ID, value.TTL]));
      }
      stream.cancel();
      const { grantedTTL, keys } = await client.lease.leaseTimeToLive({ ID: 7n, keys: true });
      tell(comparable([grantedTTL, keys]));
      tell(await said(client.lease.leaseLeases({})));
      tell(await said(client.lease.leaseRevoke({ ID: 7n })));
      tell(await said(client.lease.leaseRevoke({ ID: 7n })));
      tell(await said(client.lease.leaseTimeToLive({ ID: 7n })));
      tell(await said(client.kv.range(ALL)));
    },
  },
  "a namespace is put before all keys and taken off again": {
    flags: ["--namespace=ns/"],
    async run({ client, direct }, tell) {
      await direct.kv.put(put("outside"));
      await direct.kv.put(put("ns0"));
      const stream = watchStream(client);
      await stream.create({ key: bytes("a"), rangeEnd: Uint8Array.of(0), prevKv: true });
      await stream.until({ responses: 1 });
      await direct.lease.leaseGrant({ ID: 9n, TTL: 60n });
      await direct.kv.put({ ...put("other"), lease: 9n });
      tell(await said(client.kv.put({ ...put("a"), lease: 9n })));
      tell(await said(client.kv.put({ ...put("a", "2"), lease: 9n, prevKv: true })));
      tell(await said(client.kv.put(put("b"))));
      tell(await said(client.kv.range(ALL)));
      const compare = [versionOf("a", 2n)];
      const nested = create(TxnRequestSchema, { success: [putOp("d"), rangeOp("a")] });
      const inner = { request: { case: "requestTxn", value: nested } } as const;
      tell(await said(client.kv.txn({ compare, success: [putOp("c"), rangeOp("a"), inner] })));
      tell(await said(client.kv.deleteRange({ key: bytes("b"), rangeEnd: Uint8Array.of(0), prevKv: true })));
      tell(await said(client.kv.put({ value: bytes("v") })));
      const { keys } = await client.lease.leaseTimeToLive({ ID: 9n, keys: true });
      tell(comparable(keys));
      await stream.until({ events: 8 });
      tell(stream.all());
      tell(await said(direct.kv.range(ALL)));
    },
  },
  "members are shown as the proxy itself, or as they are": {
    async run({ client, proxy }, tell) {
      const { members } = await client.cluster.memberList({});
      tell(comparable(members.map(({ clientURLs, name }) => [clientURLs[0] === proxy.address, name])));
    },
  },
  "an empty address to advertise shows the members": {
    flags: ["--advertise-client-url="],
    async run({ client, member, proxy }, tell) {
      const { members } = await client.cluster.memberList({});
      tell(members.map(({ clientURLs, name }) => [clientURLs[0] === member.endpoint, name]));
      tell(await proxy.page("/proxy/health"));
    },
  },
  "a group of proxies is registered under its prefix, and is what clients see": {
    flags: GROUP,
    async run({ client, direct, member, maker, proxy }, tell) {
      const second = await startProxyOf(maker, member, GROUP);
      const named = (text: string): string =>
        text.replaceAll(proxy.address, "first").replaceAll(second.address, "second");
      const listed = await waitUntil("both are listed", async () => {
        const { members } = await second.client.cluster.memberList({});
        return members.length === 2 ? members : undefined;
      });
      tell(listed.map(({ clientURLs, name }) => `${named(clientURLs.join())} ${name}`).toSorted());
      const { kvs } = await direct.kv.range(ALL);
      const records = kvs.map(({ key, value, lease }) => JSON.stringify(comparable([key, value, lease !== 0n])));
      tell(records.map(named).toSorted());
      second.kill();
      await waitUntil("the dead one is gone", async () => {
        const { members } = await client.cluster.memberList({});
        return members.length === 1 ? true : undefined;
      });
    },
  },
  "users log in through the proxy, and their tokens say what they may": {
    async run({ client }, tell) {
      for (const name of ["root", "reader"]) await client.auth.userAdd({ name, password: "p" });
      await client.auth.roleAdd({ name: "r" });
      await client.auth.roleAdd({ name: "root" });
      const perm = { permType: 0, key: bytes("r"), rangeEnd: bytes("s") };
      await client.auth.roleGrantPermission({ name: "r", perm });
      await client.auth.userGrantRole({ user: "reader", role: "r" });
      await client.auth.userGrantRole({ user: "root", role: "root" });
      await client.auth.authEnable({});
      tell(await said(client.kv.range({ key: bytes("r") })));
      const { token } = await client.auth.authenticate({ name: "reader", password: "p" });
      const metadata = { token };
      tell(await said(client.auth.authenticate({ name: "reader", password: "wrong" })));
      tell(await said(client.kv.put(put("r"), { metadata })));
      tell(await said(client.kv.range({ key: bytes("r") }, { metadata })));
      tell(await said(client.kv.range({ key: bytes("x") }, { metadata })));
      const { token: root } = await client.auth.authenticate({ name: "root", password: "p" });
      const stream = watchStream(client, token);
      await stream.create({ key: bytes("r") });
      await stream.until({ responses: 1 });
      await stream.create({ key: bytes("x") });
      await stream.until({ responses: 2 });
      await client.kv.put(put("r"), { metadata: { token: root } });
      await stream.until({ events: 1 });
      tell(stream.all());
      tell(await said(client.auth.userList({}, { metadata: { token: root } })));
    },
  },
  "locks and elections, and what is asked of maintenance": {
    async run({ client }, tell) {
      for (const ID of [1n, 2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
      tell(await said(client.lock.lock({ name: bytes("l"), lease: 1n })));
      const second = said(client.lock.lock({ name: bytes("l"), lease: 2n }, { timeoutMs: 500 }));
      tell(String(await second).split(":")[0]);
      await waitUntil("whoever gave up has left the line", async () =>
        (await client.kv.range({ ...ALL, countOnly: true })).count === 1n ? true : undefined,
      );
      tell(await said(client.lock.unlock({ key: bytes("l/1") })));
      tell(await said(client.election.campaign({ name: bytes("e"), lease: 1n, value: bytes("me") })));
      for await (const leader of client.election.observe({ name: bytes("e") })) {
        tell(comparable(leader.kv?.value));
        break;
      }
      const { version } = await client.maintenance.status({});
      tell(version.startsWith("3.6."));
      tell(await said(client.maintenance.alarm({ action: 0 })));
      let size = 0;
      for await (const { blob } of client.maintenance.snapshot({})) size += blob.length;
      tell(size > 10_000);
    },
  },
  "health and metrics over HTTP": {
    async run({ proxy, member }, tell) {
      // Either asks the member, which has a second to answer: on a busy machine more than once.
      const inTime = (path: string) =>
        waitUntil(`${path} is answered in time`, async () => {
          const page = await proxy.page(path);
          return page.startsWith("503") ? undefined : page;
        });
      for (const path of ["/health", "/proxy/health", "/nowhere"]) tell(await inTime(path));
      const [own, members] = [await proxy.page("/proxy/metrics"), await proxy.page("/metrics")];
      tell(own.match(/^# TYPE etcd_grpc_proxy_.*$/gm)?.toSorted());
      tell([/^etcd_server_has_leader 1$/m.test(members), own.includes("grpc_server_started_total")]);
      await member.stop();
      const noticed = await waitUntil("the end of the member is noticed", async () => {
        const page = await proxy.page("/health");
        return page.startsWith("503") ? page : undefined;
      });
      tell(noticed.slice(0, 40));
    },
  },
};

function startProxyOf(maker: Maker, member: RunningEtcd, flags: readonly string[]): Promise<RunningProxy> {
  return startProxy(maker, "grpc-proxy", [member.endpoint.replace("http://", "")], ...flags);
}

/** The member's own URL, from what it says of itself. */
async function memberOf(_proxy: RunningProxy, direct: Client): Promise<string> {
  const { members } = await direct.cluster.memberList({});
  return members[0]!.clientURLs[0]!;
}

async function storyOf(maker: Maker, scenario: Scenario): Promise<readonly unknown[]> {
  const member = await startEtcd(tempFolder());
  const proxy = await startProxyOf(maker, member, scenario.flags ?? []);
  const direct = new Client({ endpoints: [member.endpoint] });
  const lines: unknown[] = [];
  try {
    await scenario.run({ maker, member, direct, proxy, client: proxy.client }, (line) => lines.push(line));
  } catch (error) {
    throw new Error(`${maker}, after ${JSON.stringify(lines)}: ${String(error)}\n${proxy.log().slice(-2000)}`, {
      cause: error,
    });
  } finally {
    direct.close();
  }
  return lines;
}

describe("our grpc-proxy before a member of real etcd says what etcd's says", () => {
  test.each(Object.entries(scenarios))("%s", async (_what, scenario) => {
    const theirs = await storyOf("etcd", scenario);
    expect(await storyOf("kvorum", scenario)).toEqual(theirs);
  });
});
