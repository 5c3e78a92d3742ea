import type { Settings } from "./settings.ts";

/** Whom a member asks who founds the cluster with it, where --initial-cluster does not say. */
export type Discovery = RegistryDiscovery | FolderDiscovery | DnsDiscovery;

/** Keys of another etcd: every member writes itself there and waits for the others (etcd's v3 discovery). */
export interface RegistryDiscovery {
  readonly kind: "registry";
  readonly token: string;
  readonly endpoints: readonly string[];
  readonly requestTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Undefined: an endpoint that says neither http nor https is called without TLS. */
  readonly tls: RegistryTls | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
}

/** Files for TLS towards a registry. */
export interface RegistryTls {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  readonly isVerified: boolean;
}

/** A folder of keys in an etcd of release 3.5 or before, over HTTP (etcd's v2 discovery). */
export interface FolderDiscovery {
  readonly kind: "folder";
  /** Where the folder is; its last part is the token, and the whole text is the cluster's token. */
  readonly url: string;
  /** The HTTP proxy on the way there. */
  readonly proxy: string | undefined;
}

/** SRV records of a domain. */
export interface DnsDiscovery {
  readonly kind: "dns";
  readonly domain: string;
  /** Told apart by name, several clusters may share a domain. */
  readonly serviceName: string | undefined;
}

/** What was asked for; nothing where the members are listed. */
export function discoveryOf(settings: Settings): Discovery | undefined {
  const endpoints = settings.get("discovery-endpoints");
  if (endpoints.length > 0) return registryOf(settings, endpoints);
  const url = settings.get("discovery");
  if (url !== "") return Object.freeze({ kind: "folder", url, proxy: settings.get("discovery-proxy") || undefined });
  const domain = settings.get("discovery-srv");
  if (domain === "") return undefined;
  return Object.freeze({ kind: "dns", domain, serviceName: settings.get("discovery-srv-name") || undefined });
}

/** What the ids of the cluster and its members are made of, so that two clusters never take each other's members for theirs. */
export function clusterToken(discovery: Discovery | undefined, settings: Settings): string {
  switch (discovery?.kind) {
    case "registry":
      return discovery.token;
    case "folder":
      return discovery.url;
    case "dns":
    case undefined:
      return settings.get("initial-cluster-token");
  }
}

/** What is wrong with the flags of discovery, in etcd's sentences. */
export function flawOfDiscovery(settings: Settings): string | undefined {
  const endpoints = settings.get("discovery-endpoints");
  const hasToken = settings.get("discovery-token") !== "";
  const listed = settings.isGiven("initial-cluster") && settings.textOf("initial-cluster") !== "";
  const asked = [settings.get("discovery") !== "", settings.get("discovery-srv") !== "", endpoints.length > 0];
  if ([listed, ...asked].filter(Boolean).length > 1) {
    return (
      "multiple discovery or bootstrap flags are set. " +
      'Choose one of "initial-cluster", "discovery", "discovery-endpoints" or "discovery-srv"'
    );
  }
  if (settings.get("discovery-proxy") !== "" && (endpoints.length > 0 || V3_ONLY.some((name) => settings.get(name)))) {
    return (
      "both v2 discovery settings (discovery, discovery-proxy) " +
      "and v3 discovery settings (discovery-token, discovery-endpoints, discovery-cert, " +
      "discovery-key, discovery-cacert, discovery-user, discovery-password) are set"
    );
  }
  if (hasToken !== endpoints.length > 0) return "both --discovery-token and --discovery-endpoints must be set";
  if (endpoints.some((endpoint) => endpoint.trim() === "")) {
    return "--discovery-endpoints must not contain empty endpoints";
  }
  return flawOfUser(settings) ?? flawOfKeyPair(settings);
}

const V3_ONLY = [
  "discovery-token",
  "discovery-cert",
  "discovery-key",
  "discovery-cacert",
  "discovery-user",
  "discovery-password",
] as const;

/** etcd calls anonymously then; whoever names a user would wonder. */
function flawOfUser(settings: Settings): string | undefined {
  const user = settings.get("discovery-user");
  return user !== "" && userOf(settings) === undefined
    ? "--discovery-user has no password: write it as name:password or set --discovery-password"
    : undefined;
}

function flawOfKeyPair(settings: Settings): string | undefined {
  const cert = settings.get("discovery-cert");
  const key = settings.get("discovery-key");
  return (cert === "") === (key === "")
    ? undefined
    : `KeyFile and CertFile must both be present[key: ${key}, cert: ${cert}]`;
}

function registryOf(settings: Settings, endpoints: readonly string[]): RegistryDiscovery {
  return Object.freeze({
    kind: "registry",
    token: settings.get("discovery-token"),
    endpoints: endpoints.map((endpoint) => endpoint.trim()),
    requestTimeoutMs: settings.get("discovery-request-timeout"),
    keepaliveTimeMs: settings.get("discovery-keepalive-time"),
    keepaliveTimeoutMs: settings.get("discovery-keepalive-timeout"),
    tls: tlsOf(settings),
    user: userOf(settings),
  });
}

/** As etcd's client has it: certificates, or a wish not to be without TLS or verification, mean TLS. */
function tlsOf(settings: Settings): RegistryTls | undefined {
  const certFile = settings.get("discovery-cert") || undefined;
  const keyFile = settings.get("discovery-key") || undefined;
  const trustedCaFile = settings.get("discovery-cacert") || undefined;
  const isVerified = !settings.get("discovery-insecure-skip-tls-verify");
  const isWanted = !settings.get("discovery-insecure-transport") || !isVerified;
  const hasFiles = certFile !== undefined || keyFile !== undefined || trustedCaFile !== undefined;
  return hasFiles || isWanted ? { certFile, keyFile, trustedCaFile, isVerified } : undefined;
}

function userOf(settings: Settings): RegistryDiscovery["user"] {
  const user = settings.get("discovery-user");
  const given = settings.get("discovery-password");
  if (given !== "") return user === "" ? undefined : { name: user, password: given };
  const colon = user.indexOf(":");
  return colon < 0 ? undefined : { name: user.slice(0, colon), password: user.slice(colon + 1) };
}
