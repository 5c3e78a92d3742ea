import { expect } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { startEtcd, startKvorum, type RunningEtcd } from "../../support/etcd-binaries.ts";
import { atEnd } from "../../support/lifetime.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { startProxy, type Maker, type RunningProxy } from "./running-proxy.ts";

/** Whose member it is, and whose the two proxies before it. */
export type Makers = readonly [server: Maker, first: Maker, second: Maker];

/** A member, and two proxies before it with the same leasing prefix. */
export interface LeasingWorld {
  readonly member: RunningEtcd;
  /** Past the proxies. */
  readonly direct: Client;
  readonly first: RunningProxy;
  readonly second: RunningProxy;
}

/** Starts the three of them; `flags` are for the proxies. */
export async function leasingWorld([server, first, second]: Makers, ...flags: string[]): Promise<LeasingWorld> {
  const member = await (server === "etcd" ? startEtcd(tempFolder()) : startKvorum(tempFolder()));
  const direct = new Client({ endpoints: [member.endpoint] });
  atEnd(() => direct.close());
  const all = ["--experimental-leasing-prefix=leasing/", ...flags];
  const started = (maker: Maker) => startProxy(maker, "grpc-proxy", [member.endpoint.replace("http://", "")], ...all);
  const [one, two] = await Promise.all([started(first), started(second)]);
  return { member, direct, first: one, second: two };
}

/** Puts a key. */
export const put = (client: Client, key: string, value: string) =>
  client.kv.put({ key: bytes(key), value: bytes(value) });

/** The value of a key; undefined: there is no such key. */
export async function read(client: Client, key: string): Promise<string | undefined> {
  const { kvs } = await client.kv.range({ key: bytes(key) });
  return kvs[0] && text(kvs[0].value);
}

/** The leasing keys that are there. */
export async function leasingKeys({ direct }: LeasingWorld): Promise<readonly string[]> {
  const { kvs } = await direct.kv.range({ key: bytes("leasing/"), rangeEnd: bytes("leasing0") });
  for (const { lease } of kvs) expect(lease).not.toBe(0n);
  return kvs.map(({ key }) => text(key));
}

/** Reads until the key is owned: a session may have to begin, and what was just asked for rests for two seconds. */
export async function owned(the: LeasingWorld, { client }: RunningProxy, key: string): Promise<void> {
  await waitUntil(`${key} is owned`, async () => {
    await client.kv.range({ key: bytes(key) });
    return (await leasingKeys(the)).includes(`leasing/${key}`) ? true : undefined;
  });
}

/** Reads and transactions that the member has begun so far. */
export async function asked({ member }: LeasingWorld): Promise<number> {
  const metrics = await (await fetch(`${member.endpoint}/metrics`)).text();
  const started = metrics.matchAll(/^grpc_server_started_total\{.*grpc_method="(?:Range|Txn)".*\} (.*)$/gm);
  return [...started].reduce((sum, [, count]) => sum + Number(count), 0);
}
