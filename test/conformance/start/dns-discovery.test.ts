import { expect, test } from "vitest";
import { TestAuthority } from "../../support/certificates.ts";
import type { ClusterMember } from "../../support/cluster.ts";
import { etcdBinary, run } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { NameServer } from "../../support/name-server.ts";
import { seekingMember, type SeekingMember } from "../../support/seeking-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const DOMAIN = "kvorum.test";
const SRV = [`--discovery-srv=${DOMAIN}`];

interface Wanted {
  readonly servers: readonly SeekingMember["server"][];
  readonly service?: string;
  readonly scheme?: "http" | "https";
  readonly flags?: readonly string[];
  readonly wrapper?: readonly string[];
}

/** Members whose peer URLs have names that a name server of the test's own knows, and that know its domain alone. */
async function named({ servers, service = "etcd-server", scheme = "http", flags = SRV, wrapper = [] }: Wanted) {
  const ports = await freePorts(servers.length);
  const places = ports.map((port, i) => ({ host: `m${String(i)}.${DOMAIN}`, port }));
  const dns = await NameServer.start({
    srv: { [`_${service}._tcp.${DOMAIN}`]: places },
    a: Object.fromEntries(places.map(({ host }) => [host, "127.0.0.1"])),
  });
  const members: ClusterMember[] = [];
  for (const [i, { host, port }] of places.entries()) {
    const urls = [
      `--listen-peer-urls=${scheme}://127.0.0.1:${String(port)}`,
      `--initial-advertise-peer-urls=${scheme}://${host}:${String(port)}`,
    ];
    members.push(
      await seekingMember({
        server: servers[i]!,
        name: `m${String(i)}`,
        flags: [...urls, ...flags],
        wrapper: [...dns.wrapper, ...wrapper],
      }),
    );
  }
  return { members, places, dns: dns.server };
}

async function started(members: readonly ClusterMember[]): Promise<void> {
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.ready()));
}

/** What each member says of all: that they are one cluster, under the names that DNS gave their URLs. */
function expectOneCluster(members: readonly ClusterMember[], peerUrls: readonly string[]): void {
  for (const { clientUrl } of members) {
    const lines = etcdctl(clientUrl, "member", "list").trim().split("\n");
    expect(lines.map((line) => line.split(", ").slice(2, 4).join("=")).toSorted()).toEqual(
      peerUrls.map((url, i) => `m${String(i)}=${url}`),
    );
  }
  etcdctl(members.at(-1)!.clientUrl, "put", "key", "value");
  expect(etcdctl(members[0]!.clientUrl, "get", "key", "--print-value-only")).toBe("value\n");
}

function etcdctl(endpoint: string, ...args: string[]): string {
  return run(etcdBinary("etcdctl"), ["--endpoints", endpoint, ...args]);
}

test.each([
  { servers: ["source", "source", "source"] },
  { servers: ["etcd", "source", "etcd"] },
  {
    servers: ["source", "etcd"],
    service: "etcd-server-blue",
    flags: [...SRV, "--discovery-srv-name=blue"],
  },
] satisfies readonly Wanted[])("members ($servers) found a cluster with those that DNS names", async (wanted) => {
  const { members, places, dns } = await named(wanted);
  await started(members);
  const urls = places.map(({ host, port }) => `http://${host}:${String(port)}`);
  expectOneCluster(members, urls);
  expect(dns.questions).toContain(`33 _${wanted.service ?? "etcd-server"}._tcp.${DOMAIN}`);

  // Later the log says who they are.
  for (const member of members) await member.stop();
  const before = dns.questions.length;
  await started(members);
  expectOneCluster(members, urls);
  expect(dns.questions.slice(before).filter((question) => question.startsWith("33 "))).toEqual([]);
});

test("members that DNS named over https show the domain's certificate to each other", async () => {
  const folder = tempFolder();
  const authority = await TestAuthority.make(folder, "machine");
  // Without the names of the hosts.
  const { certFile, keyFile } = await authority.issue("peers", [DOMAIN]);
  const trusted = ["env", `SSL_CERT_FILE=${authority.caFile}`, `NODE_EXTRA_CA_CERTS=${authority.caFile}`];
  const { members, places } = await named({
    servers: ["source", "etcd"],
    service: "etcd-server-ssl",
    scheme: "https",
    flags: [...SRV, `--peer-cert-file=${certFile}`, `--peer-key-file=${keyFile}`],
    wrapper: trusted,
  });
  await started(members);
  expectOneCluster(
    members,
    places.map(({ host, port }) => `https://${host}:${String(port)}`),
  );
});

test.each(["source", "etcd"] as const)("%s whom DNS does not know ends, and says so", async (server) => {
  const { wrapper } = await NameServer.start({
    srv: { [`_etcd-server._tcp.${DOMAIN}`]: [{ host: `other.${DOMAIN}`, port: 1 }] },
    a: { [`other.${DOMAIN}`]: "127.0.0.1" },
  });
  const flags = ["--initial-advertise-peer-urls=http://127.0.0.1:4242", ...SRV];
  const stranger = await seekingMember({ server, name: "stranger", flags, wrapper });
  stranger.start();
  await stranger.ended();
  expect(stranger.exit).toBe(1);
  expect(stranger.lastLog()).toMatch(/cannot find local etcd member \\"stranger\\" in SRV records/);

  const lost = await seekingMember({
    server,
    name: "lost",
    flags: [flags[0]!, "--discovery-srv=nowhere.test"],
    wrapper,
  });
  lost.start();
  await lost.ended();
  expect(lost.exit).toBe(1);
  expect(lost.lastLog()).toMatch(/error querying DNS SRV records for _etcd-server/);
});
