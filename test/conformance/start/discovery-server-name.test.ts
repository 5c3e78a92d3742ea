import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TestAuthority } from "../../support/certificates.ts";
import { Cluster } from "../../support/cluster.ts";
import { etcdBinary, run } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { seekingMember, type SeekingMember } from "../../support/seeking-member.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const TOKEN = "8A591FAB";

test.each(["source", "etcd"] as const)(
  "%s takes server-name in the configuration file, and asks the discovery service for its host's certificate all the same",
  async (server) => {
    const authority = await TestAuthority.make(tempFolder(), "authority");
    const cacert = authority.caFile;
    const named = await startRegistry(await authority.issue("name", ["registry.test"]));
    const placed = await startRegistry(await authority.issue("place", ["127.0.0.1"]));
    for (const registry of [named, placed]) etcdctl(registry, "put", `/_etcd/registry/${TOKEN}/_config/size`, "1");

    const misled = await fromFile({ server, registry: named, cacert, serverName: "registry.test" });
    misled.start();
    await misled.logged("retry connecting to discovery service");
    await misled.kill();
    const found = await fromFile({ server, registry: placed, cacert, serverName: "registry.test" });
    found.start();
    await found.ready();
    await found.kill();
    const members = etcdctl(placed, "get", `/_etcd/registry/${TOKEN}/members`, "--prefix", "--print-value-only");
    expect(members.trim()).toMatch(/^found=http:\/\/127\.0\.0\.1:\d+$/);
  },
);

function etcdctl(endpoint: string, ...args: string[]): string {
  return run(etcdBinary("etcdctl"), ["--endpoints", endpoint, "--insecure-skip-tls-verify", ...args]);
}

async function startRegistry({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<string> {
  const [port = 0] = await freePorts(1);
  const url = `https://127.0.0.1:${String(port)}`;
  const flags = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
  const certificate = [`--cert-file=${certFile}`, `--key-file=${keyFile}`];
  const cluster = await Cluster.create({ binary: serverBinary("etcd"), size: 1, flags: [...flags, ...certificate] });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  return url;
}

interface Settings {
  readonly server: SeekingMember["server"];
  readonly registry: string;
  readonly cacert: string;
  readonly serverName: string;
}

/** With a configuration file, all other flags are passed over. */
async function fromFile({ server, registry, cacert, serverName }: Settings) {
  const [client, peer] = (await freePorts(2)).map((port) => `http://127.0.0.1:${String(port)}`);
  const file = join(tempFolder(), "etcd.yml");
  writeFileSync(
    file,
    `
name: found
data-dir: ${tempFolder()}
listen-client-urls: ${client}
advertise-client-urls: ${client}
listen-peer-urls: ${peer}
initial-advertise-peer-urls: ${peer}
discovery-config:
  token: ${TOKEN}
  client:
    endpoints: [${registry}]
    request-timeout: 1000000000
    dial-timeout: 1000000000
    keepalive-time: 2000000000
    keepalive-timeout: 6000000000
    secure: {cacert: ${cacert}, server-name: ${serverName}}
`,
  );
  return seekingMember({ server, name: "found", flags: [`--config-file=${file}`] });
}
