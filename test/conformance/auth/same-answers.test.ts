import { expect, test } from "vitest";
import type { CallOptions } from "../../../server/client/calls.ts";
import { Client } from "../../../server/client/client.ts";
import { Permission_Type as Type } from "../../../server/proto/gen/auth_pb.js";
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from "../../../server/proto/gen/rpc_pb.js";
import { answerOf } from "../../support/compared-answers.ts";
import { bytes } from "../../support/etcd-client.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";

type Make = (client: Client, options: CallOptions) => Promise<unknown>;

const range = (key: string, rangeEnd = "") => ({ key: bytes(key), rangeEnd: bytes(rangeEnd) });
const put =
  (key: string, more: object = {}): Make =>
  (client, options) =>
    client.kv.put({ key: bytes(key), value: bytes("v"), ...more }, options);
const get =
  (key: string, rangeEnd = "", serializable = false): Make =>
  (client, options) =>
    client.kv.range({ ...range(key, rangeEnd), serializable }, options);
const del =
  (key: string, rangeEnd = "", prevKv = false): Make =>
  (client, options) =>
    client.kv.deleteRange({ ...range(key, rangeEnd), prevKv }, options);
const txn =
  (request: Parameters<Client["kv"]["txn"]>[0]): Make =>
  (client, options) =>
    client.kv.txn(request, options);
const rangeOp = (key: string) => ({ request: { case: "requestRange" as const, value: range(key) } });
const putOp = (key: string, lease = 0n) => ({
  request: { case: "requestPut" as const, value: { key: bytes(key), lease } },
});
const user =
  (name: string, password = ""): Make =>
  (client, options) =>
    client.auth.userAdd({ name, password, options: { noPassword: password === "" } }, options);
const grant =
  (name: string, permType: Type, key: string, rangeEnd = ""): Make =>
  (client, options) =>
    client.auth.roleGrantPermission({ name, perm: { permType, ...range(key, rangeEnd) } }, options);
/** What is told differs between any two clusters; whether it is told must not. */
const only =
  (make: Make): Make =>
  async (client, options) => {
    await make(client, options);
    return {};
  };

/** alice may read and write `a…`, read `r`, write `w`; bob may do nothing; carol logs in by a certificate only. */
const SETUP: Readonly<Record<string, Make>> = {
  "auth on without root": (c, o) => c.auth.authEnable({}, o),
  root: user("root", "rootpw"),
  "root again": user("root", "x"),
  "auth on without root's role": (c, o) => c.auth.authEnable({}, o),
  "root's role": (c, o) => c.auth.userGrantRole({ user: "root", role: "root" }, o),
  alice: user("alice", "alicepw"),
  bob: user("bob", "bobpw"),
  carol: user("carol"),
  "no name": user("", "x"),
  "a long password": user("dave", "x".repeat(73)),
  "a role": (c, o) => c.auth.roleAdd({ name: "some" }, o),
  "no role": (c, o) => c.auth.roleAdd({ name: "" }, o),
  "a role for alice": (c, o) => c.auth.userGrantRole({ user: "alice", role: "some" }, o),
  "a role for alice again": (c, o) => c.auth.userGrantRole({ user: "alice", role: "some" }, o),
  "an unknown role": (c, o) => c.auth.userGrantRole({ user: "alice", role: "x" }, o),
  "a role for nobody": (c, o) => c.auth.userGrantRole({ user: "x", role: "some" }, o),
  "a range": grant("some", Type.READWRITE, "a", "b"),
  "a key to read": grant("some", Type.READ, "r"),
  "a key to write": grant("some", Type.WRITE, "w"),
  "no permission": (c, o) => c.auth.roleGrantPermission({ name: "some" }, o),
  "no key": grant("some", Type.READ, ""),
  "an empty range": grant("some", Type.READ, "b", "a"),
  "a login while auth is off": (c, o) => c.auth.authenticate({ name: "alice", password: "alicepw" }, o),
  state: (c, o) => c.auth.authStatus({}, o),
  keys: put("a1"),
  "more keys": put("z"),
  "alice's lease": (c, o) => c.lease.leaseGrant({ ID: 1n, TTL: 1000n }, o),
  "another lease": (c, o) => c.lease.leaseGrant({ ID: 2n, TTL: 1000n }, o),
  "a key under alice's": put("a2", { lease: 1n }),
  "a key under the other": put("z2", { lease: 2n }),
  "auth on": (c, o) => c.auth.authEnable({}, o),
};

/** Asked by each caller in turn, in this order. */
const CALLS: Readonly<Record<string, Make>> = {
  "get what is granted": get("a1"),
  "get a range that is granted": get("a", "b", true),
  "get more than is granted": get("a", "c"),
  "get all": get("\0", "\0"),
  "get without a key": get(""),
  "get what may only be written": get("w"),
  "put what is granted": put("a1", { prevKv: true }),
  "put what may only be read": put("r"),
  "put what may only be written": put("w"),
  "put it and see what was there": put("w", { prevKv: true }),
  "put under one's own lease": put("a3", { lease: 1n }),
  "put under another lease": put("a3", { lease: 2n }),
  "put under no lease": put("a3", { lease: 9n }),
  "delete what is granted": del("a3", "", true),
  "delete more": del("a", "\0"),
  "a txn that is granted": txn({ compare: [range("r")], success: [putOp("w")], failure: [rangeOp("a1")] }),
  "a compare that is not": txn({ compare: [range("w")], success: [rangeOp("a1")] }),
  "a txn to read": txn({ success: [rangeOp("a1")], failure: [rangeOp("r")] }),
  "a txn to read more": txn({ success: [rangeOp("a1")], failure: [rangeOp("z")] }),
  "an empty txn": txn({}),
  "a txn within": txn({ failure: [{ request: { case: "requestTxn", value: { success: [putOp("z")] } } }] }),
  "a txn with a lease": txn({ success: [putOp("a3", 2n)] }),
  compact: (c, o) => c.kv.compact({ revision: 1n }, o),
  "grant a lease": (c, o) => c.lease.leaseGrant({ ID: 1n, TTL: 10n }, o),
  "revoke another lease": (c, o) => c.lease.leaseRevoke({ ID: 7n }, o),
  "look at one's lease": only((c, o) => c.lease.leaseTimeToLive({ ID: 1n, keys: true }, o)),
  "look at another's keys": only((c, o) => c.lease.leaseTimeToLive({ ID: 2n, keys: true }, o)),
  "look at another lease": only((c, o) => c.lease.leaseTimeToLive({ ID: 2n }, o)),
  "look at no lease": (c, o) => c.lease.leaseTimeToLive({ ID: 9n, keys: true }, o),
  "list leases": only((c, o) => c.lease.leaseLeases({}, o)),
  "keep one's lease": (c, o) => firstOf(c.lease.leaseKeepAlive(o), { ID: 1n }),
  "keep another's": (c, o) => firstOf(c.lease.leaseKeepAlive(o), { ID: 2n }),
  "keep none": (c, o) => firstOf(c.lease.leaseKeepAlive(o), { ID: 9n }),
  "watch what is granted": (c, o) => watched(c, o, "a", "b"),
  "watch more": (c, o) => watched(c, o, "a", "\0"),
  "watch from before the beginning": (c, o) => watched(c, o, "z", "", -1n),
  members: only((c, o) => c.cluster.memberList({}, o)),
  "add a member with a bad URL": (c, o) => c.cluster.memberAdd({ peerURLs: ["x"] }, o),
  "remove a member that is none": (c, o) => c.cluster.memberRemove({ ID: 5n }, o),
  "promote a member that is none": (c, o) => c.cluster.memberPromote({ ID: 5n }, o),
  status: only((c, o) => c.maintenance.status({}, o)),
  alarms: (c, o) => c.maintenance.alarm({ action: AlarmAction.GET }, o),
  disarm: (c, o) => c.maintenance.alarm({ action: AlarmAction.DEACTIVATE, alarm: AlarmType.NOSPACE }, o),
  defragment: (c, o) => c.maintenance.defragment({}, o),
  hash: only((c, o) => c.maintenance.hash({}, o)),
  "hash of keys": only((c, o) => c.maintenance.hashKV({}, o)),
  "move the leader": (c, o) => c.maintenance.moveLeader({ targetID: 5n }, o),
  snapshot: only((c, o) => drained(c.maintenance.snapshot({}, o))),
  "state of auth": (c, o) => c.auth.authStatus({}, o),
  "add a user": (c, o) => c.auth.userAdd({ name: "", password: "x" }, o),
  "look at oneself": (c, o) => c.auth.userGet({ name: "alice" }, o),
  "look at root": (c, o) => c.auth.userGet({ name: "root" }, o),
  "look at nobody": (c, o) => c.auth.userGet({ name: "x" }, o),
  "list users": (c, o) => c.auth.userList({}, o),
  "delete root": (c, o) => c.auth.userDelete({ name: "root" }, o),
  "take root's role": (c, o) => c.auth.userRevokeRole({ name: "root", role: "root" }, o),
  "take a role that was not granted": (c, o) => c.auth.userRevokeRole({ name: "bob", role: "some" }, o),
  "a password for nobody": (c, o) => c.auth.userChangePassword({ name: "x", password: "x" }, o),
  "look at one's role": (c, o) => c.auth.roleGet({ role: "some" }, o),
  "look at the role of root": (c, o) => c.auth.roleGet({ role: "root" }, o),
  "list roles": (c, o) => c.auth.roleList({}, o),
  "delete the role of root": (c, o) => c.auth.roleDelete({ role: "root" }, o),
  "delete no role": (c, o) => c.auth.roleDelete({ role: "x" }, o),
  "revoke what was not granted": (c, o) => c.auth.roleRevokePermission({ role: "some", ...range("a") }, o),
  "auth on again": (c, o) => c.auth.authEnable({}, o),
};

const LOGINS: readonly (readonly [name: string, password: string])[] = [
  ["root", "rootpw"],
  ["alice", "alicepw"],
  ["bob", "bobpw"],
  ["alice", "wrong"],
  ["alice", ""],
  ["carol", ""],
  ["carol", "x"],
  ["nobody", "x"],
  ["", ""],
];

/** Changes after which callers are asked again, as root. */
const CHANGES: Readonly<Record<string, Make>> = {
  "a permission less": (c, o) => c.auth.roleRevokePermission({ role: "some", ...range("a", "b") }, o),
  "a permission to all": grant("some", Type.READ, "\0", "\0"),
  "a role that goes": (c, o) => c.auth.roleDelete({ role: "some" }, o),
  "a new password": (c, o) => c.auth.userChangePassword({ name: "alice", password: "new" }, o),
  "bob as root": (c, o) => c.auth.userGrantRole({ user: "bob", role: "root" }, o),
  "a user that goes": (c, o) => c.auth.userDelete({ name: "bob" }, o),
  "auth off": (c, o) => c.auth.authDisable({}, o),
};

async function firstOf<T>(
  stream: AsyncIterable<T> & { send(request: { ID: bigint }): Promise<void>; cancel(): void },
  request: { ID: bigint },
): Promise<unknown> {
  await stream.send(request);
  for await (const response of stream) {
    stream.cancel();
    return response;
  }
  return {};
}

async function watched(client: Client, options: CallOptions, key: string, rangeEnd: string, startRevision = 0n) {
  const stream = client.watch.watch(options);
  await stream.send({ requestUnion: { case: "createRequest", value: { ...range(key, rangeEnd), startRevision } } });
  for await (const response of stream) {
    stream.cancel();
    return response;
  }
  return {};
}

async function drained(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

interface Server {
  readonly client: Client;
  readonly tokens: Map<string, string>;
}

test("every call gets etcd's answer, whoever asks: nobody, root, users with and without rights, and after each change of them", async () => {
  const [theirs, ours] = await Promise.all([startEtcd(tempFolder()), startKvorum(tempFolder())]);
  const servers = [theirs, ours].map(({ endpoint }): Server => ({
    client: new Client({ endpoints: [endpoint] }),
    tokens: new Map(),
  }));
  let calls = 0;
  const different: unknown[] = [];
  const same = async (name: string, make: Make, caller = ""): Promise<void> => {
    const answers = await Promise.all(
      servers.map(({ client, tokens }) => {
        const token = caller === "a stranger" ? "abcdefghijklmnop.1" : tokens.get(caller);
        const options = token === undefined ? {} : { metadata: { token } };
        return answerOf({ name, make: (target) => make(target, options) }, client);
      }),
    );
    calls++;
    const [expected, actual] = answers;
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    different.push({ call: `${name}, asked by ${caller || "nobody"}`, expected, actual });
  };
  const askAll = async (): Promise<void> => {
    for (const caller of ["", "a stranger", "bob", "alice", "root"]) {
      for (const [name, make] of Object.entries(CALLS)) await same(name, make, caller);
    }
  };

  for (const [name, make] of Object.entries(SETUP)) await same(name, make);
  for (const [name, password] of LOGINS) {
    const login: Make = (client) => client.auth.authenticate({ name, password });
    await same(`login of ${name} with ${password}`, only(login));
  }
  for (const { client, tokens } of servers) {
    for (const [name, password] of LOGINS.slice(0, 3)) {
      tokens.set(name, (await client.auth.authenticate({ name, password })).token);
    }
  }
  await askAll();
  for (const [name, make] of Object.entries(CHANGES)) {
    await same(name, make, "root");
    await askAll();
  }
  for (const { client } of servers) client.close();
  expect(different).toEqual([]);
  process.stdout.write(`${calls} calls, each with etcd's answer\n`);
});
