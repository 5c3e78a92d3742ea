import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { fakeEtcd } from "../../support/fake-etcd.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function clientOf(...options: ConstructorParameters<typeof Client>): Client {
  const client = new Client(...options);
  onTestFinished(() => client.close());
  return client;
}

/** A port that takes connections and says nothing, as a machine does that has lost its power behind a switch. */
async function silentEndpoint(): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
}

/** A port that refuses. */
async function refusingEndpoint(): Promise<string> {
  const { endpoint, stop } = await fakeEtcd({});
  stop();
  return endpoint;
}

/** What no call takes that is answered, on however slow a machine. */
const LONG_MS = 30_000;

const range = { kv: { range: () => ({ count: 1n }) } };
const refuse = (): never => {
  throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner");
};
const unavailable = (): never => {
  throw new RpcError(Code.UNAVAILABLE, "etcdserver: request timed out");
};

test.each([
  ["refuses connections", refusingEndpoint],
  ["takes connections and says nothing", silentEndpoint],
])("a read goes on at the next endpoint when the first %s", async (_what, endpointOf) => {
  const good = await fakeEtcd(range);
  const client = clientOf({ endpoints: [await endpointOf(), good.endpoint] });
  expect((await client.kv.range({}, { timeoutMs: LONG_MS })).count).toBe(1n);
  expect(good.calls).toEqual(["Range"]);
});

test.each([
  ["refuses connections", refusingEndpoint],
  ["takes connections and says nothing", silentEndpoint],
])("a change goes on at the next endpoint when the first %s, for it was never sent", async (_what, endpointOf) => {
  const good = await fakeEtcd({ kv: { put: () => ({}) } });
  const client = clientOf({ endpoints: [await endpointOf(), good.endpoint] });
  await client.kv.put({}, { timeoutMs: LONG_MS });
  expect(good.calls).toEqual(["Put"]);
});

test("a read goes on at the next endpoint when the first member cannot answer", async () => {
  const bad = await fakeEtcd({ kv: { range: unavailable } });
  const good = await fakeEtcd(range);
  await clientOf({ endpoints: [bad.endpoint, good.endpoint] }).kv.range({});
  expect([bad.calls, good.calls]).toEqual([["Range"], ["Range"]]);
});

test("a read goes on at the next endpoint when the first member takes the call and never answers", async () => {
  const bad = await fakeEtcd({ kv: { range: () => new Promise(() => {}) } });
  const good = await fakeEtcd(range);
  await clientOf({ endpoints: [bad.endpoint, good.endpoint] }).kv.range({}, { timeoutMs: 6000 });
  expect([bad.calls, good.calls]).toEqual([["Range"], ["Range"]]);
});

test("a change that was sent is never sent again, for it may have happened", async () => {
  const bad = await fakeEtcd({ kv: { put: unavailable } });
  const good = await fakeEtcd({ kv: { put: () => ({}) } });
  const put = clientOf({ endpoints: [bad.endpoint, good.endpoint] }).kv.put({});
  await expect(put).rejects.toMatchObject({ code: Code.UNAVAILABLE, message: "etcdserver: request timed out" });
  expect([bad.calls, good.calls]).toEqual([["Put"], []]);
});

test("what a learner refuses is asked of each other member once", async () => {
  const learners = [await fakeEtcd({ kv: { put: refuse } }), await fakeEtcd({ kv: { put: refuse } })];
  const voter = await fakeEtcd({ kv: { put: () => ({}) } });
  const endpoints = learners.map(({ endpoint }) => endpoint);
  await clientOf({ endpoints: [...endpoints, voter.endpoint] }).kv.put({});
  expect(voter.calls).toEqual(["Put"]);
  await expect(clientOf({ endpoints }).kv.put({})).rejects.toThrow("rpc not supported for learner");
  expect(learners.map(({ calls }) => calls.length)).toEqual([2, 2]);
});

test("a refusal is the answer: no other member is asked", async () => {
  const bad = await fakeEtcd({
    kv: {
      range: () => {
        throw new RpcError(Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted");
      },
    },
  });
  const good = await fakeEtcd(range);
  const answer = clientOf({ endpoints: [bad.endpoint, good.endpoint] }).kv.range({});
  await expect(answer).rejects.toMatchObject({ code: Code.OUT_OF_RANGE });
  expect(good.calls).toEqual([]);
});

test("the endpoint that answered is kept", async () => {
  const good = await fakeEtcd(range);
  const other = await fakeEtcd(range);
  const client = clientOf({ endpoints: [await refusingEndpoint(), good.endpoint, other.endpoint] });
  for (let call = 0; call < 3; call++) await client.kv.range({});
  expect([good.calls.length, other.calls.length]).toEqual([3, 0]);
});

test("when nobody answers, the call ends at its deadline and says so", async () => {
  const client = clientOf({ endpoints: [await refusingEndpoint(), await refusingEndpoint()] });
  const startMs = performance.now();
  const answer = client.kv.range({}, { timeoutMs: 400 });
  await expect(answer).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  // Without a deadline of its own it would have ended after five seconds.
  expect(performance.now() - startMs).toBeLessThan(4500);
});

test("a stream that a member ends for want of a leader leaves it; one that the caller leaves does not", async () => {
  const first = await fakeEtcd({
    maintenance: {
      async *snapshot() {
        yield { blob: new Uint8Array(10), remainingBytes: 0n };
        unavailable();
      },
    },
    kv: range.kv,
  });
  const second = await fakeEtcd(range);
  const client = clientOf({ endpoints: [first.endpoint, second.endpoint] });
  for await (const { blob } of client.maintenance.snapshot({})) {
    expect(blob.length).toBe(10);
    break;
  }
  await client.kv.range({});
  expect([first.calls.length, second.calls.length]).toEqual([2, 0]);
  const all = async (): Promise<void> => {
    for await (const { blob } of client.maintenance.snapshot({})) expect(blob.length).toBe(10);
  };
  await expect(all()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  await client.kv.range({});
  expect(second.calls).toEqual(["Range"]);
});

interface TlsCase {
  readonly what: string;
  /** Whom the certificate is for. */
  readonly hosts: readonly string[];
  readonly host: string;
  readonly serverName?: string;
  readonly isGood: boolean;
}

const tlsCases: readonly TlsCase[] = [
  { what: "an address that the certificate has", hosts: ["127.0.0.1"], host: "127.0.0.1", isGood: true },
  { what: "an address that it has not", hosts: ["10.1.1.1"], host: "127.0.0.1", isGood: false },
  { what: "an address, with a certificate for names alone", hosts: ["localhost"], host: "127.0.0.1", isGood: false },
  { what: "a name that the certificate has", hosts: ["localhost"], host: "localhost", isGood: true },
  { what: "a name that it has not", hosts: ["example.org"], host: "localhost", isGood: false },
  {
    what: "an address whose member is known by name",
    hosts: ["x-0.x-peers.ns.svc"],
    host: "127.0.0.1",
    serverName: "x-0.x-peers.ns.svc",
    isGood: true,
  },
  { what: "the wrong name of a member", hosts: ["x-0.x"], host: "127.0.0.1", serverName: "x-1.x", isGood: false },
];

test.each(tlsCases)("TLS to $what: connected $isGood", async ({ hosts, host, serverName, isGood }) => {
  const authority = await TestAuthority.make(tempFolder(), "test");
  const { certFile, keyFile } = await authority.issue("server", hosts, "member");
  const member = await fakeEtcd(range, { tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) } });
  const client = clientOf({
    endpoints: [`https://${member.endpoint.replace("127.0.0.1", host)}`],
    tls: { ca: readFileSync(authority.caFile), ...(serverName !== undefined && { serverName }) },
  });
  if (isGood) {
    expect((await client.kv.range({}, { timeoutMs: LONG_MS })).count).toBe(1n);
    return;
  }
  // A stream is tried once; a call again and again until its deadline, which may come while it connects.
  const tried = async (): Promise<void> => {
    for await (const _ of client.maintenance.snapshot({}));
  };
  await expect(tried()).rejects.toThrow(/does not match certificate.s altnames/);
});

test("a client without endpoints is refused", () => {
  expect(() => new Client({ endpoints: [] })).toThrow("a client needs at least one endpoint");
});
