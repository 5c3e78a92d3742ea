import { expect, test } from "vitest";
import { startEtcd } from "../../support/etcd-binaries.ts";
import { bytes } from "../../support/etcd-client.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { startProxy } from "./running-proxy.ts";

test.each(["etcd", "kvorum"] as const)("the gateway of %s passes over the member that is away", async (maker) => {
  const [gone, member] = [await startEtcd(tempFolder()), await startEtcd(tempFolder())];
  await gone.stop();
  const gateway = await startProxy(maker, "gateway", [gone.endpoint, member.endpoint]);
  await gateway.client.kv.put({ key: bytes("k"), value: bytes("v") });
  expect(member.etcdctl("get", "k")).toBe("k\nv\n");
  const lines = gateway
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(said).toEqual(expect.arrayContaining(["Running: ", "ready to proxy client requests", "deactivated endpoint"]));
  expect(gateway.log()).toContain(gone.endpoint.replace("http://", ""));
});
