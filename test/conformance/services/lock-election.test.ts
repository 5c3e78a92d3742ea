import { describe, expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { RpcError } from "../../../server/rpc/status.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { bytes } from "../../support/etcd-client.ts";
import { waitUntil } from "../../support/wait-until.ts";

const ALL = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
/** How long a call may wait for its turn. */
const WAIT_MS = 60_000;

/** What two servers can be compared by: no ids of clusters, members or leases that a server has chosen. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: unknown, key: string, json: unknown) {
      const raw = (this as Readonly<Record<string, unknown>>)[key] ?? json;
      if (["clusterId", "memberId", "raftTerm", "$typeName"].includes(key)) return undefined;
      if (raw instanceof Uint8Array) return Buffer.from(raw).toString("latin1");
      return typeof raw === "bigint" ? String(raw) : raw;
    }),
  ) as unknown;
}

async function said(call: Promise<unknown>): Promise<unknown> {
  try {
    return comparable(await call);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return `${String(error.code)}: ${error.message}`;
  }
}

/** Waits until so many keys are there: a call that waits for its turn has got into line. */
async function keysAre(client: Client, count: bigint): Promise<void> {
  await waitUntil("the line is that long", async () => {
    const answer = await client.kv.range({ ...ALL, countOnly: true });
    return answer.count === count ? true : undefined;
  });
}

async function contents(client: Client): Promise<unknown> {
  return comparable((await client.kv.range(ALL)).kvs);
}

type Scenario = (client: Client, tell: (line: unknown) => void) => Promise<void>;

const scenarios: Record<string, Scenario> = {
  "a free lock is had at once, again by the same lease, and by the next when it is unlocked": async (client, tell) => {
    for (const ID of [1n, 2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    tell(await said(client.lock.lock({ name: bytes("l"), lease: 1n })));
    tell(await said(client.lock.lock({ name: bytes("l"), lease: 1n })));
    const second = said(client.lock.lock({ name: bytes("l"), lease: 2n }, { timeoutMs: WAIT_MS }));
    await keysAre(client, 2n);
    tell(await said(client.lock.unlock({ key: bytes("l/1") })));
    tell(await second);
    tell(await contents(client));
    tell(await said(client.lock.unlock({ key: bytes("l/2") })));
    tell(await said(client.lock.unlock({ key: bytes("l/2") })));
    tell(await contents(client));
  },
  "whoever gives up leaves the line, and the others keep their order": async (client, tell) => {
    for (const ID of [1n, 2n, 3n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    await client.lock.lock({ name: bytes("l"), lease: 1n });
    const waiting = new AbortController();
    const second = said(
      client.lock.lock({ name: bytes("l"), lease: 2n }, { timeoutMs: WAIT_MS, signal: waiting.signal }),
    );
    await keysAre(client, 2n);
    const third = said(client.lock.lock({ name: bytes("l"), lease: 3n }, { timeoutMs: WAIT_MS }));
    await keysAre(client, 3n);
    // Not by a deadline: it could be over before the call has got into line.
    waiting.abort();
    tell(await second);
    await keysAre(client, 2n);
    await client.lock.unlock({ key: bytes("l/1") });
    tell(await third);
    tell(await contents(client));
  },
  "a lease that ends while it waits does not get the lock": async (client, tell) => {
    for (const ID of [1n, 2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    await client.lock.lock({ name: bytes("l"), lease: 1n });
    const second = said(client.lock.lock({ name: bytes("l"), lease: 2n }, { timeoutMs: WAIT_MS }));
    await keysAre(client, 2n);
    await client.lease.leaseRevoke({ ID: 2n });
    await client.lease.leaseRevoke({ ID: 1n });
    tell(await second);
    tell(await contents(client));
  },
  "without a lease the server makes one of 60 seconds": async (client, tell) => {
    const { key } = await client.lock.lock({ name: bytes("l") });
    const { leases } = await client.lease.leaseLeases({});
    const ID = leases[0]?.ID ?? 0n;
    tell([leases.length, Buffer.from(key).toString() === `l/${ID.toString(16)}`]);
    const { grantedTTL, keys } = await client.lease.leaseTimeToLive({ ID, keys: true });
    tell([String(grantedTTL), keys.length]);
  },
  "what cannot be": async (client, tell) => {
    tell(await said(client.lock.lock({ name: bytes("l"), lease: 99n })));
    tell(await said(client.lock.unlock({ key: bytes("") })));
    tell(await said(client.election.campaign({ name: bytes("e"), lease: 99n, value: bytes("v") })));
    tell(await said(client.election.leader({ name: bytes("e") })));
    tell(await said(client.election.proclaim({ value: bytes("v") })));
    tell(await said(client.election.resign({})));
    const stranger = { name: bytes("e"), key: bytes("e/7"), rev: 3n, lease: 7n };
    tell(await said(client.election.proclaim({ leader: stranger, value: bytes("v") })));
    tell(await said(client.election.resign({ leader: stranger })));
    tell(await said(client.election.proclaim({ leader: { ...stranger, key: bytes("") }, value: bytes("v") })));
    tell(await said(client.election.resign({ leader: { ...stranger, key: bytes("") } })));
    tell(await contents(client));
  },
  "a line without a name": async (client, tell) => {
    await client.lease.leaseGrant({ ID: 255n, TTL: 60n });
    tell(await said(client.lock.lock({ lease: 255n })));
    tell(await said(client.election.leader({})));
  },
  "a campaign is won, proclaims, is won again and resigns": async (client, tell) => {
    for (const ID of [1n, -2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    const won = await client.election.campaign({ name: bytes("e"), lease: 1n, value: bytes("one") });
    tell(comparable(won));
    const { leader } = won;
    if (!leader) throw new Error("who wins is told as what");
    tell(await said(client.election.leader({ name: bytes("e") })));
    tell(await said(client.election.proclaim({ leader, value: bytes("more") })));
    tell(await said(client.election.campaign({ name: bytes("e"), lease: 1n, value: bytes("once more") })));
    tell(await said(client.election.leader({ name: bytes("e") })));
    const next = said(
      client.election.campaign({ name: bytes("e"), lease: -2n, value: bytes("two") }, { timeoutMs: WAIT_MS }),
    );
    await keysAre(client, 2n);
    tell(await said(client.election.resign({ leader })));
    tell(await next);
    tell(await said(client.election.leader({ name: bytes("e") })));
    tell(await said(client.election.resign({ leader })));
    tell(await said(client.election.proclaim({ leader, value: bytes("too late") })));
    tell(await contents(client));
  },
  "a candidate that gives up leaves the line": async (client, tell) => {
    for (const ID of [1n, 2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    await client.election.campaign({ name: bytes("e"), lease: 1n, value: bytes("one") });
    const waiting = new AbortController();
    const second = said(
      client.election.campaign(
        { name: bytes("e"), lease: 2n, value: bytes("two") },
        { timeoutMs: WAIT_MS, signal: waiting.signal },
      ),
    );
    await keysAre(client, 2n);
    waiting.abort();
    tell(await second);
    await keysAre(client, 1n);
    tell(await contents(client));
  },
  "an observer is told of every leader and of what it proclaims": async (client, tell) => {
    for (const ID of [1n, 2n]) await client.lease.leaseGrant({ ID, TTL: 60n });
    const observed = client.election.observe({ name: bytes("e") });
    const next = async (): Promise<void> => {
      const { value } = await observed[Symbol.asyncIterator]().next();
      tell(comparable(value));
    };
    const { leader } = await client.election.campaign({ name: bytes("e"), lease: 1n, value: bytes("one") });
    if (!leader) throw new Error("who wins is told as what");
    await next();
    await client.election.proclaim({ leader, value: bytes("more") });
    await next();
    const second = client.election.campaign(
      { name: bytes("e"), lease: 2n, value: bytes("two") },
      { timeoutMs: WAIT_MS },
    );
    await keysAre(client, 2n);
    await client.election.resign({ leader });
    await second;
    await next();
    observed.cancel();
  },
};

describe("locks and elections are etcd's", () => {
  test.each(Object.entries(scenarios))("%s", async (_, scenario) => {
    const servers = await Promise.all([startEtcd(tempFolder()), startKvorum(tempFolder())]);
    const [theirs, ours] = await Promise.all(
      servers.map(async ({ endpoint }) => {
        const client = new Client({ endpoints: [endpoint] });
        const lines: unknown[] = [];
        await scenario(client, (line) => lines.push(line));
        client.close();
        return lines;
      }),
    );
    expect(theirs?.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
