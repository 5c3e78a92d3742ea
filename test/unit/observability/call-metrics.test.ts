import { expect, test } from "vitest";
import { callMetrics } from "../../../server/observability/call-metrics.ts";
import { prometheusMetrics } from "../../../server/observability/prometheus-metrics.ts";

const put = { path: "/etcdserverpb.KV/Put", service: "etcdserverpb.KV", name: "Put", kind: "unary" } as const;
const watch = {
  path: "/etcdserverpb.Watch/Watch",
  service: "etcdserverpb.Watch",
  name: "Watch",
  kind: "bidi_streaming",
} as const;

async function linesOf(isExtensive: boolean): Promise<readonly string[]> {
  const metrics = prometheusMetrics();
  const calls = callMetrics(metrics, [put, watch], { isExtensive });
  calls.onStart(put);
  calls.onEnd(put, 0, 7);
  calls.onStart(watch);
  calls.onStart(watch);
  calls.onEnd(watch, 1, 1);
  return (await metrics.text()).text.split("\n").filter((line) => line.startsWith("grpc_"));
}

const KV = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"';
const WATCH = 'grpc_type="bidi_stream",grpc_service="etcdserverpb.Watch",grpc_method="Watch"';

test("calls are counted under the names that etcd's alerts ask for", async () => {
  const lines = await linesOf(false);
  expect(lines).toContain(`grpc_server_started_total{${KV}} 1`);
  expect(lines).toContain(`grpc_server_handled_total{${KV},grpc_code="OK"} 1`);
  expect(lines).toContain(`grpc_server_handled_total{${KV},grpc_code="Unavailable"} 0`);
  expect(lines).toContain(`grpc_server_started_total{${WATCH}} 2`);
  expect(lines).toContain(`grpc_server_handled_total{${WATCH},grpc_code="Canceled"} 1`);
  expect(lines.some((line) => line.startsWith("grpc_server_handling_seconds"))).toBe(false);
});

test("how long they took is told when the metrics are to be extensive", async () => {
  const lines = await linesOf(true);
  expect(lines).toContain(`grpc_server_handling_seconds_bucket{le="0.005",${KV}} 0`);
  expect(lines).toContain(`grpc_server_handling_seconds_bucket{le="0.01",${KV}} 1`);
});
