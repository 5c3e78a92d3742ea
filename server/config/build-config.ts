import { isBcryptCost, parseAuthToken } from "./auth-token.ts";
import type { AuthTokenConfig } from "./auth-token.ts";
import { parseAutoCompaction } from "./auto-compaction.ts";
import type { AutoCompaction } from "./auto-compaction.ts";
import { openSslCipher } from "./cipher-suites.ts";
import type { Config, LogLevel, TlsConfig } from "./config.ts";
import { clusterToken, discoveryOf } from "./discovery.ts";
import { parseInitialCluster } from "./initial-cluster.ts";
import type { InitialMember } from "./initial-cluster.ts";
import { logOutputsOf, parseLogRotation } from "./log-settings.ts";
import type { LogFormat, LogRotation } from "./log-settings.ts";
import { optionNamed } from "./options.ts";
import type { OptionName } from "./options.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";
import { parseServerUrls } from "./server-url.ts";
import type { ServerUrl } from "./server-url.ts";
import type { Settings } from "./settings.ts";
import { tlsVersion } from "./tls-version.ts";

/** Makes the configuration out of settings that have been validated; what still can be wrong is text within text. */
export function buildConfig(settings: Settings, defaultHost: string | undefined): Parsed<Config> {
  const autoCompaction = parseAutoCompaction(
    settings.get("auto-compaction-mode"),
    settings.get("auto-compaction-retention"),
  );
  if (!autoCompaction.ok) return autoCompaction;
  const authToken = parseAuthToken(settings.get("auth-token"));
  if (!authToken.ok) return authToken;
  const logRotation = parseLogRotation(settings);
  if (!logRotation.ok) return logRotation;
  const peerUrls = advertised(settings, "listen-peer-urls", "initial-advertise-peer-urls", defaultHost);
  const members = parseInitialCluster(initialClusterText(settings, peerUrls));
  if (!members.ok) return rejected(`error setting up initial cluster: ${members.reason}`);
  return accepted(
    Object.freeze({
      ...identity(settings),
      ...addresses(settings, defaultHost),
      ...membership(settings, peerUrls, members.value),
      ...limits(settings),
      ...background(settings, autoCompaction.value),
      ...observation(settings, logRotation.value),
      clientTls: tls(settings, ""),
      peerTls: tls(settings, "peer-"),
      selfSignedCertValidityYears: settings.get("self-signed-cert-validity") || 1,
      ...auth(settings, authToken.value),
    }),
  );
}

function identity(settings: Settings) {
  const name = settings.get("name");
  return {
    name,
    dataDir: settings.get("data-dir") || `${name}.etcd`,
    walDir: settings.get("wal-dir") || undefined,
    unsafeNoFsync: settings.get("unsafe-no-fsync"),
    bootstrapDefragThresholdMegabytes: settings.get("bootstrap-defrag-threshold-megabytes"),
    snapshotCount: settings.get("snapshot-count"),
    snapshotCatchupEntries: settings.get("snapshot-catchup-entries"),
    heartbeatIntervalMs: settings.get("heartbeat-interval"),
    electionTimeoutMs: settings.get("election-timeout"),
    preVote: settings.get("pre-vote"),
  };
}

function addresses(settings: Settings, defaultHost: string | undefined) {
  return {
    listenPeerUrls: bound(settings, "listen-peer-urls"),
    listenClientUrls: bound(settings, "listen-client-urls"),
    listenClientHttpUrls: bound(settings, "listen-client-http-urls"),
    listenMetricsUrls: bound(settings, "listen-metrics-urls"),
    advertiseClientUrls: advertised(settings, "listen-client-urls", "advertise-client-urls", defaultHost),
  };
}

function bound(
  settings: Settings,
  flag: "listen-peer-urls" | "listen-client-urls" | "listen-client-http-urls" | "listen-metrics-urls",
): readonly ServerUrl[] {
  const urls = settings.get(flag);
  if (!settings.get("socket-reuse-port")) return urls;
  return urls.map((url) => ("host" in url ? { ...url, reusePort: true } : url));
}

function membership(settings: Settings, peerUrls: readonly ServerUrl[], members: readonly InitialMember[]) {
  const discovery = discoveryOf(settings);
  return {
    initialAdvertisePeerUrls: peerUrls,
    discovery,
    initialCluster: discovery === undefined ? members : [{ name: settings.get("name"), peerUrls }],
    initialClusterState:
      settings.get("initial-cluster-state") === "existing" ? ("existing" as const) : ("new" as const),
    initialClusterToken: clusterToken(discovery, settings),
    strictReconfigCheck: settings.get("strict-reconfig-check"),
    forceNewCluster: settings.get("force-new-cluster"),
    maxLearners: settings.get("max-learners"),
  };
}

function limits(settings: Settings) {
  return {
    quotaBackendBytes: settings.get("quota-backend-bytes"),
    maxTxnOps: settings.get("max-txn-ops"),
    maxRequestBytes: settings.get("max-request-bytes"),
    maxConcurrentStreams: settings.get("max-concurrent-streams"),
    grpcKeepaliveMinTimeMs: settings.get("grpc-keepalive-min-time"),
    grpcKeepaliveIntervalMs: settings.get("grpc-keepalive-interval"),
    grpcKeepaliveTimeoutMs: settings.get("grpc-keepalive-timeout"),
    enableGrpcGateway: settings.get("enable-grpc-gateway"),
    cors: settings.get("cors"),
    hostWhitelist: settings.get("host-whitelist"),
  };
}

function background(settings: Settings, autoCompaction: AutoCompaction) {
  return {
    autoCompaction: Object.freeze(autoCompaction),
    compactionBatchLimit: settings.get("compaction-batch-limit"),
    compactionSleepIntervalMs: settings.get("compaction-sleep-interval"),
    watchProgressNotifyIntervalMs: settings.get("watch-progress-notify-interval"),
    corruptCheckTimeMs: settings.get("corrupt-check-time"),
    compactHashCheckTimeMs: settings.get("compact-hash-check-time"),
    downgradeCheckTimeMs: settings.get("downgrade-check-time"),
    featureGates: settings.get("feature-gates"),
  };
}

function auth(settings: Settings, authToken: AuthTokenConfig) {
  const cost = settings.get("bcrypt-cost");
  return {
    authToken: Object.freeze(authToken),
    authTokenTtlSeconds: settings.get("auth-token-ttl"),
    bcryptCost: isBcryptCost(cost) ? cost : settings.getDefault("bcrypt-cost"),
  };
}

function observation(settings: Settings, logRotation: LogRotation | undefined) {
  return {
    metrics: settings.get("metrics") === "extensive" ? ("extensive" as const) : ("basic" as const),
    logLevel: settings.get("log-level") as LogLevel,
    logFormat: (settings.get("log-format") || "json") as LogFormat,
    logOutputs: logOutputsOf(settings),
    logRotation,
    warningApplyDurationMs: settings.get("warning-apply-duration"),
    warningUnaryRequestDurationMs: settings.get("warning-unary-request-duration"),
  };
}

function tls(settings: Settings, side: "" | "peer-"): TlsConfig {
  const certFile = settings.get(`${side}cert-file`) || undefined;
  return Object.freeze({
    certFile,
    keyFile: settings.get(`${side}key-file`) || undefined,
    clientCertFile: settings.get(`${side}client-cert-file`) || undefined,
    clientKeyFile: settings.get(`${side}client-key-file`) || undefined,
    trustedCaFile: settings.get(`${side}trusted-ca-file`) || undefined,
    clientCertAuth: settings.get(`${side}client-cert-auth`),
    autoTls: settings.get(`${side}auto-tls`) && certFile === undefined,
    crlFile: settings.get(side === "" ? "client-crl-file" : "peer-crl-file") || undefined,
    allowedCommonNames: side === "" ? [] : settings.get("peer-cert-allowed-cn"),
    allowedHostnames: settings.get(side === "" ? "client-cert-allowed-hostname" : "peer-cert-allowed-hostname"),
    checksCallerAddress: side === "peer-" && !settings.get("peer-skip-client-san-verification"),
    minVersion: tlsVersion(settings.get("tls-min-version")),
    maxVersion: tlsVersion(settings.get("tls-max-version")),
    ciphers: settings.get("cipher-suites").flatMap((name) => openSslCipher(name) ?? []),
  });
}

/**
 * The URLs to tell others. Whoever listens on every address but advertises the default, localhost, could not be reached
 * from elsewhere: the machine's default address then stands in for it, with the port that is listened on.
 */
function advertised(
  settings: Settings,
  listenFlag: "listen-peer-urls" | "listen-client-urls",
  advertiseFlag: "initial-advertise-peer-urls" | "advertise-client-urls",
  defaultHost: string | undefined,
): readonly ServerUrl[] {
  const urls = settings.get(advertiseFlag);
  const [url] = urls;
  const [listen] = settings.get(listenFlag);
  const isDefault = urls.length === 1 && url?.text === defaultText(advertiseFlag);
  if (!isDefault || defaultHost === undefined || listen === undefined || !("host" in listen)) return urls;
  if (listen.host !== "0.0.0.0") return urls;
  const host = defaultHost.includes(":") ? `[${defaultHost}]` : defaultHost;
  const parsed = parseServerUrls(`${url.scheme}://${host}:${listen.port}`);
  return parsed.ok ? parsed.value : urls;
}

/** With only --name given, the cluster is this one member under that name. */
function initialClusterText(settings: Settings, peerUrls: readonly ServerUrl[]): string {
  const text = settings.get("initial-cluster");
  const name = settings.get("name");
  if (name === defaultText("name") || text !== defaultText("initial-cluster")) return text;
  return peerUrls.map((url) => `${name}=${url.text}`).join(",");
}

function defaultText(name: OptionName): string {
  return optionNamed(name).default;
}
