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

/** A member that is read past the proxies, too, and the prefix by which those before it heed each other. */
export interface LeasedMember {
  readonly member: RunningEtcd;
  readonly direct: Client;
  readonly prefix: string;
}

/** A member, and two proxies before it with the same leasing prefix. */
export interface LeasingWorld extends LeasedMember {
  readonly first: RunningProxy;
  readonly second: RunningProxy;
}

/** Starts a member. */
export async function leasedMember(server: Maker): Promise<LeasedMember> {
  const member = await (server === "etcd" ? startEtcd(tempFolder()) : startKvorum(tempFolder()));
  const direct = new Client({ endpoints: [member.endpoint] });
  atEnd(() => direct.close());
  return { member, direct, prefix: "leasing/" };
}

/** Starts a proxy before the member. */
export function leasingProxy({ member, prefix }: LeasedMember, maker: Maker, ...flags: string[]) {
  const endpoint = member.endpoint.replace("http://", "");
  return startProxy(maker, "grpc-proxy", [endpoint], `--experimental-leasing-prefix=${prefix}`, ...flags);
}

/** Starts the three of them; `flags` are for the proxies. */
export async function leasingWorld([server, ...makers]: Makers, ...flags: string[]): Promise<LeasingWorld> {
  const the = await leasedMember(server);
  const [first, second] = await Promise.all([
    leasingProxy(the, makers[0], ...flags),
    leasingProxy(the, makers[1], ...flags),
  ]);
  return { ...the, first, second };
}

/** Puts a key. */
export const put = (client: Client, key: string, value: string) =>
  client.kv.put({ key: bytes(key), value: bytes(value) });

/** The value of a key; undefined: there is no such key. */
export async function read(client: Client, key: string): Promise<string | undefined> {
  const { kvs } = await client.kv.range({ key: bytes(key) });
  return kvs[0] && text(kvs[0].value);
}

/** Reads until the key is owned: a session may have to begin, and what was just asked for rests for two seconds. */
export async function owned({ direct, prefix }: LeasedMember, { client }: RunningProxy, key: string): Promise<void> {
  await waitUntil(`${key} is owned`, async () => {
    await client.kv.range({ key: bytes(key) });
    const { kvs } = await direct.kv.range({ key: bytes(`${prefix}${key}`) });
    for (const { lease } of kvs) expect(lease).not.toBe(0n);
    return kvs[0] && true;
  });
}

/** Reads and transactions that the member has begun so far. */
export async function asked({ member }: LeasedMember): Promise<number> {
  const metrics = await (await fetch(`${member.endpoint}/metrics`)).text();
  const started = metrics.matchAll(/^grpc_server_started_total\{.*grpc_method="(?:Range|Txn)".*\} (.*)$/gm);
  return [...started].reduce((sum, [, count]) => sum + Number(count), 0);
}
