import { describe, expect, test } from "vitest";
import { refused, run, warningsOf } from "./load.ts";

const texts = (urls: readonly { readonly text: string }[]): readonly string[] => urls.map((url) => url.text);

describe("a configuration", () => {
  test("without flags is etcd's defaults", () => {
    expect(run("")).toMatchObject({
      name: "default",
      dataDir: "default.etcd",
      walDir: undefined,
      snapshotCount: 10_000,
      snapshotCatchupEntries: 5000,
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      preVote: true,
      listenClientUrls: [{ scheme: "http", host: "localhost", port: 2379, text: "http://localhost:2379" }],
      listenPeerUrls: [{ scheme: "http", host: "localhost", port: 2380, text: "http://localhost:2380" }],
      listenClientHttpUrls: [],
      listenMetricsUrls: [],
      initialCluster: [{ name: "default", peerUrls: [{ text: "http://localhost:2380" }] }],
      initialClusterState: "new",
      initialClusterToken: "etcd-cluster",
      strictReconfigCheck: true,
      quotaBackendBytes: 0,
      maxTxnOps: 128,
      maxRequestBytes: 1_572_864,
      maxConcurrentStreams: 4_294_967_295,
      autoCompaction: { mode: "off" },
      compactionBatchLimit: 1000,
      compactionSleepIntervalMs: 10,
      watchProgressNotifyIntervalMs: 600_000,
      metrics: "basic",
      logLevel: "info",
      logOutputs: ["stderr"],
      featureGates: { TxnModeWriteWithSharedBuffer: true, InitialCorruptCheck: false },
    });
  });

  test("is frozen", () => {
    const config = run("");
    for (const part of [
      config,
      config.clientTls,
      config.featureGates,
      config.initialCluster,
      config.listenClientUrls,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test("starts with what kubeadm passes to a member", () => {
    const config = run(
      "--name=node1 --data-dir=/var/lib/etcd --advertise-client-urls=https://10.0.0.1:2379 " +
        "--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379 --listen-peer-urls=https://10.0.0.1:2380 " +
        "--initial-advertise-peer-urls=https://10.0.0.1:2380 --initial-cluster=node1=https://10.0.0.1:2380 " +
        "--cert-file=/s.crt --key-file=/s.key --trusted-ca-file=/ca.crt --client-cert-auth=true " +
        "--peer-cert-file=/p.crt --peer-key-file=/p.key --peer-trusted-ca-file=/ca.crt --peer-client-cert-auth=true " +
        "--snapshot-count=10000 --listen-metrics-urls=http://127.0.0.1:2381 " +
        "--feature-gates=InitialCorruptCheck=true --watch-progress-notify-interval=5s",
    );
    expect(config).toMatchObject({
      name: "node1",
      watchProgressNotifyIntervalMs: 5000,
      featureGates: { InitialCorruptCheck: true },
      clientTls: { certFile: "/s.crt", clientCertAuth: true },
      listenMetricsUrls: [{ scheme: "http", port: 2381 }],
    });
  });

  test("starts with what kube-apiserver's tests pass to a member", () => {
    const config = run(
      "--data-dir /d --listen-client-urls unix:///tmp/x/etcd.sock --advertise-client-urls http://127.0.0.111:0 " +
        "--listen-peer-urls http://127.0.0.1:0 -log-level warn --quota-backend-bytes 8589934592",
    );
    expect(config.listenClientUrls).toEqual([
      { scheme: "unix", path: "/tmp/x/etcd.sock", text: "unix:///tmp/x/etcd.sock" },
    ]);
    expect(config).toMatchObject({ logLevel: "warn", quotaBackendBytes: 8_589_934_592, listenPeerUrls: [{ port: 0 }] });
  });

  test("keeps URLs sorted, each once", () => {
    const line = "--listen-peer-urls=http://[::1]:2,http://127.0.0.1:1,http://[::1]:2";
    expect(run(line).listenPeerUrls).toMatchObject([
      { host: "127.0.0.1", port: 1 },
      { host: "::1", port: 2 },
    ]);
  });

  test("names the cluster after its only member where just the name is given", () => {
    expect(run("--name a").initialCluster).toMatchObject([
      { name: "a", peerUrls: [{ text: "http://localhost:2380" }] },
    ]);
  });

  test("reads an initial cluster whose members have several URLs", () => {
    const { initialCluster } = run("--name n --initial-cluster n=http://b:1,m=http://c:1,n=http://a:1");
    expect(initialCluster.map(({ name, peerUrls }) => [name, texts(peerUrls)])).toEqual([
      ["n", ["http://a:1", "http://b:1"]],
      ["m", ["http://c:1"]],
    ]);
  });

  test("advertises the machine's address where it listens on all and advertises none", () => {
    const line = "--name a --listen-peer-urls http://0.0.0.0:7380";
    const config = run(line, { defaultHost: "10.0.0.9" });
    expect(texts(config.initialAdvertisePeerUrls)).toEqual(["http://10.0.0.9:7380"]);
    expect(config.initialCluster).toMatchObject([{ name: "a", peerUrls: [{ text: "http://10.0.0.9:7380" }] }]);
    expect(texts(run(line).initialAdvertisePeerUrls)).toEqual(["http://localhost:2380"]);
  });

  test.each([
    ["--auto-compaction-retention=0", { mode: "off" }],
    ["--auto-compaction-retention=2", { mode: "periodic", retentionMs: 7_200_000 }],
    ["--auto-compaction-retention=5m", { mode: "periodic", retentionMs: 300_000 }],
    ["--auto-compaction-mode=revision --auto-compaction-retention=500", { mode: "revision", retentionRevisions: 500 }],
    ["--auto-compaction-mode=revision", { mode: "off" }],
  ])("reads %s", (line, autoCompaction) => {
    expect(run(line).autoCompaction).toEqual(autoCompaction);
  });

  test.each([
    [
      "--listen-client-urls http://foo:1 --advertise-client-urls http://foo:1",
      "expected IP in URL for binding (http://foo:1)",
    ],
    ["--listen-peer-urls http://:1", "expected IP in URL for binding (http://:1)"],
    ["--listen-metrics-urls http://1.2.3.256:1", "expected IP in URL for binding (http://1.2.3.256:1)"],
    [
      "--listen-client-urls http://127.0.0.1:1",
      "--advertise-client-urls is required when --listen-client-urls is set explicitly",
    ],
    [
      "--advertise-client-urls http://:1",
      '--advertise-client-urls "http://:1" must be "host:port" (unexpected empty host (http://:1))',
    ],
    [
      "--advertise-client-urls unix:///x",
      '--advertise-client-urls "unix:///x" must be "host:port" (missing port in address)',
    ],
    ["--heartbeat-interval 0", "--heartbeat-interval must be >0 (set to 0ms)"],
    ["--election-timeout 0", "--election-timeout must be >0 (set to 0ms)"],
    [
      "--heartbeat-interval 201",
      "--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[201ms]",
    ],
    ["--election-timeout 50001", "--election-timeout[50001ms] is too long, and should be set less than 50000ms"],
    ["--auto-compaction-mode x", 'unknown auto-compaction-mode "x"'],
    ["--auto-compaction-mode=", "undefined auto-compaction-mode"],
    ["--auto-compaction-retention x", 'error parsing CompactionRetention: time: invalid duration "x"'],
    ["--initial-cluster foo", "error setting up initial cluster: URL scheme must be http, https, unix, or unixs: "],
    [
      "--feature-gates LeaseCheckpointPersist=true",
      "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint",
    ],
    ["--logger capnslog", "--logger=capnslog is removed in v3.5"],
    ["--log-level loud", 'unrecognized level: "loud"'],
    ["--log-outputs default,stderr", 'multi logoutput for "default" is not supported yet'],
    ["--cert-file c", "KeyFile and CertFile must both be present[key: , cert: c]"],
    [
      "--listen-client-urls https://127.0.0.1:1 --advertise-client-urls https://127.0.0.1:1",
      "TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:1 with HTTPS scheme",
    ],
    [
      "--listen-metrics-urls https://127.0.0.1:1",
      "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url",
    ],
    ["--discovery-fallback proxy", `v2 proxy is deprecated, and --discovery-fallback can't be configured as "proxy"`],
  ])("is refused with exit code 1: %s", (line, message) => {
    expect(refused(line)).toEqual({ exitCode: 1, message });
  });

  test.each([
    ["--cert-file c --key-file k", "scheme is http or unix while key and cert files are present"],
    ["--cert-file c --key-file k --auto-tls", "ignoring client auto TLS since certs given"],
    ["--client-cert-auth", "scheme is http or unix while --client-cert-auth is enabled"],
    ["--name default", "the member has the default name"],
    ["--name a", "'data-dir' was empty; using default | a.etcd"],
    ["--max-wals 7", "--max-wals is accepted and has no effect"],
    ["--max-snapshots 5", "--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8."],
    ["--v2-deprecation write-only", "--v2-deprecation is deprecated and scheduled for removal in v3.8."],
    ["--enable-pprof", "--enable-pprof is accepted and has no effect"],
  ])("warns of %s", (line, message) => {
    expect(warningsOf(line)).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
  });

  test("does not warn of a setting that is as sound as it is common", () => {
    expect(warningsOf("--name a --data-dir d --max-wals 5 --enable-grpc-gateway=false")).toEqual([]);
  });
});

describe("an old name", () => {
  test("sets what replaced it, with a warning", () => {
    expect(run("--experimental-watch-progress-notify-interval 5s").watchProgressNotifyIntervalMs).toBe(5000);
    expect(warningsOf("--name a --data-dir d --experimental-snapshot-catchup-entries 9")).toEqual([
      "--experimental-snapshot-catchup-entries is deprecated in v3.6 and will be decommissioned in v3.7. " +
        "Use '--snapshot-catchup-entries' instead.",
    ]);
  });

  test("opens a gate", () => {
    const line = "--experimental-initial-corrupt-check=true --feature-gates=CompactHashCheck=true";
    expect(run(line).featureGates).toMatchObject({ InitialCorruptCheck: true, CompactHashCheck: true });
  });

  test.each([
    [
      "--experimental-compaction-batch-limit 1 --compaction-batch-limit 1",
      "cannot set --experimental-compaction-batch-limit and --compaction-batch-limit at the same time, please use --compaction-batch-limit only",
    ],
    [
      "--experimental-warning-unary-request-duration 1s --warning-unary-request-duration 1s",
      "both --experimental-warning-unary-request-duration and --warning-unary-request-duration flags are set. Use only --warning-unary-request-duration",
    ],
    [
      "--experimental-initial-corrupt-check=true --feature-gates=InitialCorruptCheck=false",
      "cannot specify both flags: --experimental-initial-corrupt-check=true and --feature-gates=InitialCorruptCheck=false at the same time, please just use --feature-gates=InitialCorruptCheck=false",
    ],
  ])("may not stand beside its present name: %s", (line, message) => {
    expect(refused(line)).toEqual({ exitCode: 1, message });
  });
});

test("what is for emergencies and tuning at the start is off until it is asked for", () => {
  const line =
    "--force-new-cluster --unsafe-no-fsync --experimental-bootstrap-defrag-threshold-megabytes=3 --socket-reuse-port";
  const { forceNewCluster, unsafeNoFsync, bootstrapDefragThresholdMegabytes, listenPeerUrls } = run(line);
  expect([forceNewCluster, unsafeNoFsync, bootstrapDefragThresholdMegabytes]).toEqual([true, true, 3]);
  expect(listenPeerUrls).toMatchObject([{ host: "localhost", reusePort: true }]);
  const { listenPeerUrls: plain, ...off } = run("");
  expect(off).toMatchObject({ forceNewCluster: false, unsafeNoFsync: false, bootstrapDefragThresholdMegabytes: 0 });
  expect(plain[0]).not.toHaveProperty("reusePort");
});

describe("TLS", () => {
  const suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

  test("takes Go's names of cipher suites, versions and what certificates have to name, for each side its own", () => {
    const line =
      `--cipher-suites=${suite},TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305 --tls-max-version=TLS1.2 ` +
      "--client-crl-file=c --peer-crl-file=p --client-cert-allowed-hostname=a,b --peer-cert-allowed-cn=n";
    const shared = {
      ciphers: ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
    };
    expect(run(line)).toMatchObject({
      clientTls: { ...shared, crlFile: "c", allowedHostnames: ["a", "b"], checksCallerAddress: false },
      peerTls: { ...shared, crlFile: "p", allowedCommonNames: ["n"], checksCallerAddress: true },
    });
    expect(run("--experimental-peer-skip-client-san-verification").peerTls.checksCallerAddress).toBe(false);
  });

  test.each([
    ["--cipher-suites=TLS_MAGIC", 'unexpected TLS cipher suite "TLS_MAGIC"'],
    ["--cipher-suites=toString", 'unexpected TLS cipher suite "toString"'],
    ["--tls-min-version=TLS1.1", 'unexpected TLS version "TLS1.1" (must be one of: TLS1.2, TLS1.3)'],
    ["--tls-max-version=x", 'unexpected TLS version "x" (must be one of: TLS1.2, TLS1.3)'],
    ["--tls-min-version=TLS1.3 --tls-max-version=TLS1.2", "min version (TLS1.3) is greater than max version (TLS1.2)"],
    [
      `--tls-min-version=TLS1.3 --cipher-suites=${suite}`,
      "cipher suites cannot be configured when only TLS1.3 is enabled",
    ],
    [
      "--peer-auto-tls --peer-cert-allowed-cn=a,b --peer-cert-allowed-hostname=c",
      'AllowedCNs and AllowedHostnames are mutually exclusive (cns=["a" "b"], hostnames=["c"])',
    ],
  ])("refuses %s in etcd's words", (line, message) => {
    expect(refused(line)).toEqual({ exitCode: 1, message });
  });
});
