import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { answerOf } from "../../support/compared-answers.ts";
import { bytes } from "../../support/etcd-client.ts";
import { etcdBinary, run, startEtcd, startKvorum, type RunningEtcd } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { kvorumTool } from "../../support/kvorum-tool.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const [PEER_PORT = 0] = await freePorts(1);
const PEER = `http://127.0.0.1:${String(PEER_PORT)}`;
const RESTORE = ["--initial-cluster", `default=${PEER}`, "--initial-advertise-peer-urls", PEER];
const START = ["--listen-peer-urls", PEER, ...RESTORE];
const ROOT = ["--user", "root:rootpw"];

/** Users, roles and permissions of every kind; auth is on afterwards. */
function switchOn(etcd: RunningEtcd): void {
  for (const words of [
    "user add root:rootpw",
    "user grant-role root root",
    "role add root",
    "role add some",
    "role grant-permission some readwrite a --prefix",
    "role grant-permission some read m --from-key",
    "role grant-permission some write b",
    "user add alice:alicepw",
    "user add carol --no-password",
    "user grant-role alice some",
    "user grant-role carol some",
    "put a1 v",
    "auth enable",
  ]) {
    etcd.etcdctl(...words.split(" "));
  }
}

/** What somebody finds who logs in. */
async function found({ endpoint }: RunningEtcd): Promise<unknown> {
  const client = new Client({ endpoints: [endpoint] });
  const login = async (name: string, password: string) => {
    const { token } = await client.auth.authenticate({ name, password });
    return { metadata: { token } };
  };
  const [root, alice] = [await login("root", "rootpw"), await login("alice", "alicepw")];
  const asked = [
    () => client.auth.authStatus({}, root),
    () => client.auth.userList({}, root),
    () => client.auth.userGet({ name: "carol" }, root),
    () => client.auth.roleList({}, root),
    () => client.auth.roleGet({ role: "some" }, alice),
    () => client.kv.range({ key: bytes("a"), rangeEnd: bytes("b") }, alice),
    () => client.kv.put({ key: bytes("m") }, alice),
    () => client.kv.range({ key: bytes("a1") }),
    () => client.auth.authenticate({ name: "alice", password: "x" }),
  ];
  const answers: unknown[] = [];
  for (const make of asked) answers.push((await answerOf({ name: "", make }, client)).text);
  client.close();
  return answers;
}

test("users, roles and that auth is on go from etcd to Kvorum and back, over restarts and a crash", async () => {
  const etcd = await startEtcd(tempFolder());
  switchOn(etcd);
  const expected = await found(etcd);
  const [first, second] = [join(tempFolder(), "first.db"), join(tempFolder(), "second.db")];
  etcd.etcdctl(...ROOT, "snapshot", "save", first);
  await etcd.stop();

  const ours = join(tempFolder(), "ours");
  expect(kvorumTool("etcdutl", "snapshot", "restore", first, "--data-dir", ours, ...RESTORE).status).toBe(0);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const kvorum = await startKvorum(ours, ...START);
    expect(await found(kvorum)).toEqual(expected);
    await kvorum.stop(signal);
  }
  const kvorum = await startKvorum(ours, ...START);
  kvorum.etcdctl(...ROOT, "snapshot", "save", second);
  await kvorum.stop();

  const back = join(tempFolder(), "back");
  run(etcdBinary("etcdutl"), ["snapshot", "restore", second, "--data-dir", back, ...RESTORE]);
  expect(await found(await startEtcd(back, ...START))).toEqual(expected);
});
