import { expect, test } from "vitest";
import { memberPlacement } from "../../../../operator/resources/placement.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { memberSelector } from "../../../../operator/types/names.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

const placementOf = (scheduling: EtcdClusterSpecInput["scheduling"] = {}) =>
  memberPlacement("x", etcdCluster({ scheduling }).spec.scheduling);
const others = { labelSelector: { matchLabels: memberSelector("x") } };
const onOneNode = { ...others, topologyKey: "kubernetes.io/hostname" };

test("by default Kubernetes is told to prefer another node and another zone for each member", () => {
  expect(placementOf()).toEqual({
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: onOneNode }],
      },
    },
    topologySpreadConstraints: [
      { ...others, topologyKey: "topology.kubernetes.io/zone", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" },
    ],
  });
});

test("Required tells Kubernetes to rather leave a pod pending", () => {
  expect(placementOf({ podAntiAffinity: "Required" }).affinity).toEqual({
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [onOneNode] },
  });
});

test("None and an empty spread tell Kubernetes nothing", () => {
  expect(placementOf({ podAntiAffinity: "None", topologySpread: [] })).toEqual({});
});

test("a spread of one's own takes the place of the default, and counts this cluster's members alone", () => {
  const topologySpread = [{ topologyKey: "rack", maxSkew: 2, whenUnsatisfiable: "DoNotSchedule" }] as const;
  expect(placementOf({ topologySpread }).topologySpreadConstraints).toEqual([
    { ...others, topologyKey: "rack", maxSkew: 2, whenUnsatisfiable: "DoNotSchedule" },
  ]);
});

test("what nodes are allowed is handed on as it is", () => {
  const choice = {
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
    priorityClassName: "high",
  } as const;
  expect(placementOf(choice)).toMatchObject(choice);
});
