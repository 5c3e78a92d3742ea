import { Distribution } from "../base/distribution.ts";
import type { LabelledValue, Metrics } from "../ports/metrics.ts";
import { ClientVersions } from "./client-versions.ts";

/** What is counted of a method. */
export interface CountedMethod {
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly kind: "unary" | "server_streaming" | "bidi_streaming";
}

/** The names of gRPC's status codes, by code, as Go writes them. */
const CODES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;
const [OK, CANCELED] = [0, 1];
const TYPES = { unary: "unary", server_streaming: "server_stream", bidi_streaming: "bidi_stream" } as const;
/** Prometheus' own default, which go-grpc-prometheus uses. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Streams whose failures etcd counts, by method. */
const STREAM_APIS: Readonly<Record<string, string>> = { Watch: "watch", LeaseKeepAlive: "lease-keepalive" };

/** Counts calls under the names of go-grpc-prometheus and etcd, as etcd's alerts and dashboards ask for them. */
export interface CallMetrics {
  /** `clientVersion` is what the client says of itself, if it does. */
  onStart(method: CountedMethod, clientVersion?: string): void;
  onEnd(method: CountedMethod, code: number, durationMs: number): void;
  /** A message of so many bytes came, or went. */
  onReceived(method: CountedMethod, bytes: number): void;
  onSent(method: CountedMethod, bytes: number): void;
}

/** Every method is there from the start, so that a rate is seen with its first call. Durations only where `isExtensive`. */
export function callMetrics(
  metrics: Metrics,
  methods: readonly CountedMethod[],
  { isExtensive }: { readonly isExtensive: boolean },
): CallMetrics {
  const counts = new Map(methods.map((method) => [method.path, new MethodCounts(method)]));
  const versions = new ClientVersions();
  register(metrics, [...counts.values()], versions, isExtensive);
  return {
    onStart({ path, kind }, clientVersion) {
      const count = counts.get(path);
      if (count) count.started++;
      versions.onCall(kind === "unary" ? "unary" : "stream", clientVersion);
    },
    onEnd({ path }, code, durationMs) {
      const count = counts.get(path);
      if (!count) return;
      count.handled[code] = (count.handled[code] ?? 0) + 1;
      if (isExtensive) count.seconds.observe(durationMs / 1000);
    },
    onReceived({ path }, bytes) {
      const count = counts.get(path);
      if (!count) return;
      count.received++;
      count.receivedBytes += bytes;
    },
    onSent({ path }, bytes) {
      const count = counts.get(path);
      if (!count) return;
      count.sent++;
      count.sentBytes += bytes;
    },
  };
}

/** Numbers of one method, in plain form: they are touched several times by every call. */
class MethodCounts {
  readonly labels: Readonly<Record<string, string>>;
  readonly streamApi: string | undefined;
  started = 0;
  /** By code. */
  readonly handled = CODES.map(() => 0);
  received = 0;
  receivedBytes = 0;
  sent = 0;
  sentBytes = 0;
  readonly seconds = new Distribution(SECONDS);

  constructor({ service, name, kind }: CountedMethod) {
    // In the order of their names, here and below: that is how Go writes them, and how scripts look for them.
    this.labels = { grpc_method: name, grpc_service: service, grpc_type: TYPES[kind] };
    this.streamApi = STREAM_APIS[name];
  }

  /** Calls that ended neither well nor because the client went away. */
  get failures(): number {
    return this.handled.reduce((sum, count, code) => (code === OK || code === CANCELED ? sum : sum + count), 0);
  }
}

function register(
  metrics: Metrics,
  all: readonly MethodCounts[],
  versions: ClientVersions,
  isExtensive: boolean,
): void {
  const ofEach = (read: (count: MethodCounts) => number) => () =>
    all.map((count) => ({ labels: count.labels, value: read(count) }));
  const sum = (read: (count: MethodCounts) => number) => () => all.reduce((total, count) => total + read(count), 0);
  const counters: readonly (readonly [string, string, () => number | readonly LabelledValue[]])[] = [
    ["grpc_server_started_total", "Total number of RPCs started on the server.", ofEach(({ started }) => started)],
    [
      "grpc_server_handled_total",
      "Total number of RPCs completed on the server, regardless of success or failure.",
      () => all.flatMap(handledOf),
    ],
    [
      "grpc_server_msg_received_total",
      "Total number of RPC stream messages received on the server.",
      ofEach(({ received }) => received),
    ],
    [
      "grpc_server_msg_sent_total",
      "Total number of gRPC stream messages sent by the server.",
      ofEach(({ sent }) => sent),
    ],
    [
      "etcd_network_client_grpc_received_bytes_total",
      "The total number of bytes received from grpc clients.",
      sum(({ receivedBytes }) => receivedBytes),
    ],
    [
      "etcd_network_client_grpc_sent_bytes_total",
      "The total number of bytes sent to grpc clients.",
      sum(({ sentBytes }) => sentBytes),
    ],
    [
      "etcd_network_server_stream_failures_total",
      "The total number of stream failures from the local server.",
      () => all.flatMap(streamFailuresOf),
    ],
    [
      "etcd_server_client_requests_total",
      "The total number of client requests per client version.",
      () => versions.values,
    ],
  ];
  for (const [name, help, read] of counters) metrics.counterOf(name, help, read);
  if (!isExtensive) return;
  metrics.histogramOf(
    "grpc_server_handling_seconds",
    "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.",
    () => all.map(({ labels, seconds }) => ({ labels, distribution: seconds })),
  );
}

function handledOf({ labels, handled }: MethodCounts): readonly LabelledValue[] {
  return CODES.map((code, at) => ({ labels: { grpc_code: code, ...labels }, value: handled[at] ?? 0 }));
}

/** Here a stream is one thing, so a failure in either direction is told as one of receiving. */
function streamFailuresOf({ streamApi, failures }: MethodCounts): readonly LabelledValue[] {
  if (streamApi === undefined || failures === 0) return [];
  return [{ labels: { API: streamApi, Type: "receive" }, value: failures }];
}
