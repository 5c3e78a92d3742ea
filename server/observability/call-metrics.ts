import type { Counter, Metrics } from "../ports/metrics.ts";

/** What is counted of a method. */
export interface CountedMethod {
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
const TYPES = { unary: "unary", server_streaming: "server_stream", bidi_streaming: "bidi_stream" } as const;
const LABELS = ["grpc_type", "grpc_service", "grpc_method"] as const;
/** Prometheus' own default, which go-grpc-prometheus uses. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts calls under the names of go-grpc-prometheus, as etcd's alerts and dashboards ask for them. */
export interface CallMetrics {
  onStart(method: CountedMethod): void;
  onEnd(method: CountedMethod, code: number, durationMs: number): void;
}

/** Every method is there from the start, so that a rate is seen with its first call. Durations only where `isExtensive`. */
export function callMetrics(
  metrics: Metrics,
  methods: readonly CountedMethod[],
  { isExtensive }: { readonly isExtensive: boolean },
): CallMetrics {
  const started = metrics.counter("grpc_server_started_total", "Total number of RPCs started on the server.", LABELS);
  const handled: Counter = metrics.counter(
    "grpc_server_handled_total",
    "Total number of RPCs completed on the server, regardless of success or failure.",
    [...LABELS, "grpc_code"],
  );
  const seconds = isExtensive
    ? metrics.histogram(
        "grpc_server_handling_seconds",
        "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.",
        SECONDS,
        LABELS,
      )
    : undefined;
  const labels = new Map(methods.map((method) => [pathOf(method), labelsOf(method)]));
  for (const each of labels.values()) {
    started.add(0, each);
    for (const code of CODES) handled.add(0, { ...each, grpc_code: code });
  }
  return {
    onStart(method) {
      started.add(1, labels.get(pathOf(method)) ?? labelsOf(method));
    },
    onEnd(method, code, durationMs) {
      const each = labels.get(pathOf(method)) ?? labelsOf(method);
      handled.add(1, { ...each, grpc_code: CODES[code] ?? "Unknown" });
      seconds?.observe(durationMs / 1000, each);
    },
  };
}

function pathOf({ service, name }: CountedMethod): string {
  return `${service}/${name}`;
}

function labelsOf({ service, name, kind }: CountedMethod) {
  return { grpc_type: TYPES[kind], grpc_service: service, grpc_method: name };
}
