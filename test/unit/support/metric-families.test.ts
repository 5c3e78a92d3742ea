import { expect, test } from "vitest";
import { metricFamilies } from "../../support/metric-families.ts";

const TEXT = `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{method="Put",code="OK"} 3
calls_total{method="a \\"name\\"",code=""} 1
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 1
took_seconds_bucket{le="+Inf"} 2
took_seconds_sum 0.5
took_seconds_count 2
# HELP nothing There is none.
# TYPE nothing gauge
`;

test("Prometheus' text is read by family, and a family without samples is none", () => {
  const families = metricFamilies(TEXT);
  expect([...families.keys()]).toEqual(["calls_total", "took_seconds"]);
  expect(families.get("calls_total")?.samples[0]).toEqual({
    name: "calls_total",
    labels: { method: "Put", code: "OK" },
    value: 3,
  });
  expect(families.get("took_seconds")?.samples.map(({ name, value }) => [name, value])).toEqual([
    ["took_seconds_bucket", 1],
    ["took_seconds_bucket", 2],
    ["took_seconds_sum", 0.5],
    ["took_seconds_count", 2],
  ]);
});

test("what is no line of it is refused", () => {
  expect(() => metricFamilies("a line of prose, say")).toThrow("no line of Prometheus' text");
});
