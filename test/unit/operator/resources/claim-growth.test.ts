import { expect, test } from "vitest";
import { claimGrowth } from "../../../../operator/resources/claim-growth.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

const claimOf = (storage: string) => ({ spec: { resources: { requests: { storage } } } });

test.each([
  ["10Gi", "20Gi", "20Gi"],
  ["10Gi", "10240Mi", undefined],
  ["20Gi", "10Gi", undefined],
  ["1G", "1Gi", "1Gi"],
])("a claim of %s in a cluster of %s grows to %s", (current, wanted, grown) => {
  const growth = claimGrowth(etcdCluster({ storage: { size: wanted } }), claimOf(current));
  expect(growth?.spec.resources.requests.storage).toBe(grown);
});

test("a claim that does not say its size is left alone", () => {
  expect(claimGrowth(etcdCluster(), {})).toBeUndefined();
});
