import { describe, expect, test } from "vitest";
import { refused, run, warningsOf } from "./load.ts";

/** What is odd about the sample file that etcd ships: empty keys, removed keys, and TLS settings without TLS. */
const LIKE_THE_SAMPLE = `
name: default
data-dir:
cors:
discovery:
discovery-fallback: proxy
initial-cluster:
strict-reconfig-check: false
enable-pprof: true
proxy: "off"
listen-client-urls: http://localhost:2379
client-transport-security:
  cert-file:
  client-cert-auth: false
peer-transport-security:
log-level: debug
log-outputs: [stderr]
force-new-cluster: false
auto-compaction-retention: "1"
cipher-suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
tls-max-version: TLS1.3
`;

function withFile(text: string) {
  return { files: { "/etcd.yml": text } };
}

describe("the configuration file", () => {
  test("may be what etcd ships as a sample", () => {
    const surroundings = withFile(LIKE_THE_SAMPLE);
    expect(run("--config-file /etcd.yml", surroundings)).toMatchObject({
      name: "default",
      dataDir: "default.etcd",
      strictReconfigCheck: false,
      logLevel: "debug",
      logOutputs: ["stderr"],
      autoCompaction: { mode: "periodic", retentionMs: 3_600_000 },
    });
    expect(warningsOf("--config-file /etcd.yml", surroundings)).toEqual(
      expect.arrayContaining(["unrecognized key in the configuration file | /etcd.yml | proxy"]),
    );
  });

  test("makes all other flags and the environment count for nothing", () => {
    const surroundings = { ...withFile("name: from-file"), env: { ETCD_NAME: "c", ETCD_ODD: "d" } };
    expect(run("--name from-flag --config-file /etcd.yml --data-dir x", surroundings)).toMatchObject({
      name: "from-file",
      dataDir: "from-file.etcd",
    });
  });

  test("is also found by ETCD_CONFIG_FILE", () => {
    expect(run("", { ...withFile("name: a"), env: { ETCD_CONFIG_FILE: "/etcd.yml" } }).name).toBe("a");
  });

  test("may be JSON", () => {
    expect(run("--config-file /etcd.yml", withFile('{"name": "a", "snapshot-count": 5}'))).toMatchObject({
      name: "a",
      snapshotCount: 5,
    });
  });

  test("holds TLS in a section for each side", () => {
    const text = `
listen-client-urls: https://127.0.0.1:1
client-transport-security: {cert-file: c, key-file: k, trusted-ca-file: t, client-cert-auth: true}
peer-transport-security: {cert-file: pc, key-file: pk, auto-tls: false}
`;
    expect(run("--config-file /etcd.yml", withFile(text))).toMatchObject({
      clientTls: { certFile: "c", keyFile: "k", trustedCaFile: "t", clientCertAuth: true },
      peerTls: { certFile: "pc", keyFile: "pk", clientCertAuth: false },
    });
  });

  test("holds v3 discovery in etcd's own keys", () => {
    const text = `
discovery-config:
  token: abc
  client:
    endpoints: [http://a:1, http://b:2]
    request-timeout: 7000000000
    dial-timeout: 1000000000
    keepalive-time: 3000000000
    keepalive-timeout: 4000000000
    max-request-bytes: 5
    secure: {cert: c, key: k, cacert: t, server-name: s, insecure-transport: false, insecure-skip-tls-verify: true}
    auth: {username: root, password: secret}
`;
    const { discovery, initialClusterToken } = run("--config-file /etcd.yml", withFile(text));
    expect(initialClusterToken).toBe("abc");
    expect(discovery).toEqual({
      kind: "registry",
      token: "abc",
      endpoints: ["http://a:1", "http://b:2"],
      requestTimeoutMs: 7000,
      keepaliveTimeMs: 3000,
      keepaliveTimeoutMs: 4000,
      tls: { certFile: "c", keyFile: "k", trustedCaFile: "t", isVerified: false },
      user: { name: "root", password: "secret" },
    });
  });

  test("may leave parts of v3 discovery empty", () => {
    const text = "discovery-config: {token: abc, client: {endpoints: [http://a:1], secure: , auth: {username: }}}";
    expect(run("--config-file /etcd.yml", withFile(text)).discovery).toMatchObject({ tls: undefined, user: undefined });
  });

  test("may name the discovery service, which changes nothing", () => {
    const text = "discovery-config: {token: abc, client: {endpoints: [a:1], secure: {server-name: s}}}";
    const surroundings = withFile(text);
    expect(run("--config-file /etcd.yml", surroundings).discovery).toMatchObject({ tls: undefined });
    expect(warningsOf("--config-file /etcd.yml", surroundings)).toContain(
      "discovery-config.client.secure.server-name is accepted and has no effect | /etcd.yml | " +
        "The service's certificate has to be for the endpoint's host, as in etcd.",
    );
  });

  test("holds v2 discovery under the flags' names", () => {
    const text = "discovery: http://a:1/t\ndiscovery-proxy: http://p:1\ndiscovery-fallback: proxy";
    const { discovery } = run("--config-file /etcd.yml", withFile(text));
    expect(discovery).toEqual({ kind: "folder", url: "http://a:1/t", proxy: "http://p:1" });
  });

  test("passes over v3 discovery outside of its section, as etcd does", () => {
    const surroundings = withFile("discovery-token: abc\ndiscovery-endpoints: [http://a:1]");
    expect(run("--config-file /etcd.yml", surroundings).discovery).toBeUndefined();
    expect(warningsOf("--config-file /etcd.yml", surroundings)).toEqual(
      expect.arrayContaining([
        "unrecognized key in the configuration file | /etcd.yml | discovery-token",
        "unrecognized key in the configuration file | /etcd.yml | discovery-endpoints",
      ]),
    );
  });

  test.each([
    ["grpc-keepalive-timeout: 5000000000", 5000],
    ["grpc-keepalive-timeout: 7s", 7000],
  ])("reads a bare number for a duration as nanoseconds: %s", (text, ms) => {
    expect(run("--config-file /etcd.yml", withFile(text)).grpcKeepaliveTimeoutMs).toBe(ms);
  });

  test("may listen without advertising, unlike flags", () => {
    const { advertiseClientUrls } = run("--config-file /etcd.yml", withFile("listen-client-urls: http://127.0.0.1:1"));
    expect(advertiseClientUrls).toMatchObject([{ text: "http://localhost:2379" }]);
  });

  test.each([
    ["heartbeat-interval: x", "invalid value for heartbeat-interval in /etcd.yml: parse error"],
    ["name: {a: b}", "invalid value for name in /etcd.yml: not a value of this kind"],
    ["- a", "cannot read the configuration file /etcd.yml: it is not a mapping of keys to values"],
    ["peer-transport-security: 3", "invalid peer-transport-security"],
    [
      "client-transport-security: {allowed-cn: [a]}",
      "client-transport-security.allowed-cn in /etcd.yml is no setting: remove it or correct its name",
    ],
    [
      "discovery-config: {endpoints: [a]}",
      "discovery-config.endpoints in /etcd.yml is no setting: remove it or correct its name",
    ],
    ["discovery-config: 3", "invalid discovery-config"],
    ["discovery-config: {client: {secure: [a]}}", "invalid discovery-config.client.secure"],
    ["discovery-config: {token: a}", "both --discovery-token and --discovery-endpoints must be set"],
    [
      "discovery-config: {secure: {cert: a}}",
      "discovery-config.secure in /etcd.yml is no setting: remove it or correct its name",
    ],
    ["name: [", /^cannot read the configuration file \/etcd.yml: /],
  ])("is refused where it says %s", (text, message) => {
    const refusal = refused("--config-file /etcd.yml", withFile(text));
    expect(refusal.exitCode).toBe(1);
    expect(refusal.message).toMatch(message);
  });

  test("is refused where it is missing", () => {
    expect(refused("--config-file /none")).toEqual({
      exitCode: 1,
      message: "cannot read the configuration file /none: ENOENT: no such file or directory, open '/none'",
    });
  });
});
