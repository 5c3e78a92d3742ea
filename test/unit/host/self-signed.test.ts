import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { nodeClock } from "../../../server/host/node-clock.ts";
import { selfSigned } from "../../../server/host/self-signed.ts";
import { ServerTls, clientTls } from "../../../server/host/tls-files.ts";
import { connectedPair, heartbeat, silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const curl = promisify(execFile);

function make(folder: string, validityYears = 1) {
  return selfSigned({
    folder,
    hosts: ["127.0.0.1", "localhost", "::1", ""],
    validityYears,
    clock: nodeClock,
    logger: silentLogger,
  });
}

test("a certificate is made for the hosts, for the years asked for, with a key that only the owner reads", async () => {
  const folder = join(tempFolder(), "fixtures/client");
  const { certFile, keyFile } = await make(folder, 3);
  expect([certFile, keyFile]).toEqual([join(folder, "cert.pem"), join(folder, "key.pem")]);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  const certificate = new X509Certificate(readFileSync(certFile));
  for (const host of ["127.0.0.1", "::1"]) expect(certificate.checkIP(host)).toBe(host);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.subject).toBe("O=etcd");
  const years = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / (365 * 86_400_000);
  expect(years).toBeCloseTo(3, 3);
});

test("a certificate that is there is used again; a key alone is not", async () => {
  const folder = tempFolder();
  const { certFile } = await make(folder);
  const first = readFileSync(certFile, "utf8");
  await make(folder);
  expect(readFileSync(certFile, "utf8")).toBe(first);
  rmSync(certFile);
  await make(folder);
  expect(readFileSync(certFile, "utf8")).not.toBe(first);
});

test("a validity of no years is refused", async () => {
  await expect(make(tempFolder(), 0)).rejects.toThrow("greater than 0");
});

test("curl trusts it when it is told to, and not otherwise", async () => {
  const files = await make(tempFolder());
  const tls = new ServerTls(files, silentLogger);
  const server = createServer(tls.options, (_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const base = ["--silent", "--show-error", "--max-time", "60"];
  expect((await curl("curl", [...base, "--cacert", files.certFile, url])).stdout).toBe("hello");
  expect((await curl("curl", [...base, "--insecure", url])).stdout).toBe("hello");
  await expect(curl("curl", [...base, url])).rejects.toThrow();
});

test("members with certificates of their own making talk to each other unverified", async () => {
  const files = await make(tempFolder());
  const server = new ServerTls(files, silentLogger).options;
  const client = clientTls(files, silentLogger, { isVerified: false });
  const [one, two] = await connectedPair({ tls: { server, client } });
  one.network.send([heartbeat(4)]);
  await expect.poll(() => two.handlers.received).toMatchObject([{ commit: 4 }]);
  expect(await one.network.calls.version([two.url], 30_000)).toMatchObject({ etcdserver: "3.6.16" });
});
