/** Checks a cluster with the npm package etcd3: one line for each feature, "ok" or "FAIL" with the reason. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The package lies where the runner installed it, not beside this file.
const { Etcd3 } = createRequire(`${process.env["CHECK_MODULES"]}/`)("etcd3");

const PREFIX = process.env["CHECK_PREFIX"];
const TIMEOUT_MS = 20_000;

function connect(password) {
  return new Etcd3({
    hosts: process.env["CHECK_ENDPOINTS"].split(",").map((at) => `https://${at}`),
    credentials: { rootCertificate: readFileSync(process.env["CHECK_CA"]) },
    auth: { username: process.env["CHECK_USER"], password },
  });
}

function expect(holds, what) {
  if (!holds) throw new Error(what);
}

async function refused(call, reason) {
  const error = await call().then(
    () => undefined,
    (failure) => failure,
  );
  expect(String(error).includes(reason), `not "${reason}" but ${String(error)}`);
}

const CHECKS = {
  put: async (client) => {
    await client.put(`${PREFIX}a`).value("1");
  },
  get: async (client) => {
    const value = await client.get(`${PREFIX}a`).string();
    expect(value === "1", `got ${String(value)}`);
  },
  txn: async (client) => {
    const isOne = () => client.if(`${PREFIX}a`, "Value", "==", "1");
    const taken = await isOne()
      .then(client.put(`${PREFIX}a`).value("2"))
      .commit();
    const other = await isOne()
      .else(client.get(`${PREFIX}a`))
      .commit();
    const seen = other.responses[0].response_range.kvs[0].value.toString();
    expect(taken.succeeded && !other.succeeded && seen === "2", `${taken.succeeded}, ${other.succeeded}, ${seen}`);
  },
  "delete range": async (client) => {
    for (const name of ["d/1", "d/2", "d/3"]) await client.put(PREFIX + name).value("x");
    const { deleted } = await client.delete().prefix(`${PREFIX}d/`);
    expect(Number(deleted) === 3, `deleted ${deleted}`);
  },
  watch: async (client) => {
    const watcher = await client.watch().key(`${PREFIX}w`).create();
    const seen = [];
    const both = new Promise((resolve) => {
      for (const kind of ["put", "delete"]) watcher.on(kind, () => seen.push(kind) === 2 && resolve());
    });
    await client.put(`${PREFIX}w`).value("1");
    await client.delete().key(`${PREFIX}w`);
    await both;
    await watcher.cancel();
    expect(seen.join() === "put,delete", `seen ${seen.join()}`);
  },
  lease: async (client) => {
    const lease = client.lease(30);
    await lease.put(`${PREFIX}l`).value("x");
    await lease.keepaliveOnce();
    await lease.revoke();
    const left = await client.get(`${PREFIX}l`).string();
    expect(left === null, `the key is still there: ${String(left)}`);
  },
  lock: async (client) => {
    const first = client.lock(`${PREFIX}lock`).ttl(10);
    const second = client.lock(`${PREFIX}lock`).ttl(10);
    await first.acquire();
    await refused(() => second.acquire(), "Failed to acquire a lock");
    await first.release();
    await second.acquire();
    await second.release();
  },
  election: async (client) => {
    const campaign = client.election(`${PREFIX}election`, 10).campaign("me");
    await campaign.wait();
    const leader = await client.election(`${PREFIX}election`).leader();
    expect(leader === "me", `leader ${String(leader)}`);
    await campaign.resign();
  },
  "auth failure": async (client) => {
    const other = connect("wrong");
    await refused(() => other.get(`${PREFIX}a`).string(), "authentication failed");
    other.close();
    await refused(() => client.put("forbidden").value("x"), "permission denied");
  },
};

function say(line) {
  process.stdout.write(`${line}\n`);
}

function inTime(work) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), TIMEOUT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const client = connect(process.env["CHECK_PASSWORD"]);
for (const [name, check] of Object.entries(CHECKS)) {
  try {
    await inTime(check(client));
    say(`ok   ${name}`);
  } catch (error) {
    say(`FAIL ${name}: ${String(error).replaceAll("\n", " ")}`);
  }
}
client.close();
process.exit(0);
