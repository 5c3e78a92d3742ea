import { expect, test } from "vitest";
import { callMetrics, type CallMetrics } from "../../../server/observability/call-metrics.ts";
import { prometheusMetrics } from "../../../server/observability/prometheus-metrics.ts";

const put = { path: "/etcdserverpb.KV/Put", service: "etcdserverpb.KV", name: "Put", kind: "unary" } as const;
const watch = {
  path: "/etcdserverpb.Watch/Watch",
  service: "etcdserverpb.Watch",
  name: "Watch",
  kind: "bidi_streaming",
} as const;

async function linesAfter(make: (calls: CallMetrics) => void, isExtensive = false): Promise<readonly string[]> {
  const metrics = prometheusMetrics();
  make(callMetrics(metrics, [put, watch], { isExtensive }));
  return (await metrics.text()).text.split("\n");
}

function aFewCalls(calls: CallMetrics): void {
  calls.onStart(put);
  calls.onEnd(put, 0, 7);
  calls.onStart(watch);
  calls.onStart(watch);
  calls.onEnd(watch, 1, 1);
}

const KV = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
const WATCH = 'grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"';

test("calls are counted under the names that etcd's alerts ask for", async () => {
  const lines = await linesAfter(aFewCalls);
  expect(lines).toContain(`grpc_server_started_total{${KV}} 1`);
  expect(lines).toContain(`grpc_server_handled_total{grpc_code="OK",${KV}} 1`);
  expect(lines).toContain(`grpc_server_handled_total{grpc_code="Unavailable",${KV}} 0`);
  expect(lines).toContain(`grpc_server_started_total{${WATCH}} 2`);
  expect(lines).toContain(`grpc_server_handled_total{grpc_code="Canceled",${WATCH}} 1`);
  expect(lines.some((line) => line.startsWith("grpc_server_handling_seconds"))).toBe(false);
});

test("how long they took is told when the metrics are to be extensive", async () => {
  const lines = await linesAfter(aFewCalls, true);
  expect(lines).toContain(`grpc_server_handling_seconds_bucket{${KV},le="0.005"} 0`);
  expect(lines).toContain(`grpc_server_handling_seconds_bucket{${KV},le="0.01"} 1`);
  expect(lines).toContain(`grpc_server_handling_seconds_bucket{${KV},le="+Inf"} 1`);
  expect(lines).toContain(`grpc_server_handling_seconds_sum{${KV}} 0.007`);
  expect(lines).toContain(`grpc_server_handling_seconds_count{${KV}} 1`);
});

test("messages are counted by method, their bytes together", async () => {
  const lines = await linesAfter((calls) => {
    calls.onReceived(put, 10);
    calls.onReceived(watch, 5);
    calls.onSent(watch, 7);
    calls.onSent(watch, 8);
  });
  expect(lines).toContain(`grpc_server_msg_received_total{${KV}} 1`);
  expect(lines).toContain(`grpc_server_msg_sent_total{${WATCH}} 2`);
  expect(lines).toContain("etcd_network_client_grpc_received_bytes_total 15");
  expect(lines).toContain("etcd_network_client_grpc_sent_bytes_total 15");
});

test("a stream that ends neither well nor because the client goes is a failure", async () => {
  const lines = await linesAfter((calls) => {
    for (const code of [0, 1, 14]) calls.onEnd(watch, code, 1);
    calls.onEnd(put, 14, 1);
  });
  expect(lines.filter((line) => line.startsWith("etcd_network_server_stream_failures_total"))).toEqual([
    'etcd_network_server_stream_failures_total{API="watch",Type="receive"} 1',
  ]);
});

test("clients are told apart by the version that they claim, up to a number of versions", async () => {
  const lines = await linesAfter((calls) => {
    calls.onStart(put, "3.6");
    calls.onStart(put, "3.6");
    calls.onStart(watch);
    for (let i = 0; i < 100; i++) calls.onStart(put, `v${String(i)}`);
  });
  const requests = lines.filter((line) => line.startsWith("etcd_server_client_requests_total{"));
  expect(requests).toContain('etcd_server_client_requests_total{client_api_version="3.6",type="unary"} 2');
  expect(requests).toContain('etcd_server_client_requests_total{client_api_version="unknown",type="stream"} 1');
  expect(requests).toContain('etcd_server_client_requests_total{client_api_version="other",type="unary"} 37');
  expect(requests).toHaveLength(66);
});
