import { expect, test } from "vitest";
import { prometheusMetrics } from "../../../server/observability/prometheus-metrics.ts";

const linesOf = async (metrics: ReturnType<typeof prometheusMetrics>) => (await metrics.text()).text.split("\n");

test("what is read at a scrape is what is so then, labels escaped", async () => {
  const metrics = prometheusMetrics();
  let value = 1;
  metrics.counterOf("c_total", "A counter.", () => value);
  metrics.gaugeOf("g", "A gauge.", () => [{ labels: { name: 'a"b\\c\nd' }, value }]);
  expect(await linesOf(metrics)).toContain("c_total 1");
  value = 2;
  const lines = await linesOf(metrics);
  expect(lines).toContain("# TYPE c_total counter");
  expect(lines).toContain("c_total 2");
  expect(lines).toContain(String.raw`g{name="a\"b\\c\nd"} 2`);
});

test("scrapes are counted, the one that runs as in flight", async () => {
  const metrics = prometheusMetrics();
  await metrics.text();
  const lines = await linesOf(metrics);
  expect(lines).toContain("promhttp_metric_handler_requests_in_flight 1");
  expect(lines).toContain('promhttp_metric_handler_requests_total{code="200"} 1');
});

test("a name is given once", () => {
  const metrics = prometheusMetrics();
  metrics.gaugeOf("g", "A gauge.", () => 1);
  expect(() => metrics.counterOf("g", "Another.", () => 1)).toThrow("already been registered");
});

test("what asks for Go's names finds them", async () => {
  const lines = await linesOf(prometheusMetrics());
  expect(lines).toContain(`go_info{version="node ${process.version}"} 1`);
  const allocated = lines.find((line) => line.startsWith("go_memstats_heap_alloc_bytes "));
  expect(Number(allocated?.split(" ")[1])).toBeGreaterThan(1_000_000);
});
