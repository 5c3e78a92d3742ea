import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../support/cluster.ts";
import { run, etcdBinary, startEtcd, startKvorum, type RunningEtcd } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { waitUntil } from "../../support/wait-until.ts";

const TOKEN = "8A591FAB";

/** Members that know the registry alone. The cluster's own flags come first: what is given later wins. */
async function discover(registry: RunningEtcd, server: "source" | "etcd", size: number): Promise<Cluster> {
  const flags = ["--initial-cluster=", `--discovery-token=${TOKEN}`, `--discovery-endpoints=${registry.endpoint}`];
  const cluster = await Cluster.create({ binary: serverBinary(server), size, flags });
  onTestFinished(() => cluster.destroy());
  return cluster;
}

function registered(registry: RunningEtcd): readonly string[] {
  const lines = registry.etcdctl("get", `/_etcd/registry/${TOKEN}/members`, "--prefix", "--print-value-only");
  return lines.trim().split("\n").toSorted();
}

test.each(["source", "etcd"] as const)(
  "three members (%s) find each other in a registry of the other kind",
  async (server) => {
    const folder = tempFolder();
    const registry = await (server === "etcd" ? startKvorum(folder) : startEtcd(folder));
    registry.etcdctl("put", `/_etcd/registry/${TOKEN}/_config/size`, "3");
    const cluster = await discover(registry, server, 3);
    await cluster.start();
    const etcdctl = (...args: string[]): string =>
      run(etcdBinary("etcdctl"), ["--endpoints", cluster.endpointsFlag, ...args]);
    expect(etcdctl("member", "list").trim().split("\n")).toHaveLength(3);
    etcdctl("put", "key", "value");
    expect(etcdctl("get", "key", "--print-value-only")).toBe("value\n");
    expect(registered(registry)).toEqual(cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).toSorted());

    // There is no place for a fourth, and it says so.
    const late = (await discover(registry, server, 1)).member(0);
    late.start();
    await late.ended();
    expect(late.exit).toBe(1);
    expect(late.lastLog()).toContain("discovery: cluster is full");
  },
);

test("a member of ours and one of etcd's write themselves under the same key", async () => {
  const keys: string[] = [];
  for (const server of ["source", "etcd"] as const) {
    const registry = await startEtcd(tempFolder());
    registry.etcdctl("put", `/_etcd/registry/${TOKEN}/_config/size`, "1");
    const flags = ["--initial-advertise-peer-urls=http://127.0.0.1:4242", "--initial-cluster="];
    const found = [`--discovery-token=${TOKEN}`, `--discovery-endpoints=${registry.endpoint}`];
    const cluster = await Cluster.create({ binary: serverBinary(server), size: 1, flags: [...flags, ...found] });
    onTestFinished(() => cluster.destroy());
    await cluster.start();
    keys.push(registry.etcdctl("get", `/_etcd/registry/${TOKEN}/members`, "--prefix"));
  }
  expect(keys[0]).toBe(keys[1]);
});

test("a configuration file says all about discovery in the same keys to both", async () => {
  const keys: string[] = [];
  for (const server of ["source", "etcd"] as const) {
    const registry = await startEtcd(tempFolder());
    registry.etcdctl("put", `/_etcd/registry/${TOKEN}/_config/size`, "1");
    for (const words of ["user add root:secret", "role add root", "user grant-role root root", "auth enable"]) {
      registry.etcdctl(...words.split(" "));
    }
    const [client = 0, peer = 0] = await freePorts(2);
    const file = join(tempFolder(), "etcd.yml");
    writeFileSync(file, configurationFile({ client, peer, registry: registry.endpoint }));
    const [program, ...args] = serverBinary(server).command;
    const member = spawn(program, [...args, "--config-file", file], { stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void member.kill("SIGKILL"));
    let log = "";
    member.stderr.on("data", (piece) => (log += String(piece)));
    await waitUntil("the member serves", async () => {
      if (member.exitCode !== null) throw new Error(`it ended: ${log}`);
      return (await fetch(`http://127.0.0.1:${String(client)}/health`)).ok || undefined;
    });
    keys.push(registry.etcdctl("--user=root:secret", "get", `/_etcd/registry/${TOKEN}/members`, "--prefix"));
  }
  expect(keys[0]).toContain("found=http://127.0.0.1:4242");
  expect(keys[0]).toBe(keys[1]);
});

function configurationFile(at: { readonly client: number; readonly peer: number; readonly registry: string }): string {
  return `
name: found
data-dir: ${tempFolder()}
listen-client-urls: http://127.0.0.1:${String(at.client)}
advertise-client-urls: http://127.0.0.1:${String(at.client)}
listen-peer-urls: http://127.0.0.1:${String(at.peer)}
initial-advertise-peer-urls: http://127.0.0.1:4242
discovery-config:
  token: ${TOKEN}
  client:
    endpoints: [${at.registry}]
    request-timeout: 5000000000
    dial-timeout: 2000000000
    keepalive-time: 2000000000
    keepalive-timeout: 6000000000
    max-request-bytes: 2097152
    secure: {insecure-transport: true}
    auth: {username: root, password: secret}
`;
}
