import type { LabelledValue, Metrics } from "../ports/metrics.ts";

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
  const counts = new Map(methods.map((method) => [method.path, countsOf(method)]));
  const all = [...counts.values()];
  metrics.counterOf(
    "grpc_server_started_total",
    "Total number of RPCs started on the server.",
    () => all.map(({ labels, started }) => ({ labels, value: started })),
    LABELS,
  );
  metrics.counterOf(
    "grpc_server_handled_total",
    "Total number of RPCs completed on the server, regardless of success or failure.",
    () => all.flatMap(handledOf),
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
  return {
    onStart({ path }) {
      const count = counts.get(path);
      if (count) count.started++;
    },
    onEnd({ path }, code, durationMs) {
      const count = counts.get(path);
      if (!count) return;
      count.handled[code] = (count.handled[code] ?? 0) + 1;
      seconds?.observe(durationMs / 1000, count.labels);
    },
  };
}

/** Numbers of one method, in plain form: they are touched twice by every call. */
interface MethodCounts {
  readonly labels: Readonly<Record<string, string>>;
  started: number;
  /** By code. */
  readonly handled: number[];
}

function countsOf({ service, name, kind }: CountedMethod): MethodCounts {
  const labels = { grpc_type: TYPES[kind], grpc_service: service, grpc_method: name };
  return { labels, started: 0, handled: CODES.map(() => 0) };
}

function handledOf({ labels, handled }: MethodCounts): readonly LabelledValue[] {
  return CODES.map((code, at) => ({ labels: { ...labels, grpc_code: code }, value: handled[at] ?? 0 }));
}
