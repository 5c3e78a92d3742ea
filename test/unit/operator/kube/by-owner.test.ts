import { expect, test } from "vitest";
import { byOwner } from "../../../../operator/kube/by-owner.ts";

const reference = { apiVersion: "kvorum.io/v1alpha1", kind: "EtcdCluster", name: "db", uid: "u-1", controller: true };

function owned(...ownerReferences: readonly object[]) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "a", ownerReferences: ownerReferences as never },
  };
}

test("objects are found by the controller of one kind that owns them, whichever version it names", () => {
  const index = byOwner("kvorum.io/v1alpha1", "EtcdCluster");
  expect(index(owned(reference))).toEqual(["a/db"]);
  expect(index(owned({ ...reference, apiVersion: "kvorum.io/v1" }))).toEqual(["a/db"]);
  expect(index(owned({ ...reference, controller: false }))).toEqual([]);
  expect(index(owned({ ...reference, apiVersion: "else.io/v1alpha1" }))).toEqual([]);
  expect(index(owned({ ...reference, kind: "EtcdBackup" }))).toEqual([]);
  expect(index(owned())).toEqual([]);
});
