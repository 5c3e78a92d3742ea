import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { peerServerName, withServerName } from "../../../server/cli/peer-server-name.ts";
import { parseInitialCluster } from "../../../server/config/initial-cluster.ts";
import { PeerClient } from "../../../server/transport/peer-client.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { run } from "../config/load.ts";

const DNS = "--discovery-srv example.org";

test.each([
  ["is the domain for members over TLS whose authority is public", DNS, "a=https://a:1,b=http://b:1", "example.org"],
  ["is nothing special without TLS", DNS, "a=http://a:1", undefined],
  [
    "is nothing special where the cluster has an authority of its own",
    `${DNS} --peer-cert-file c --peer-key-file k --peer-trusted-ca-file t`,
    "a=https://a:1",
    undefined,
  ],
  [
    "is nothing special where the flags list the members",
    "--initial-cluster default=http://localhost:2380",
    "a=https://a:1",
    undefined,
  ],
])("the name that peers have to show %s", (_, flags, members, expected) => {
  const initialCluster = parseInitialCluster(members);
  if (!initialCluster.ok) throw new Error(initialCluster.reason);
  expect(peerServerName({ ...run(flags), initialCluster: initialCluster.value })).toBe(expected);
});

test("a peer at another host is called if its certificate has the domain's name, and only then", async () => {
  const authority = await TestAuthority.make(tempFolder(), "authority");
  const call = async (hosts: readonly string[], domain: string | undefined): Promise<number> => {
    const { certFile, keyFile } = await authority.issue("member", hosts);
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_, response) => {
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const tls = withServerName(() => ({ ca: readFileSync(authority.caFile) }), domain);
    const client = new PeerClient({ tls, clock: new ManualClock(), dialTimeoutMs: 1000 });
    onTestFinished(() => {
      client.close();
    });
    const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return (await client.call({ method: "GET", url, path: "/", headers: {}, timeoutMs: 1000 })).status;
  };
  expect(await call(["example.org"], "example.org")).toBe(200);
  expect(await call(["127.0.0.1"], undefined)).toBe(200);
  await expect(call(["127.0.0.1"], "example.org")).rejects.toThrow("example.org");
  await expect(call(["example.org"], undefined)).rejects.toThrow("127.0.0.1");
});
