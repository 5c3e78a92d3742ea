import { request } from "node:http";
import { expect, test } from "vitest";
import { DomainError, type Fault } from "../../../server/base/domain-error.ts";
import { nodeClock } from "../../../server/host/node-clock.ts";
import { MessageType } from "../../../server/proto/raft-message.ts";
import { encodeMessage } from "../../../server/proto/raft-codec.ts";
import { encodeMessageFrame } from "../../../server/transport/message-codec.ts";
import { PeerClient } from "../../../server/transport/peer-client.ts";
import { peerCalls } from "../../../server/transport/peer-calls.ts";
import { goldenHex } from "../../support/golden.ts";
import { CLUSTER, heartbeat, message, N1, N2, N3, TestMember } from "../../support/peer-member.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly bytes: string;
}

const compatible = {
  "X-Server-Version": "3.6.16",
  "X-Min-Cluster-Version": "3.0.0",
  "X-Etcd-Cluster-ID": "ddf4329fc855aa38",
};

function ask(
  member: TestMember,
  method: string,
  path: string,
  options: { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body } = options;
    // Node would send the body of a GET without its length.
    const headers = {
      ...options.headers,
      ...(body !== undefined && { "Content-Length": String(Buffer.byteLength(body)) }),
    };
    const sent = request(`${member.url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const whole = Buffer.concat(chunks);
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: whole.toString(), bytes: whole.toString("hex") });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What no call takes that is answered, on however slow a machine. */
const CALL_MS = 30_000;

function callsTo(options: { readonly clusterId?: bigint } = {}) {
  const client = new PeerClient({ clock: nodeClock, dialTimeoutMs: CALL_MS });
  return peerCalls({ client, clock: nodeClock, ...options });
}

test.each([
  ["GET", "/nowhere", 404, "404 page not found\n"],
  ["GET", "/raft/nowhere", 404, "404 page not found\n"],
  ["GET", "/raft", 405, "Method Not Allowed\n"],
  ["POST", "/raft", 412, "incompatible version\n"],
  ["GET", "/raft/snapshot", 405, "Method Not Allowed\n"],
  ["POST", "/raft/snapshot", 412, "incompatible version\n"],
  ["POST", "/raft/stream/msgapp/1", 405, "Method Not Allowed\n"],
  ["GET", "/raft/stream/msgapp/1", 412, "incompatible version\n"],
  ["POST", "/members", 405, "Method Not Allowed\n"],
  ["POST", "/version", 405, "Method Not Allowed\n"],
  ["POST", "/downgrade/enabled", 405, "Method Not Allowed\n"],
  ["POST", "/members/hashkv", 405, "Method Not Allowed\n"],
  ["GET", "/members/promote/1", 405, "Method Not Allowed\n"],
  ["POST", "/members/promote/x", 404, "member x not found in cluster\n"],
  ["GET", "/leases", 405, "Method Not Allowed\n"],
])("%s %s without more is answered with %d", async (method, path, status, body) => {
  const answer = await ask(await TestMember.start(N2), method, path);
  expect([answer.status, answer.body]).toEqual([status, body]);
  if (status === 405 && path !== "/leases") expect(answer.headers["allow"]).toBe(method === "GET" ? "POST" : "GET");
});

test.each([
  [{ "X-Server-Version": "2.3.0" }, "incompatible version\n"],
  [{ "X-Server-Version": "nonsense" }, "incompatible version\n"],
  [{ "X-Min-Cluster-Version": "3.7.0" }, "incompatible version\n"],
  [{ "X-Server-Version": "3.7.0" }, undefined],
  [{ "X-Etcd-Cluster-ID": "1" }, "cluster ID mismatch\n"],
  [{ "X-Etcd-Cluster-ID": "" }, "cluster ID mismatch\n"],
])("a POST to /raft with %j is checked as etcd does", async (headers, body) => {
  const two = await TestMember.start(N2);
  const answer = await ask(two, "POST", "/raft", {
    headers: { ...compatible, ...headers },
    body: encodeMessage(heartbeat(1)),
  });
  if (body === undefined) expect(answer.status).toBe(204);
  else expect([answer.status, answer.body]).toEqual([412, body]);
  expect(answer.headers["x-etcd-cluster-id"]).toBe("ddf4329fc855aa38");
});

test.each([
  ["/raft/stream/other/1", {}, 404, "invalid path\n"],
  ["/raft/stream/msgapp/xyz", {}, 404, "invalid from\n"],
  ["/raft/stream/msgapp/69aa302db9d76d0a", { "X-Raft-To": "c1dda8f7168399ba" }, 410, "removed member\n"],
  ["/raft/stream/msgapp/77", { "X-Raft-To": "c1dda8f7168399ba" }, 404, "error sender not found\n"],
  ["/raft/stream/message/9ee4bcfe6709567f", { "X-Raft-To": "1" }, 412, "to field mismatch\n"],
  ["/raft/stream/message/9ee4bcfe6709567f", {}, 412, "to field mismatch\n"],
])("a stream %s with %j is refused with %d", async (path, headers, status, body) => {
  const two = await TestMember.start(N2);
  two.handlers.removedIds.add(N3);
  two.handlers.unknownIds.add(0x77n);
  const answer = await ask(two, "GET", path, { headers: { ...compatible, ...headers } });
  expect([answer.status, answer.body]).toEqual([status, body]);
  expect(answer.headers["x-server-version"]).toBe("3.6.16");
  expect(answer.headers["x-etcd-cluster-id"]).toBe("ddf4329fc855aa38");
});

test("a recorded append is taken from the pipeline and answered with 204 and nothing", async () => {
  const three = await TestMember.start(N3);
  const answer = await ask(three, "POST", "/raft", {
    headers: compatible,
    body: goldenHex("peer/pipeline-msgapp-1-entry.hex"),
  });
  expect([answer.status, answer.body]).toEqual([204, ""]);
  expect(three.handlers.received).toMatchObject([{ type: MessageType.App, to: N3, from: N2, term: 5, index: 85 }]);
});

test("a POST to /raft that is no message, or not for us, is refused", async () => {
  const two = await TestMember.start(N2);
  const post = (body: Uint8Array) => ask(two, "POST", "/raft", { headers: compatible, body });
  expect(await post(Uint8Array.of(0xff, 0xff))).toMatchObject({
    status: 400,
    body: "error unmarshalling raft message\n",
  });
  const wrong = await post(encodeMessage(heartbeat(1, N3)));
  expect(wrong).toMatchObject({ status: 500, body: "error processing raft message\n" });
  expect(two.handlers.received).toEqual([]);
});

test("a snapshot with a bad envelope is refused", async () => {
  const two = await TestMember.start(N2);
  const post = (body: Uint8Array) => ask(two, "POST", "/raft/snapshot", { headers: compatible, body });
  expect(await post(Uint8Array.of(1, 2))).toMatchObject({
    status: 400,
    body: "failed to decode raft message (unexpected EOF)\n",
  });
  expect(await post(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0))).toMatchObject({ status: 400 });
  expect(await post(encodeMessageFrame(heartbeat(1)))).toMatchObject({
    status: 400,
    body: "wrong raft message type\n",
  });
});

test("a recorded snapshot's envelope is taken apart from its database", async () => {
  const three = await TestMember.start(N3);
  let database = "";
  three.handlers.onSnapshot = async ({ snapshot, from }, body) => {
    expect([from, snapshot?.metadata.index]).toEqual([N1, 79]);
    for await (const chunk of body) database += Buffer.from(chunk).toString();
  };
  const body = Buffer.concat([goldenHex("peer/snapshot-envelope-full.hex"), Buffer.from("the database")]);
  expect(await ask(three, "POST", "/raft/snapshot", { headers: compatible, body })).toMatchObject({
    status: 204,
    body: "",
  });
  expect(database).toBe("the database");
});

test("a newer snapshot ends an older one that is still coming in", async () => {
  const two = await TestMember.start(N2);
  const outcomes: string[] = [];
  const begun = Promise.withResolvers<undefined>();
  two.handlers.onSnapshot = async (_message, body) => {
    begun.resolve(undefined);
    try {
      for await (const _ of body);
      outcomes.push("whole");
    } catch (error) {
      outcomes.push("cut");
      throw error;
    }
  };
  const confState = { voters: [N2], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const snapshot = { data: undefined, metadata: { confState, index: 7, term: 2 } };
  const frame = encodeMessageFrame(message({ type: MessageType.Snap, snapshot }));
  const first = request(`${two.url}/raft/snapshot`, { method: "POST", headers: compatible, agent: false });
  const failed = new Promise((resolve) => first.once("error", resolve));
  first.write(Buffer.concat([frame, Buffer.from("a part")]));
  await begun.promise;
  const second = await ask(two, "POST", "/raft/snapshot", { headers: compatible, body: frame });
  expect(second.status).toBe(204);
  await failed;
  expect(outcomes).toEqual(["cut", "whole"]);
});

test("probing tells the time as etcd's prober reads it", async () => {
  const answer = await ask(await TestMember.start(N2), "GET", "/raft/probing");
  expect(answer.body).toMatch(/^\{"OK":true,"Now":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"\}\n$/);
});

test("members are listed by id as etcd lists them, with ids beyond 2^53", async () => {
  const two = await TestMember.start(N2);
  const members = [
    { id: N2, name: "n2", peerUrls: ["http://b"], clientUrls: ["http://c"], isLearner: false },
    { id: N3, name: "", peerUrls: ["http://a"], clientUrls: [], isLearner: true },
  ];
  two.handlers.members = () => members;
  const answer = await ask(two, "GET", "/members");
  expect(answer.body).toBe(
    `[{"id":7613951092972809482,"peerURLs":["http://a"],"isLearner":true},` +
      `{"id":13969507398361258426,"peerURLs":["http://b"],"name":"n2","clientURLs":["http://c"]}]\n`,
  );
  expect(answer.headers["x-etcd-cluster-id"]).toBe("ddf4329fc855aa38");
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(await callsTo().members([two.url], CALL_MS)).toEqual({ clusterId: CLUSTER, members: members.toReversed() });
});

test("the version says last that this is Kvorum, and is read back", async () => {
  const two = await TestMember.start(N2);
  const version = { etcdserver: "3.6.16", etcdcluster: "not_decided", storage: "3.6.0", kvorum: "0.1.0" };
  two.handlers.version = () => version;
  expect((await ask(two, "GET", "/version")).body).toBe(
    `{"etcdserver":"3.6.16","etcdcluster":"not_decided","storage":"3.6.0","kvorum":"0.1.0"}`,
  );
  expect(await callsTo().version([two.url], CALL_MS)).toEqual(version);
});

test("a hash goes there and back as etcd writes it", async () => {
  const two = await TestMember.start(N2);
  two.handlers.hashKv = (revision) =>
    revision === 9
      ? Promise.reject(new DomainError("compacted"))
      : Promise.resolve({ revision: 7, hash: 2386039210, compactRevision: 3, hashRevision: revision || 7 });
  const answer = await ask(two, "GET", "/members/hashkv", { body: `{"revision":7}` });
  expect(answer.body).toBe(`{"header":{"revision":7},"hash":2386039210,"compact_revision":3,"hash_revision":7}`);
  const calls = callsTo({ clusterId: CLUSTER });
  expect(await calls.hashKv([two.url], 0, CALL_MS)).toMatchObject({ hash: 2386039210, hashRevision: 7 });
  await expect(calls.hashKv([two.url], 9, CALL_MS)).rejects.toMatchObject({ fault: "compacted" });
  await expect(callsTo({ clusterId: 5n }).hashKv([two.url], 7, CALL_MS)).rejects.toMatchObject({
    fault: "cluster-id-mismatch",
  });
  expect(await ask(two, "GET", "/members/hashkv", { body: "x" })).toMatchObject({
    status: 400,
    body: "error unmarshalling request\n",
  });
});

test("leases are renewed and asked about with etcd's bytes", async () => {
  const two = await TestMember.start(N2);
  const id = 0x14d5fa3f0973f4d8n >> 0n;
  two.handlers.renewLease = () => Promise.resolve(60);
  two.handlers.leaseTimeToLive = (lease, keys) =>
    Promise.resolve({ id: lease, ttl: 59, grantedTtl: 60, keys: keys ? [Buffer.from("lk")] : [] });
  const renewed = await ask(two, "POST", "/leases", { body: Buffer.from("08839abcffc2bfa8dd19", "hex") });
  expect([renewed.status, renewed.bytes]).toEqual([200, "10839abcffc2bfa8dd19183c"]);
  const told = await ask(two, "POST", "/leases/internal", { body: Buffer.from("0a0c08839abcffc2bfa8dd191001", "hex") });
  expect(told.bytes).toBe("0a140a0010839abcffc2bfa8dd19183b203c2a026c6b");
  const calls = callsTo();
  expect(await calls.renewLease([two.url], id, CALL_MS)).toBe(60);
  const answer = await calls.leaseTimeToLive([two.url], -5n, true, CALL_MS);
  expect({ ...answer, keys: answer.keys.map((key) => Buffer.from(key).toString()) }).toEqual({
    id: -5n,
    ttl: 59,
    grantedTtl: 60,
    keys: ["lk"],
  });
});

test.each<[Fault, number, string, number, string]>([
  ["lease-not-found", 404, "lease not found\n", 404, "lease not found\n"],
  ["not-primary-lessor", 400, "not a primary lessor\n", 500, "not a primary lessor\n"],
  [
    "timeout-wait-applied",
    408,
    "waiting for node to catch up its applied index has timed out\n",
    408,
    "waiting for node to catch up its applied index has timed out\n",
  ],
])("%s about a lease is answered as etcd does", async (fault, renewStatus, renewBody, askStatus, askBody) => {
  const two = await TestMember.start(N2);
  two.handlers.renewLease = () => Promise.reject(new DomainError(fault));
  two.handlers.leaseTimeToLive = () => Promise.reject(new DomainError(fault));
  const renewed = await ask(two, "POST", "/leases", { body: Buffer.from("0805", "hex") });
  expect([renewed.status, renewed.body]).toEqual([renewStatus, renewBody]);
  const told = await ask(two, "POST", "/leases/internal", { body: Buffer.from("0a020805", "hex") });
  expect([told.status, told.body]).toEqual([askStatus, askBody]);
  const isFault = fault !== "not-primary-lessor";
  await expect(callsTo().renewLease([two.url], 5n, CALL_MS)).rejects.toMatchObject(
    isFault ? { fault } : { message: expect.stringContaining(two.url) },
  );
});

test("a body about leases that is too long or no message is refused", async () => {
  const two = await TestMember.start(N2);
  expect(await ask(two, "POST", "/leases", { body: new Uint8Array(65_537) })).toMatchObject({ status: 413 });
  expect(await ask(two, "POST", "/leases/internal", { body: "zz" })).toMatchObject({
    status: 400,
    body: "error unmarshalling request\n",
  });
});

test.each<[Fault, number, string]>([
  ["member-not-found", 404, "membership: ID not found\n"],
  ["member-not-learner", 412, "membership: can only promote a learner member\n"],
  ["learner-not-ready", 412, "etcdserver: can only promote a learner member which is in sync with leader\n"],
  ["timeout", 408, "etcdserver: request timed out\n"],
  ["not-leader", 500, `{"message":"Internal Server Error"}`],
])("a promotion that ends in %s says so in etcd's way", async (fault, status, body) => {
  const two = await TestMember.start(N2);
  two.handlers.promote = () => Promise.reject(new DomainError(fault));
  const answer = await ask(two, "POST", `/members/promote/${String(N3)}`);
  expect([answer.status, answer.body]).toEqual([status, body]);
  const failure = callsTo().promote([two.url], N3, CALL_MS);
  await expect(failure).rejects.toMatchObject(status === 500 ? { message: expect.stringContaining("500") } : { fault });
});

test("a promotion that succeeds lists the members", async () => {
  const two = await TestMember.start(N2);
  const member = { id: N2, name: "n2", peerUrls: ["http://b"], clientUrls: [], isLearner: false };
  two.handlers.promote = (id) => Promise.resolve([{ ...member, id }]);
  expect(await callsTo().promote([two.url], N3, CALL_MS)).toEqual([{ ...member, id: N3 }]);
});

test("whether a downgrade goes on is told as text", async () => {
  const two = await TestMember.start(N2);
  expect((await ask(two, "GET", "/downgrade/enabled")).body).toBe("false");
  expect(await callsTo().downgradeEnabled([two.url], CALL_MS)).toBe(false);
  two.handlers.downgradeEnabled = () => Promise.reject(new DomainError("timeout"));
  expect(await ask(two, "GET", "/downgrade/enabled")).toMatchObject({
    status: 500,
    body: "failed linearized read: etcdserver: request timed out\n",
  });
});

test("a call goes to the next URL when one does not answer, and names what failed", async () => {
  const two = await TestMember.start(N2);
  expect((await callsTo().version(["http://127.0.0.1:1", two.url], CALL_MS)).etcdserver).toBe("3.6.16");
  await expect(callsTo().version(["http://127.0.0.1:1"], CALL_MS)).rejects.toThrow("GET http://127.0.0.1:1/version: ");
});

test("what is no outcome is a bug", async () => {
  const two = await TestMember.start(N2);
  const bug = new Error("broken");
  two.handlers.promote = () => Promise.reject(bug);
  const answer = ask(two, "POST", "/members/promote/1").catch(() => undefined);
  await expect.poll(() => two.bugs).toEqual([bug]);
  await two.cut();
  await answer;
});
