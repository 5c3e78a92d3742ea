import { expect, test } from "vitest";
import { statefulSet } from "../../../../operator/resources/stateful-set.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { LABELS, memberSelector } from "../../../../operator/types/names.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";

const setOf = (spec: EtcdClusterSpecInput = {}, claimSize?: string) =>
  statefulSet(etcdCluster(spec), PLATFORM, { replicas: 2, ...(claimSize !== undefined && { claimSize }) });

test("Kubernetes starts all pods at once, restarts none by itself, and keeps every claim", () => {
  expect(setOf({ deletionPolicy: "Delete" }).spec).toMatchObject({
    podManagementPolicy: "Parallel",
    updateStrategy: { type: "OnDelete" },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    serviceName: "x-peers",
  });
});

test("how many pods there are is the plan's decision, not the spec's", () => {
  expect(setOf({ replicas: 5 }).spec.replicas).toBe(2);
});

test("the selector finds the template's pods", () => {
  const { selector, template } = setOf().spec;
  expect(selector.matchLabels).toEqual(memberSelector("x"));
  expect(template.metadata.labels).toMatchObject(selector.matchLabels);
});

test("a claim says for which life of the cluster's name it was made", () => {
  const [claim] = setOf({ storage: { size: "20Gi", storageClassName: "fast" } }).spec.volumeClaimTemplates;
  expect(claim?.metadata).toMatchObject({ name: "data", labels: { [LABELS.clusterUid]: "uid-of-x" } });
  expect(claim?.spec).toMatchObject({
    accessModes: ["ReadWriteOnce"],
    storageClassName: "fast",
    resources: { requests: { storage: "20Gi" } },
  });
});

test("without a StorageClass the default one is used", () => {
  expect(setOf().spec.volumeClaimTemplates[0]?.spec).not.toHaveProperty("storageClassName");
});

test("a volume that grows leaves the claim template as it is, because it cannot change", () => {
  const grown = setOf({ storage: { size: "20Gi" } }, "10Gi").spec;
  expect(grown.volumeClaimTemplates[0]?.spec.resources.requests.storage).toBe("10Gi");
});

test("it goes when its cluster goes", () => {
  expect(setOf().metadata.ownerReferences).toEqual([
    {
      apiVersion: "kvorum.io/v1alpha1",
      kind: "EtcdCluster",
      name: "x",
      uid: "uid-of-x",
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
});
