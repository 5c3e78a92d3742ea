import type { SrvRecord } from "node:dns";
import { expect, test } from "vitest";
import type { Logger } from "../../../server/ports/logger.ts";
import { discoverEndpoints } from "../../../server/proxy/srv-discovery.ts";

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A name server that knows these services. */
function dns(services: Readonly<Record<string, readonly Partial<SrvRecord>[]>>) {
  const asked: string[] = [];
  const lookup = async (name: string): Promise<SrvRecord[]> => {
    asked.push(name);
    const records = services[name];
    if (!records) throw new Error(`querySrv ENOTFOUND ${name}`);
    return records.map((record) => ({ name: "m", port: 2379, priority: 0, weight: 0, ...record }));
  };
  return { asked, lookup };
}

const question = (serviceName: string, lookup: (name: string) => Promise<SrvRecord[]>, isInsecure = true) => ({
  domain: "example.com",
  serviceName,
  isInsecure,
  ca: undefined,
  logger: quiet,
  lookup,
});

test("records of both services are endpoints, by priority and weight, those with TLS first", async () => {
  const { lookup } = dns({
    "_etcd-client-ssl._tcp.example.com": [
      { name: "b", priority: 2 },
      { name: "a", priority: 1, weight: 5 },
    ],
    "_etcd-client._tcp.example.com": [{ name: "c", port: 1 }],
  });
  const found = await discoverEndpoints(question("", lookup));
  expect(found.map(({ url }) => url)).toEqual(["https://a:2379", "https://b:2379", "http://c:1"]);
  expect(found[0]).toMatchObject({ host: "a", port: 2379, priority: 1, weight: 5 });
});

test("the name of the service is put behind", async () => {
  const { asked, lookup } = dns({ "_etcd-client-blue._tcp.example.com": [{}] });
  expect(await discoverEndpoints(question("blue", lookup))).toHaveLength(1);
  expect(asked).toEqual(["_etcd-client-ssl-blue._tcp.example.com", "_etcd-client-blue._tcp.example.com"]);
});

test("without a record of either service the errors of both are told", async () => {
  await expect(discoverEndpoints(question("", dns({}).lookup))).rejects.toThrow(
    "dns lookup errors: querySrv ENOTFOUND _etcd-client-ssl._tcp.example.com and querySrv ENOTFOUND _etcd-client._tcp",
  );
});

test("unless insecure records are accepted, an endpoint without TLS is left out", async () => {
  const { lookup } = dns({ "_etcd-client._tcp.example.com": [{}] });
  expect(await discoverEndpoints(question("", lookup, false))).toEqual([]);
});
