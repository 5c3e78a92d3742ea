import { expect, test } from "vitest";
import { podDisruptionBudget } from "../../../../operator/resources/pod-disruption-budget.ts";
import { memberSelector } from "../../../../operator/types/names.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

test.each([
  [0, 0],
  [1, 0],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
  [6, 4],
  [7, 4],
])("of %i voters Kubernetes has to leave %i", (voters, minAvailable) => {
  expect(podDisruptionBudget(etcdCluster(), voters)?.spec.minAvailable).toBe(minAvailable);
});

test("a pod that is not ready may be evicted, unless the spec says otherwise", () => {
  const careful = etcdCluster({ disruption: { unhealthyPodEvictionPolicy: "IfHealthyBudget" } });
  expect(podDisruptionBudget(etcdCluster(), 3)?.spec.unhealthyPodEvictionPolicy).toBe("AlwaysAllow");
  expect(podDisruptionBudget(careful, 3)?.spec.unhealthyPodEvictionPolicy).toBe("IfHealthyBudget");
});

test("it is about the cluster's members and nobody else", () => {
  expect(podDisruptionBudget(etcdCluster(), 3)?.spec.selector.matchLabels).toEqual(memberSelector("x"));
});

test("None means none", () => {
  expect(podDisruptionBudget(etcdCluster({ disruption: { podDisruptionBudget: "None" } }), 3)).toBeUndefined();
});
