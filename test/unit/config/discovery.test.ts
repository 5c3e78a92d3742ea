import { describe, expect, test } from "vitest";
import { refused, run } from "./load.ts";

const V3 = "--discovery-token t --discovery-endpoints http://a:1,http://b:2";

describe("v3 discovery", () => {
  test("takes the token for the cluster's and knows this member alone", () => {
    const { discovery, initialCluster, initialClusterToken } = run(`${V3} --name n`);
    expect(discovery).toMatchObject({
      kind: "registry",
      token: "t",
      endpoints: ["http://a:1", "http://b:2"],
      requestTimeoutMs: 5000,
      keepaliveTimeMs: 2000,
      keepaliveTimeoutMs: 6000,
      tls: undefined,
      user: undefined,
    });
    expect(initialCluster).toMatchObject([{ name: "n", peerUrls: [{ text: "http://localhost:2380" }] }]);
    expect(initialClusterToken).toBe("t");
  });

  test.each([
    ["--discovery-insecure-transport=false", { isVerified: true, certFile: undefined }],
    ["--discovery-insecure-skip-tls-verify", { isVerified: false }],
    ["--discovery-cert c --discovery-key k", { certFile: "c", keyFile: "k", isVerified: true }],
    ["--discovery-cacert ca", { trustedCaFile: "ca" }],
  ])("speaks TLS with %s", (flags, tls) => {
    expect(run(`${V3} ${flags}`).discovery).toMatchObject({ tls });
  });

  test.each([
    ["--discovery-user u:p:q", { name: "u", password: "p:q" }],
    ["--discovery-user u --discovery-password p", { name: "u", password: "p" }],
  ])("logs in with %s", (flags, user) => {
    expect(run(`${V3} ${flags}`).discovery).toMatchObject({ user });
  });
});

describe("v2 discovery", () => {
  const URL = "http://a:1/v2/keys/t";

  test("takes the whole URL for the cluster's token and knows this member alone", () => {
    const { discovery, initialCluster, initialClusterToken } = run(`--discovery ${URL} --name n`);
    expect(discovery).toEqual({ kind: "folder", url: URL, proxy: undefined });
    expect(initialCluster).toMatchObject([{ name: "n", peerUrls: [{ text: "http://localhost:2380" }] }]);
    expect(initialClusterToken).toBe(URL);
  });

  test("may go through a proxy, which means nothing without it", () => {
    expect(run(`--discovery ${URL} --discovery-proxy p:3128`).discovery).toMatchObject({ proxy: "p:3128" });
    expect(run("--discovery-proxy p:3128").discovery).toBeUndefined();
  });
});

describe("DNS discovery", () => {
  test("asks a domain", () => {
    expect(run("--discovery-srv example.org --discovery-srv-name blue").discovery).toEqual({
      kind: "dns",
      domain: "example.org",
      serviceName: "blue",
    });
    expect(run("--discovery-srv example.org").initialClusterToken).toBe("etcd-cluster");
  });
});

const SEVERAL =
  "multiple discovery or bootstrap flags are set. " +
  'Choose one of "initial-cluster", "discovery", "discovery-endpoints" or "discovery-srv"';

test.each([
  [`${V3} --initial-cluster default=http://localhost:2380`, SEVERAL],
  [`${V3} --discovery-srv example.org`, SEVERAL],
  [`${V3} --discovery http://a:1/t`, SEVERAL],
  ["--discovery http://a:1/t --initial-cluster default=http://localhost:2380", SEVERAL],
  ["--discovery http://a:1/t --discovery-srv example.org", SEVERAL],
  ["--discovery http://a:1/t --discovery-token t", "both --discovery-token and --discovery-endpoints must be set"],
  ["--discovery-token t", "both --discovery-token and --discovery-endpoints must be set"],
  ["--discovery-endpoints http://a:1", "both --discovery-token and --discovery-endpoints must be set"],
  ["--discovery-token t --discovery-endpoints a,", "--discovery-endpoints must not contain empty endpoints"],
  [
    `${V3} --discovery-user u`,
    "--discovery-user has no password: write it as name:password or set --discovery-password",
  ],
  [`${V3} --discovery-cert c`, "KeyFile and CertFile must both be present[key: , cert: c]"],
  [`${V3} --discovery-proxy http://p`, /^both v2 discovery settings/],
])("%s is refused", (line, message) => {
  const refusal = refused(line);
  expect(refusal.exitCode).toBe(1);
  if (typeof message === "string") expect(refusal.message).toBe(message);
  else expect(refusal.message).toMatch(message);
});
