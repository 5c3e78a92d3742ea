import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { expect, onTestFinished, test } from "vitest";
import { dnsMembers, type DnsQuestion, type NameResolver } from "../../../server/cli/dns-members.ts";
import { parseServerUrls } from "../../../server/config/server-url.ts";
import { silentLogger } from "../../support/peer-member.ts";

type Records = Readonly<Record<string, readonly { readonly name: string; readonly port: number }[]>>;

const HOSTS: Readonly<Record<string, string>> = {
  "a.example.org": "10.0.0.1",
  "b.example.org": "10.0.0.2",
  "10.0.0.1": "10.0.0.1",
};

function resolverOf(records: Records): NameResolver {
  return {
    srv: async (name) => records[name] ?? Promise.reject(new Error(`querySrv ENOTFOUND ${name}`)),
    address: async (host) => HOSTS[host] ?? Promise.reject(new Error(`no such host ${host}`)),
  };
}

function ask(records: Records, advertised: string, serviceName?: string): Promise<string> {
  return dnsMembers(question(resolverOf(records), advertised, serviceName));
}

function question(resolver: NameResolver, advertised: string, serviceName?: string): DnsQuestion {
  const urls = parseServerUrls(advertised);
  if (!urls.ok) throw new Error(urls.reason);
  return { domain: "example.org", serviceName, selfName: "me", advertised: urls.value, resolver, logger: silentLogger };
}

const A = { name: "a.example.org", port: 2380 };
const B = { name: "b.example.org", port: 2380 };

test("the record that leads to this member has its name, the others have numbers", async () => {
  expect(await ask({ "_etcd-server._tcp.example.org": [B, A] }, "http://a.example.org:2380")).toBe(
    "0=http://b.example.org:2380,me=http://a.example.org:2380",
  );
});

test("this member is known by its address, too", async () => {
  expect(await ask({ "_etcd-server._tcp.example.org": [A] }, "http://10.0.0.1:2380")).toBe(
    "me=http://a.example.org:2380",
  );
});

test("records for TLS come first, under their scheme", async () => {
  const records = { "_etcd-server-ssl._tcp.example.org": [A], "_etcd-server._tcp.example.org": [B] };
  expect(await ask(records, "https://a.example.org:2380")).toBe(
    "me=https://a.example.org:2380,0=http://b.example.org:2380",
  );
});

test("a service name stands between", async () => {
  expect(await ask({ "_etcd-server-blue._tcp.example.org": [A] }, "http://a.example.org:2380", "blue")).toBe(
    "me=http://a.example.org:2380",
  );
});

test("a target that has no address is passed over", async () => {
  const records = { "_etcd-server._tcp.example.org": [{ name: "gone.example.org", port: 1 }, A] };
  expect(await ask(records, "http://a.example.org:2380")).toBe("me=http://a.example.org:2380");
});

test.each([
  ["no records", {}, "http://a.example.org:2380", /error querying DNS SRV records for _etcd-server .*ENOTFOUND/],
  [
    "records of others alone",
    { "_etcd-server._tcp.example.org": [B] },
    "http://a.example.org:2380",
    /cannot find local etcd member "me" in SRV records/,
  ],
  [
    "its own record with another scheme",
    { "_etcd-server._tcp.example.org": [A] },
    "https://a.example.org:2380",
    /has scheme mismatch with expected peer https:\/\/a\.example\.org:2380/,
  ],
])("%s end the start", async (_, records, advertised, message) => {
  await expect(ask(records, advertised)).rejects.toThrow(message);
});

test("a DNS server is asked for SRV records", async () => {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => {
    server.send(answerTo(query, { name: "localhost", port: 2380 }), port, address);
  });
  const port = await new Promise<number>((resolve) => {
    server.bind(0, "127.0.0.1", () => resolve(server.address().port));
  });
  onTestFinished(() => {
    server.close();
  });
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${String(port)}`]);
  const asked = { srv: (name: string) => resolver.resolveSrv(name), address: async () => "127.0.0.1" };
  expect(await dnsMembers(question(asked, "http://127.0.0.1:2380"))).toContain("me=http://localhost:2380");
});

/** The query with one SRV record as its answer (RFC 1035, RFC 2782). */
function answerTo(query: Buffer, target: { readonly name: string; readonly port: number }): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const labels = target.name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  const data = Buffer.from([0, 0, 0, 0, target.port >> 8, target.port & 255, ...labels, 0]);
  const record = Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255]);
  return Buffer.concat([header, query.subarray(12, end), record, data]);
}
