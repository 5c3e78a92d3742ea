import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { fakeEtcd } from "../../support/fake-etcd.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const range = { kv: { range: () => ({ count: 1n }) } };

test("files are read again: a new authority is trusted without another client", async () => {
  const folder = tempFolder();
  const old = await TestAuthority.make(folder, "old");
  const renewed = await TestAuthority.make(folder, "renewed");
  const { certFile, keyFile } = await renewed.issue("server", ["127.0.0.1"]);
  const member = await fakeEtcd(range, { tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) } });
  const caFile = join(folder, "trusted.pem");
  copyFileSync(old.caFile, caFile);
  const client = new Client({ endpoints: [`https://${member.endpoint}`], tls: { caFile, refreshMs: 20 } });
  onTestFinished(() => client.close());
  await expect(client.kv.range({}, { timeoutMs: 300 })).rejects.toThrow();
  copyFileSync(renewed.caFile, caFile);
  const answer = () =>
    client.kv.range({}, { timeoutMs: 2000 }).then(
      ({ count }) => count,
      () => undefined,
    );
  await expect.poll(answer).toBe(1n);
});

test("a certificate without its key is refused at once", () => {
  const tls = { caFile: "ca.pem", certFile: "client.pem" };
  expect(() => new Client({ endpoints: ["https://127.0.0.1:1"], tls })).toThrow("needs both certFile and keyFile");
});
