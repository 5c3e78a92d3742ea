import type { Option } from "./option.ts";

/** What the server lets one see from outside. */
export const MONITORING_OPTIONS = [
  {
    name: "enable-pprof",
    kind: "bool",
    default: "false",
    status: "ignored",
    help: "Serve Go's runtime profiles under /debug/pprof/. This server is not a Go program.",
  },
  {
    name: "metrics",
    kind: "string",
    default: "basic",
    status: "works",
    help: 'Detail of the metrics: "basic", or "extensive" for histograms of every RPC as well.',
  },
  {
    name: "listen-metrics-urls",
    kind: "urls",
    default: "",
    status: "works",
    help: "More URLs for /metrics, /health, /livez and /readyz, so that probes need no client certificate.",
  },
] as const satisfies readonly Option[];

/** What is logged, how and where to. */
export const LOGGING_OPTIONS = [
  { name: "logger", kind: "string", default: "zap", status: "works", help: 'Form of the log. Only "zap" is known.' },
  {
    name: "log-outputs",
    kind: "strings",
    default: "default",
    status: "works",
    help: 'Where log lines go: "stderr", "stdout", "default" (stderr), or the path of a file; several separated by commas.',
  },
  {
    name: "log-level",
    kind: "string",
    default: "info",
    status: "works",
    help: "Least level that is logged: debug, info, warn, error, panic or fatal.",
  },
  {
    name: "log-format",
    kind: "string",
    default: "json",
    status: "works",
    help: 'Form of a log line: "json", or "console" for people.',
  },
  {
    name: "enable-log-rotation",
    kind: "bool",
    default: "false",
    status: "works",
    help: "Rotate the log file that --log-outputs names.",
  },
  {
    name: "log-rotation-config-json",
    kind: "string",
    default: '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}',
    status: "works",
    help: "When to rotate: maxsize (megabytes), maxage (days to keep), maxbackups (files to keep), localtime, compress.",
  },
  {
    name: "warning-unary-request-duration",
    kind: "duration",
    default: "300ms",
    status: "works",
    help: "A request that takes longer is logged as a warning.",
  },
] as const satisfies readonly Option[];

/** Distributed tracing. */
export const TRACING_OPTIONS = [
  {
    name: "enable-distributed-tracing",
    kind: "bool",
    default: "false",
    status: "ignored",
    help: "Send OpenTelemetry spans to a collector.",
  },
  {
    name: "distributed-tracing-address",
    kind: "string",
    default: "localhost:4317",
    status: "ignored",
    help: "Address of the collector.",
  },
  {
    name: "distributed-tracing-service-name",
    kind: "string",
    default: "etcd",
    status: "ignored",
    help: "Service name in the spans, the same for all members.",
  },
  {
    name: "distributed-tracing-instance-id",
    kind: "string",
    default: "",
    status: "ignored",
    help: "Instance name in the spans, another one for each member.",
  },
  {
    name: "distributed-tracing-sampling-rate",
    kind: "int",
    default: "0",
    status: "ignored",
    help: "Spans to send of each million.",
  },
] as const satisfies readonly Option[];
