import { openSslCipher } from "./cipher-suites.ts";
import { LOG_LEVELS } from "./config.ts";
import { flawOfDiscovery } from "./discovery.ts";
import { flawOfLogOutputs } from "./log-settings.ts";
import { isIpAddress, isTlsUrl, splitHostPort } from "./server-url.ts";
import type { ServerUrl } from "./server-url.ts";
import type { Settings } from "./settings.ts";
import { tlsVersion } from "./tls-version.ts";

const ELECTION_TIMEOUT_MAX_MS = 50_000;
const HEARTBEATS_PER_ELECTION_MIN = 5;

/** What makes the settings impossible, in etcd's sentences and in its order; nothing if they are sound. */
export function invalidityOf(settings: Settings, { isFromFlags }: { isFromFlags: boolean }): string | undefined {
  const ofFlags = isFromFlags ? [advertisedClients] : [];
  for (const check of [
    fallback,
    logging,
    boundUrls,
    advertisedUrls,
    flawOfDiscovery,
    rhythm,
    ...ofFlags,
    gates,
    checks,
    ...TLS_CHECKS,
  ]) {
    const invalidity = check(settings);
    if (invalidity !== undefined) return invalidity;
  }
  return undefined;
}

function fallback(settings: Settings): string | undefined {
  return settings.get("discovery-fallback") === "proxy"
    ? `v2 proxy is deprecated, and --discovery-fallback can't be configured as "proxy"`
    : undefined;
}

function logging(settings: Settings): string | undefined {
  const logger = settings.get("logger");
  if (logger === "capnslog") return "--logger=capnslog is removed in v3.5";
  if (logger !== "zap") return `unknown logger option ${JSON.stringify(logger)}`;
  const outputs = flawOfLogOutputs(settings);
  if (outputs !== undefined) return outputs;
  const level = settings.get("log-level");
  const isLevel = LOG_LEVELS.some((known) => known === level);
  return isLevel ? undefined : `unrecognized level: ${JSON.stringify(level)}`;
}

function boundUrls(settings: Settings): string | undefined {
  const urls = [
    ...settings.get("listen-peer-urls"),
    ...settings.get("listen-client-urls"),
    ...settings.get("listen-client-http-urls"),
    ...settings.get("listen-metrics-urls"),
  ];
  const named = urls.find((url) => "host" in url && url.host !== "localhost" && !isIpAddress(url.host));
  return named && `expected IP in URL for binding (${named.text})`;
}

function advertisedUrls(settings: Settings): string | undefined {
  for (const flag of ["initial-advertise-peer-urls", "advertise-client-urls"] as const) {
    const urls = settings.get(flag);
    const flaws = urls.map(flawOfAddress).filter((flaw) => flaw !== undefined);
    const list = JSON.stringify(urls.map((url) => url.text).join(","));
    if (flaws.length > 0) return `--${flag} ${list} must be "host:port" (${flaws[0]})`;
  }
  return undefined;
}

function flawOfAddress(url: ServerUrl): string | undefined {
  const address = "host" in url ? url : splitHostPort(url.path);
  if (address === undefined) return "missing port in address";
  return address.host === "" ? `unexpected empty host (${url.text})` : undefined;
}

function rhythm(settings: Settings): string | undefined {
  const heartbeatMs = settings.get("heartbeat-interval");
  const electionMs = settings.get("election-timeout");
  if (heartbeatMs === 0) return "--heartbeat-interval must be >0 (set to 0ms)";
  if (electionMs === 0) return "--election-timeout must be >0 (set to 0ms)";
  if (HEARTBEATS_PER_ELECTION_MIN * heartbeatMs > electionMs) {
    return `--election-timeout[${electionMs}ms] should be at least as 5 times as --heartbeat-interval[${heartbeatMs}ms]`;
  }
  return electionMs > ELECTION_TIMEOUT_MAX_MS
    ? `--election-timeout[${electionMs}ms] is too long, and should be set less than ${ELECTION_TIMEOUT_MAX_MS}ms`
    : undefined;
}

/**
 * Clients learn these URLs from the member list: the default would send them to the wrong place. Asked of flags and
 * environment only, for etcd lets a configuration file rely on the default.
 */
function advertisedClients(settings: Settings): string | undefined {
  return settings.isGiven("listen-client-urls") && !settings.isGiven("advertise-client-urls")
    ? "--advertise-client-urls is required when --listen-client-urls is set explicitly"
    : undefined;
}

function gates(settings: Settings): string | undefined {
  const { LeaseCheckpoint, LeaseCheckpointPersist } = settings.get("feature-gates");
  return LeaseCheckpointPersist && !LeaseCheckpoint
    ? "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint"
    : undefined;
}

function checks(settings: Settings): string | undefined {
  return settings.get("compact-hash-check-time") <= 0
    ? `--${settings.writtenAs("compact-hash-check-time")} must be >0 (set to ${settings.textOf("compact-hash-check-time")})`
    : undefined;
}

const TLS_CHECKS = [tlsVersions, cipherSuites, tlsFiles, allowedNames, tlsUrls];

function tlsVersions(settings: Settings): string | undefined {
  const min = settings.get("tls-min-version");
  const max = settings.get("tls-max-version");
  const unknown = [min, max].find((version) => version !== "" && tlsVersion(version) === undefined);
  if (unknown !== undefined)
    return `unexpected TLS version ${JSON.stringify(unknown)} (must be one of: TLS1.2, TLS1.3)`;
  if (max !== "" && min > max) return `min version (${min}) is greater than max version (${max})`;
  return min === "TLS1.3" && settings.get("cipher-suites").length > 0
    ? "cipher suites cannot be configured when only TLS1.3 is enabled"
    : undefined;
}

function cipherSuites(settings: Settings): string | undefined {
  const unknown = settings.get("cipher-suites").find((name) => openSslCipher(name) === undefined);
  return unknown === undefined ? undefined : `unexpected TLS cipher suite ${JSON.stringify(unknown)}`;
}

/** A certificate is judged by one of the two. Without TLS there is nothing to judge, and etcd does not look. */
function allowedNames(settings: Settings): string | undefined {
  const commonNames = settings.get("peer-cert-allowed-cn");
  const hosts = settings.get("peer-cert-allowed-hostname");
  const hasTls = settings.get("peer-cert-file") !== "" || settings.get("peer-auto-tls");
  return hasTls && commonNames.length > 0 && hosts.length > 0
    ? `AllowedCNs and AllowedHostnames are mutually exclusive (cns=${goList(commonNames)}, hostnames=${goList(hosts)})`
    : undefined;
}

function goList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
}

function tlsFiles(settings: Settings): string | undefined {
  for (const side of ["", "peer-"] as const) {
    const cert = settings.get(`${side}cert-file`);
    const key = settings.get(`${side}key-file`);
    if ((cert === "") !== (key === "")) return `KeyFile and CertFile must both be present[key: ${key}, cert: ${cert}]`;
    const clientCert = settings.get(`${side}client-cert-file`);
    const clientKey = settings.get(`${side}client-key-file`);
    if ((clientCert === "") !== (clientKey === "")) {
      return `ClientKeyFile and ClientCertFile must both be present or both absent: key: ${clientKey}, cert: ${clientCert}]`;
    }
  }
  return undefined;
}

function tlsUrls(settings: Settings): string | undefined {
  if (settings.get("cert-file") === "" && !settings.get("auto-tls")) {
    const clientUrls = [...settings.get("listen-client-urls"), ...settings.get("listen-client-http-urls")];
    const url = clientUrls.find(isTlsUrl);
    if (url)
      return `TLS key/cert (--cert-file, --key-file) must be provided for client url ${url.text} with HTTPS scheme`;
    if (settings.get("listen-metrics-urls").some(isTlsUrl)) {
      return "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url";
    }
  }
  if (settings.get("peer-cert-file") !== "" || settings.get("peer-auto-tls")) return undefined;
  const url = settings.get("listen-peer-urls").find(isTlsUrl);
  return (
    url &&
    `TLS key/cert (--peer-cert-file, --peer-key-file) must be provided for peer url ${url.text} with HTTPS scheme`
  );
}
