import type { Option } from "../config/option.ts";
import { DISCOVERY_OPTIONS, LISTEN_ADDRESS } from "./gateway-options.ts";
import type { ProxyCommand } from "./proxy-arguments.ts";

function text(name: string, help: string, value = ""): Option {
  return { name, kind: "string", default: value, help, status: "works" };
}

function flag(name: string, help: string, status: Option["status"] = "works"): Option {
  return { name, kind: "bool", default: "false", help, status };
}

function duration(name: string, value: string, defaultShown: string, help: string): Option {
  return { name, kind: "duration", default: value, defaultShown, help, status: "works" };
}

/** How the proxy meets the cluster. */
const CLUSTER: readonly Option[] = [
  text("discovery-srv", "domain name to query for SRV records describing cluster endpoints"),
  ...DISCOVERY_OPTIONS,
  duration("endpoints-auto-sync-interval", "0", "0s", "etcd endpoints auto sync interval (disabled by default)"),
  duration("dial-keepalive-time", "0", "0s", "keepalive time for client(grpc-proxy) connections (default 0, disable)."),
  duration(
    "dial-keepalive-timeout",
    "20s",
    "20s",
    "keepalive timeout for client(grpc-proxy) connections (default 20s).",
  ),
  flag("permit-without-stream", "Enable client(grpc-proxy) to send keepalive pings even with no active RPCs."),
  {
    name: "max-send-bytes",
    kind: "int",
    default: "1572864",
    help: "message send limits in bytes (default value is 1.5 MiB)",
    status: "works",
  },
  {
    name: "max-recv-bytes",
    kind: "int",
    default: "2147483647",
    help: "message receive limits in bytes (default value is math.MaxInt32)",
    status: "works",
  },
  text("cert", "identify secure connections with etcd servers using this TLS certificate file"),
  text("key", "identify secure connections with etcd servers using this TLS key file"),
  text("cacert", "verify certificates of TLS-enabled secure etcd servers using this CA bundle"),
  flag(
    "insecure-skip-tls-verify",
    "skip authentication of etcd server TLS certificates (CAUTION: this option should be enabled only for testing purposes)",
  ),
];

/** How clients meet the proxy. */
const CLIENTS: readonly Option[] = [
  LISTEN_ADDRESS,
  text("metrics-addr", "listen for endpoint /metrics requests on an additional interface"),
  text("data-dir", "Data directory for persistent data", "default.proxy"),
  duration(
    "grpc-keepalive-min-time",
    "5s",
    "5s",
    "Minimum interval duration that a client should wait before pinging proxy.",
  ),
  duration(
    "grpc-keepalive-interval",
    "2h",
    "2h0m0s",
    "Frequency duration of server-to-client ping to check if a connection is alive (0 to disable).",
  ),
  duration(
    "grpc-keepalive-timeout",
    "20s",
    "20s",
    "Additional duration of wait before closing a non-responsive connection (0 to disable).",
  ),
  {
    name: "max-concurrent-streams",
    kind: "uint32",
    default: "4294967295",
    help: "Maximum concurrent streams that each client can open at a time.",
    status: "works",
  },
  text("cert-file", "identify secure connections to the proxy using this TLS certificate file"),
  text("key-file", "identify secure connections to the proxy using this TLS key file"),
  text("trusted-ca-file", "verify certificates of TLS-enabled secure proxy using this CA bundle"),
  {
    name: "listen-cipher-suites",
    kind: "strings",
    default: "",
    help: "Comma-separated list of supported TLS cipher suites between client/proxy (empty will be auto-populated by Go).",
    status: "works",
  },
  flag("auto-tls", "proxy TLS using generated certificates"),
  text("client-crl-file", "proxy client certificate revocation list file."),
  {
    name: "self-signed-cert-validity",
    kind: "uint",
    default: "1",
    help: "The validity period of the proxy certificates, unit is year",
    status: "works",
  },
  text("tls-min-version", "Minimum TLS version supported by grpc proxy. Possible values: TLS1.2, TLS1.3.", "TLS1.2"),
  text(
    "tls-max-version",
    "Maximum TLS version supported by grpc proxy. Possible values: TLS1.2, TLS1.3 (empty defers to Go).",
  ),
];

/** What clients see through it, and what else it does. */
const VIEW: readonly Option[] = [
  text("advertise-client-url", "advertise address to register (must be reachable by client)", "127.0.0.1:23790"),
  text("resolver-prefix", "prefix to use for registering proxy (must be shared with other grpc-proxy members)"),
  {
    name: "resolver-ttl",
    kind: "int",
    default: "0",
    help: "specify TTL, in seconds, when registering proxy endpoints",
    status: "works",
  },
  text("namespace", "string to prefix to all keys for namespacing requests"),
  flag(
    "enable-pprof",
    `Enable runtime profiling data via HTTP server. Address is at client URL + "/debug/pprof/"`,
    "ignored",
  ),
  flag(
    "experimental-serializable-ordering",
    "Ensure serializable reads have monotonically increasing store revisions across endpoints.",
  ),
  text("experimental-leasing-prefix", "leasing metadata prefix for disconnected linearized reads."),
  flag("experimental-enable-grpc-logging", "logging all grpc requests and responses"),
  flag("debug", "Enable debug-level logging for grpc-proxy."),
];

/** The flags of `etcd grpc-proxy start`. */
export const GRPC_PROXY: ProxyCommand = {
  name: "grpc-proxy",
  title: "grpc-proxy related command",
  startTitle: "start the grpc proxy",
  options: [...CLUSTER, ...CLIENTS, ...VIEW],
};
