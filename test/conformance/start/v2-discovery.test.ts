import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { TestAuthority } from "../../support/certificates.ts";
import type { ClusterMember } from "../../support/cluster.ts";
import { etcdBinary, run } from "../../support/etcd-binaries.ts";
import { seekingMember, type SeekingMember } from "../../support/seeking-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { V2Registry } from "../../support/v2-registry.ts";

const SERVERS = ["source", "etcd"] as const;
/** The id of a member comes from this, and with it its key. */
const LATE = "--initial-advertise-peer-urls=http://127.0.0.1:4242";

test("members of ours and of etcd's found one cluster through one token of etcd 3.5", async () => {
  const registry = await V2Registry.start();
  const url = await registry.token("mixed", 3);
  const members = [];
  for (const [i, server] of (["source", "etcd", "source"] as const).entries()) {
    members.push(await seekingMember({ server, name: `m${String(i)}`, flags: [`--discovery=${url}`] }));
  }
  await started(members);
  const text = members.map(({ peerUrl }, i) => `m${String(i)}=${peerUrl}`);
  expect((await registry.members(url)).map(({ value }) => value).toSorted()).toEqual(text);
  const list = members.map(({ clientUrl }) => etcdctl(clientUrl, "member", "list").trim().split("\n").toSorted());
  expect(list[0]).toHaveLength(3);
  expect(list[1]).toEqual(list[0]);
  expect(list[2]).toEqual(list[0]);
  etcdctl(members[1]!.clientUrl, "put", "key", "value");
  expect(etcdctl(members[0]!.clientUrl, "get", "key", "--print-value-only")).toBe("value\n");

  // Later the log says who they are, and nobody asks the service.
  await registry.stop();
  for (const member of members) await member.stop();
  await started(members);
  expect(etcdctl(members[2]!.clientUrl, "get", "key", "--print-value-only")).toBe("value\n");
});

test("a member of ours and one of etcd's write themselves under the same key, and have the same ids", async () => {
  let service = "";
  // The whole URL goes into the ids: both have to be told the same one.
  const front = await answering((incoming, response) => pass(service + String(incoming.url), incoming, response));
  const seen = [];
  for (const server of SERVERS) {
    const registry = await V2Registry.start();
    const url = await registry.token("t", 1);
    service = new URL(url).origin;
    const flags = [
      `--discovery=${front.url}${new URL(url).pathname}`,
      "--initial-advertise-peer-urls=http://127.0.0.1:4242",
    ];
    const member = await seekingMember({ server, name: "a", flags });
    await started([member]);
    const { header } = JSON.parse(etcdctl(member.clientUrl, "member", "list", "-w", "json")) as Listed;
    seen.push({ written: await registry.members(url), cluster: header.cluster_id, member: header.member_id });
    await member.stop();
  }
  expect(seen[0]?.written).toMatchObject([{ value: "a=http://127.0.0.1:4242" }]);
  expect(seen[0]).toEqual(seen[1]);
});

test.each(SERVERS)("%s that has nothing to hope for ends, and says why", async (server) => {
  const registry = await V2Registry.start();
  const full = await registry.token("full", 1);
  await registry.write(full, "1", "first=http://127.0.0.1:1");
  expect(await lastWords(server, full)).toContain("discovery: cluster is full");

  const once = await registry.token("once", 2);
  const first = await seekingMember({ server, name: "late", flags: [`--discovery=${once}`, LATE] });
  first.start();
  await expect.poll(() => registry.members(once), { timeout: 30_000 }).toHaveLength(1);
  await first.kill();
  expect(await lastWords(server, once)).toContain("discovery: found duplicate id");

  const named = await registry.token("named", 2);
  await registry.write(named, "1", "late=http://127.0.0.1:1");
  expect(await lastWords(server, named)).toContain("discovery: found duplicate name");

  expect(await lastWords(server, await registry.token("many", "many"))).toContain("discovery: size key is bad");
  const unset = full.replace("full", "unset");
  expect(await lastWords(server, unset)).toMatch(/100: Key not found \(\/discovery\/unset(\/_config\/size)?\) \[\d+\]/);
  expect(await lastWords(server, full.replace("/v2/keys", ""))).toContain("discovery: bad discovery endpoint");
  const free = await registry.token("free", 1);
  expect(await lastWords(server, free, "--initial-cluster-state=existing")).toContain(
    "discovery URL should not be set when joining existing initial cluster",
  );
  const silent = await answering(() => undefined);
  expect(await lastWords(server, `${silent.url}/t`)).toContain("context deadline exceeded");
});

test.each(SERVERS)("%s asks a service that is away, or has no leader, again and again", async (server) => {
  let asked = 0;
  const leaderless = await answering((_, response) => {
    asked++;
    response.writeHead(503).end();
  });
  for (const [url, reason] of [
    ["http://127.0.0.1:1/t", /refused/i],
    [`${leaderless.url}/t`, /has no leader/],
  ] as const) {
    const member = await seekingMember({ server, name: "a", flags: [`--discovery=${url}`] });
    member.start();
    for (const backoff of ["2s", "4s"]) await member.logged(`"backoff":"${backoff}"`);
    expect(member.lastLog()).toContain("retry connecting to discovery service");
    expect(member.lastLog()).toMatch(reason);
    await member.kill();
  }
  expect(asked).toBe(2);
});

test("a service may send members elsewhere", async () => {
  const registry = await V2Registry.start();
  const url = await registry.token("moved", 2);
  const asked: string[] = [];
  const elsewhere = await answering((incoming, response) => {
    asked.push(`${String(incoming.method)} ${String(incoming.url)}`);
    response.writeHead(307, { location: String(incoming.url).replace("/old", url) }).end();
  });
  await bothFound(`${elsewhere.url}/old`);
  expect(asked).toContain("GET /old/_config/size?quorum=false&recursive=false&sorted=false");
  expect(asked.filter((line) => line.startsWith("PUT"))).toHaveLength(2);
});

test("members ask through --discovery-proxy", async () => {
  const registry = await V2Registry.start();
  const url = await registry.token("far", 2);
  const asked: string[] = [];
  const proxy = await answering((incoming, response) => {
    asked.push(`${String(incoming.method)} ${String(incoming.url)}`);
    pass(String(incoming.url), incoming, response);
  });
  await bothFound(url, [`--discovery-proxy=${proxy.url.replace("http://", "")}`]);
  expect(asked.filter((line) => line.includes("/_config/size"))).toHaveLength(4);
  expect(asked.filter((line) => line.startsWith(`PUT ${url}/`))).toHaveLength(2);
});

test("members ask an https service as well, through a tunnel where there is a proxy", async () => {
  const authority = await TestAuthority.make(tempFolder(), "machine");
  const { certFile, keyFile } = await authority.issue("service", ["127.0.0.1"]);
  const registry = await V2Registry.start();
  const behind = new URL(await registry.token("secret", 2));
  const listener: RequestListener = (incoming, response) =>
    pass(behind.origin + String(incoming.url), incoming, response);
  const secure = await listening(
    createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, listener),
  );
  const tunnels: string[] = [];
  const proxy = await answering(() => undefined);
  proxy.server.on("connect", (incoming, socket) => {
    tunnels.push(String(incoming.url));
    const far = connect(secure, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    far.pipe(socket).pipe(far);
    for (const end of [far, socket]) end.on("error", () => [far, socket].forEach((one) => one.destroy()));
  });
  const url = `https://127.0.0.1:${String(secure)}${behind.pathname}`;
  await bothFound(url, [`--discovery-proxy=${proxy.url}`], ["env", `SSL_CERT_FILE=${authority.caFile}`]);
  expect(new Set(tunnels)).toEqual(new Set([`127.0.0.1:${String(secure)}`]));
});

interface Listed {
  readonly header: { readonly cluster_id: number; readonly member_id: number };
}

/** Starts a member of ours and one of etcd's that have to find each other. */
async function bothFound(url: string, flags: readonly string[] = [], wrapper: readonly string[] = []): Promise<void> {
  const members = [];
  for (const server of SERVERS) {
    members.push(await seekingMember({ server, name: server, flags: [`--discovery=${url}`, ...flags], wrapper }));
  }
  await started(members);
  for (const { clientUrl } of members) {
    expect(etcdctl(clientUrl, "member", "list").trim().split("\n")).toHaveLength(2);
  }
}

async function started(members: readonly ClusterMember[]): Promise<void> {
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.ready()));
}

/** What a member says that has to end by itself. */
async function lastWords(server: SeekingMember["server"], url: string, ...flags: string[]): Promise<string> {
  const member = await seekingMember({ server, name: "late", flags: [`--discovery=${url}`, LATE, ...flags] });
  member.start();
  await member.ended();
  expect(member.exit).toBe(1);
  return member.lastLog();
}

function etcdctl(endpoint: string, ...args: string[]): string {
  return run(etcdBinary("etcdctl"), ["--endpoints", endpoint, ...args]);
}

/** A server of the test's own, until the test ends. */
async function answering(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener);
  return { url: `http://127.0.0.1:${String(await listening(server))}`, server };
}

function listening(server: Server | TlsServer): Promise<number> {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Lets somebody else answer. */
function pass(url: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", headers } = incoming;
  const onward = request(url, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    // A wait has its headers long before its answer.
    response.flushHeaders();
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  incoming.pipe(onward);
}
