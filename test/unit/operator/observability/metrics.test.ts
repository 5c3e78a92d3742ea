import { expect, test } from "vitest";
import { ClusterMetrics, type ClusterSample } from "../../../../operator/observability/cluster-metrics.ts";
import { OperatorMetrics } from "../../../../operator/observability/operator-metrics.ts";
import { Registry } from "../../../../operator/observability/registry.ts";

/** The series of metrics whose name begins so. */
async function series(registry: Registry, prefix: string): Promise<readonly string[]> {
  const { text } = await registry.text();
  return text.split("\n").filter((line) => line.startsWith(prefix));
}

test("calls to the API server are counted by verb, resource and code", async () => {
  const registry = new Registry();
  const metrics = new OperatorMetrics(registry);
  metrics.apiCall({ verb: "apply", resource: "statefulsets", code: "200", durationMs: 20 });
  metrics.apiCall({ verb: "apply", resource: "statefulsets", code: "200", durationMs: 30 });
  metrics.apiCall({ verb: "patch", resource: "etcdclusters/status", code: "Timeout", durationMs: 30_000 });
  expect(await series(registry, "kvorum_operator_api_calls_total")).toEqual([
    'kvorum_operator_api_calls_total{verb="apply",resource="statefulsets",code="200"} 2',
    'kvorum_operator_api_calls_total{verb="patch",resource="etcdclusters/status",code="Timeout"} 1',
  ]);
  expect(await series(registry, "kvorum_operator_api_call_duration_seconds_sum")).toEqual([
    'kvorum_operator_api_call_duration_seconds_sum{verb="apply",resource="statefulsets"} 0.05',
    'kvorum_operator_api_call_duration_seconds_sum{verb="patch",resource="etcdclusters/status"} 30',
  ]);
});

test("the lead is 0 until it is taken, and a watch that is begun again is counted", async () => {
  const registry = new Registry();
  const metrics = new OperatorMetrics(registry);
  expect(await series(registry, "kvorum_operator_leader")).toEqual(["kvorum_operator_leader 0"]);
  metrics.leading(true);
  metrics.watchProblem("pods");
  expect(await series(registry, "kvorum_operator_leader")).toEqual(["kvorum_operator_leader 1"]);
  expect(await series(registry, "kvorum_operator_watch")).toEqual([
    'kvorum_operator_watch_problems_total{resource="pods"} 1',
  ]);
});

test("a controller's queue and reconciliations have series from the start", async () => {
  const registry = new Registry();
  const observer = new OperatorMetrics(registry).controller("etcd-cluster");
  expect(await series(registry, "kvorum_operator_reconcile_errors_total")).toEqual([
    'kvorum_operator_reconcile_errors_total{controller="etcd-cluster"} 0',
  ]);
  observer.added();
  observer.depth(1);
  observer.started(100);
  observer.finished(500, "error");
  observer.retried();
  observer.finished(500, "success");
  const lines = [
    ...(await series(registry, "workqueue_depth")),
    ...(await series(registry, "workqueue_adds_total")),
    ...(await series(registry, "workqueue_retries_total")),
    ...(await series(registry, "workqueue_queue_duration_seconds_sum")),
    ...(await series(registry, "kvorum_operator_reconcile_total")),
    ...(await series(registry, "kvorum_operator_reconcile_errors_total")),
    ...(await series(registry, "kvorum_operator_reconcile_duration_seconds_sum")),
  ];
  expect(lines).toEqual([
    'workqueue_depth{name="etcd-cluster"} 1',
    'workqueue_adds_total{name="etcd-cluster"} 1',
    'workqueue_retries_total{name="etcd-cluster"} 1',
    'workqueue_queue_duration_seconds_sum{name="etcd-cluster"} 0.1',
    'kvorum_operator_reconcile_total{controller="etcd-cluster",result="error"} 1',
    'kvorum_operator_reconcile_total{controller="etcd-cluster",result="success"} 1',
    'kvorum_operator_reconcile_errors_total{controller="etcd-cluster"} 1',
    'kvorum_operator_reconcile_duration_seconds_sum{controller="etcd-cluster"} 1',
  ]);
});

const sample: ClusterSample = {
  wantedMembers: 3,
  readyMembers: 2,
  voters: 3,
  conditions: { Available: "True", QuorumHealthy: "Unknown", Degraded: "False" },
  members: [
    { name: "db-0", isLeader: true, dbSizeBytes: 4096, dbSizeInUseBytes: 1024 },
    { name: "db-1", isLeader: false },
  ],
};

test("a cluster has its gauges, of what is known, until it is forgotten", async () => {
  const registry = new Registry();
  const clusters = new ClusterMetrics(registry);
  clusters.set("a", "db", sample);
  clusters.set("b", "db", { ...sample, members: [], conditions: {} });
  const labels = 'namespace="a",cluster="db"';
  expect((await series(registry, "kvorum_cluster_")).filter((line) => line.includes('namespace="a"'))).toEqual([
    `kvorum_cluster_wanted_members{${labels}} 3`,
    `kvorum_cluster_ready_members{${labels}} 2`,
    `kvorum_cluster_voters{${labels}} 3`,
    `kvorum_cluster_condition{${labels},type="Available"} 1`,
    `kvorum_cluster_condition{${labels},type="QuorumHealthy"} -1`,
    `kvorum_cluster_condition{${labels},type="Degraded"} 0`,
    `kvorum_cluster_member_leader{${labels},member="db-0"} 1`,
    `kvorum_cluster_member_leader{${labels},member="db-1"} 0`,
    `kvorum_cluster_member_db_size_bytes{${labels},member="db-0"} 4096`,
    `kvorum_cluster_member_db_size_in_use_bytes{${labels},member="db-0"} 1024`,
  ]);
  clusters.forget("a", "db");
  expect((await series(registry, "kvorum_cluster_")).some((line) => line.includes('namespace="a"'))).toBe(false);
  expect((await series(registry, "kvorum_cluster_wanted_members")).length).toBe(1);
});

test("the process's own metrics are there when asked for", async () => {
  const registry = new Registry();
  registry.addProcessMetrics();
  expect(await series(registry, "process_resident_memory_bytes")).toHaveLength(1);
});
