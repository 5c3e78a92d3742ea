import { expect, test } from "vitest";
import { metricSum, metricValues } from "../../integration/control-plane/metric-values.ts";

const PAGE = `# HELP fills_total Times.
# TYPE fills_total counter
fills_total{group="",resource="pods"} 1
fills_total{group="apps",resource="deployments"} 2
fills_total_created{group="",resource="pods"} 1.7e+09
other_total{resource="pods"} 9
`;

test("a metric's values are found by its whole name and told apart by their labels", () => {
  const values = metricValues(PAGE, "fills_total");
  expect([...values]).toEqual([
    ['group="",resource="pods"', 1],
    ['group="apps",resource="deployments"', 2],
  ]);
  expect([metricSum(values), metricSum(values, 'resource="pods"'), metricSum(values, "none")]).toEqual([3, 1, 0]);
});
