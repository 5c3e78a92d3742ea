import { expect, test } from "vitest";
import { podKind, statefulSetKind } from "../../../../operator/kube/kinds.ts";
import { clusterKind } from "../../../../operator/kube/kvorum-kinds.ts";
import { resourcePath, type ResourceKind, type ResourcePlace } from "../../../../operator/kube/resource-kind.ts";

const nodeKind: ResourceKind = { apiVersion: "v1", kind: "Node", plural: "nodes", isNamespaced: false };

test.each<[kind: ResourceKind, place: ResourcePlace, path: string]>([
  [podKind, {}, "/api/v1/pods"],
  [podKind, { namespace: "a" }, "/api/v1/namespaces/a/pods"],
  [podKind, { namespace: "a", name: "x-0" }, "/api/v1/namespaces/a/pods/x-0"],
  [statefulSetKind, { namespace: "a", name: "x" }, "/apis/apps/v1/namespaces/a/statefulsets/x"],
  [
    clusterKind,
    { namespace: "a", name: "x", subresource: "status" },
    "/apis/kvorum.io/v1alpha1/namespaces/a/etcdclusters/x/status",
  ],
  [nodeKind, { namespace: "", name: "n" }, "/api/v1/nodes/n"],
  [podKind, { namespace: "a/../b", name: "x?y" }, "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy"],
])("%j at %j is %s", (kind, place, path) => {
  expect(resourcePath(kind, place)).toBe(path);
});

test("an object of a namespaced kind is never looked for in all namespaces", () => {
  expect(() => resourcePath(podKind, { name: "x" })).toThrow("Pod x: an object of this kind has a namespace");
});
