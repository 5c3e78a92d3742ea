import { expect, test } from "vitest";
import { TestAuthority } from "../../support/certificates.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { outcomeOf } from "./running-proxy.ts";

const GATEWAY = ["gateway", "start"] as const;
const PROXY = ["grpc-proxy", "start"] as const;

test.each([
  [["gateway"]],
  [["gateway", "--help"]],
  [["gateway", "stop"]],
  [["grpc-proxy"]],
  [[...GATEWAY, "--help"]],
  [[...PROXY, "--help"]],
  [["grpc-proxy", "--listen-addr=127.0.0.1:1", "start", "--help"]],
  [[...GATEWAY, "--foo"]],
  [[...PROXY, "-x"]],
  [[...GATEWAY, "--retry-delay"]],
  [[...GATEWAY, "--endpoints=127.0.0.1"]],
  [[...GATEWAY, "--listen-addr=nowhere"]],
  [[...GATEWAY, "--listen-addr=no.such.host.invalid:1"]],
  [[...GATEWAY, "--endpoints=no.such.host.invalid:1"]],
  [[...GATEWAY, "--endpoints=127.0.0.1:7777", "--listen-addr=127.0.0.1:7777"]],
  [[...PROXY, "--resolver-prefix=p"]],
  [[...PROXY, "--resolver-ttl=5"]],
  [[...PROXY, "--resolver-prefix=p", "--resolver-ttl=5", "--advertise-client-url="]],
  [[...PROXY, "--auto-tls", "--self-signed-cert-validity=0"]],
  [[...PROXY, "--tls-min-version=TLS1.0"]],
  [[...PROXY, "--tls-max-version=x"]],
  [[...PROXY, "--tls-min-version=TLS1.3", "--tls-max-version=TLS1.2"]],
  [[...PROXY, "--tls-min-version=TLS1.3", "--listen-cipher-suites=TLS_AES_128_GCM_SHA256"]],
])("%j ends as etcd's does", (args) => {
  expect(outcomeOf("kvorum", ...args)).toEqual(outcomeOf("etcd", ...args));
});

test("a certificate that names somebody is not shown to the cluster: every client would be that user", async () => {
  const authority = await TestAuthority.make(tempFolder(), "authority");
  const { certFile, keyFile } = await authority.issue("named", ["127.0.0.1"]);
  const args = [...PROXY, "--listen-addr=127.0.0.1:0", `--cert=${certFile}`, `--key=${keyFile}`];
  const both = [outcomeOf("kvorum", ...args), outcomeOf("etcd", ...args)];
  for (const { status, stderr } of both) {
    expect([status, stderr.trim()]).toEqual([1, expect.stringContaining("cert has non empty Common Name (")]);
  }
  expect(both[0]!.stderr).toBe(both[1]!.stderr);
});
