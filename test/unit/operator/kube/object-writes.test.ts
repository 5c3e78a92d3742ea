import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deleteObject } from "../../../../operator/kube/delete-object.ts";
import { podKind } from "../../../../operator/kube/kinds.ts";
import { clusterKind } from "../../../../operator/kube/kvorum-kinds.ts";
import type { KubeClient } from "../../../../operator/kube/kube-client.ts";
import { patchStatus } from "../../../../operator/kube/patch-status.ts";
import { setFinalizer } from "../../../../operator/kube/set-finalizer.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";

type Pod = NonNullable<(typeof podKind)["objects"]>;

let harness: KubeHarness;
let client: KubeClient;
let live: EtcdCluster;
let remembered: EtcdCluster[];
const memory = { remember: (object: EtcdCluster): void => void remembered.push(object) };
const place = target("kvorum.io/v1alpha1/etcdclusters", "a", "db");
const other = { manager: "somebody", isStatus: false };

beforeEach(async () => {
  harness = await KubeHarness.start();
  client = harness.client();
  remembered = [];
  live = await client.create(clusterKind, { metadata: { namespace: "a", name: "db" } });
});
afterEach(() => harness.stop());

const writes = () => harness.kube.writes.length - 1;

describe("a status", () => {
  const status = { replicas: 3, conditions: [{ type: "Available", status: "True" }], leader: "db-1" };

  test("is written when it differs, and not when it does not", async () => {
    live = await patchStatus(client, clusterKind, live, status, memory);
    expect(live.status).toEqual(status);
    expect(remembered).toEqual([live]);
    expect(await patchStatus(client, clusterKind, live, { clusterID: undefined, ...status }, memory)).toBe(live);
    expect(writes()).toBe(1);
  });

  test("loses what it no longer says", async () => {
    live = await patchStatus(client, clusterKind, live, status, memory);
    live = await patchStatus(client, clusterKind, live, { replicas: 3 }, memory);
    expect(live.status).toEqual({ replicas: 3 });
  });

  test("is never written over something that was not seen", async () => {
    harness.kube.store.mergePatch(place, { spec: { replicas: 5 } }, other);
    await expect(patchStatus(client, clusterKind, live, status, memory)).rejects.toMatchObject({
      fault: { kind: "Conflict" },
    });
    expect(harness.kube.store.get(place)["status"]).toBeUndefined();
    expect(remembered).toEqual([]);
  });

  test("is never written to another object of the same name", async () => {
    harness.kube.store.delete(place, {});
    await client.create(clusterKind, { metadata: { namespace: "a", name: "db" } });
    await expect(patchStatus(client, clusterKind, live, status, memory)).rejects.toMatchObject({
      fault: { kind: "Conflict" },
    });
  });

  test("whose answer was lost ends in a conflict, not in silence: who wrote it looks again", async () => {
    harness.kube.fail(({ verb }) => (verb === "patch" ? { kind: "lost-answer" } : undefined), 1);
    const written = patchStatus(client, clusterKind, live, status, memory);
    await expect(harness.pass(written)).rejects.toMatchObject({ fault: { kind: "Conflict" } });
    expect(harness.kube.store.get(place)["status"]).toEqual(status);
  });
});

describe("a finalizer", () => {
  test("is put on once, beside others', and taken off, which lets the object go", async () => {
    const ours = { name: "kvorum.io/cluster", isWanted: true };
    harness.kube.store.mergePatch(place, { metadata: { finalizers: ["theirs"] } }, other);
    live = await client.get(clusterKind, { namespace: "a", name: "db" });
    live = await setFinalizer(client, clusterKind, live, ours, memory);
    expect(await setFinalizer(client, clusterKind, live, ours, memory)).toBe(live);
    expect(live.metadata.finalizers).toEqual(["theirs", "kvorum.io/cluster"]);
    expect(writes()).toBe(1);
    live = await setFinalizer(client, clusterKind, live, { ...ours, isWanted: false }, memory);
    expect(live.metadata.finalizers).toEqual(["theirs"]);
  });

  test("is not touched on an object that has changed", async () => {
    harness.kube.store.mergePatch(place, { metadata: { finalizers: ["theirs"] } }, other);
    const set = setFinalizer(client, clusterKind, live, { name: "kvorum.io/cluster", isWanted: true }, memory);
    await expect(set).rejects.toMatchObject({ fault: { kind: "Conflict" } });
    expect(harness.kube.store.get(place).metadata.finalizers).toEqual(["theirs"]);
  });

  test("is off an object that is gone", async () => {
    const ours = { name: "kvorum.io/cluster", isWanted: true };
    live = await setFinalizer(client, clusterKind, live, ours, memory);
    harness.kube.store.mergePatch(place, { metadata: { finalizers: [] } }, other);
    harness.kube.store.delete(place, {});
    expect(await setFinalizer(client, clusterKind, live, { ...ours, isWanted: false }, memory)).toBe(live);
    const again = { name: "another", isWanted: true };
    await expect(setFinalizer(client, clusterKind, live, again, memory)).rejects.toMatchObject({
      fault: { kind: "NotFound" },
    });
  });
});

const podPlace = target("v1/pods", "a", "db-0");
const make = () => client.create(podKind, { metadata: { namespace: "a", name: "db-0" } });
const touch = () => harness.kube.store.mergePatch(podPlace, { metadata: { labels: { x: "y" } } }, other);

describe("a deletion", () => {
  test("takes the object that was seen", async () => {
    await deleteObject(client, podKind, await make(), "unchanged");
    expect(harness.kube.store.find(podPlace)).toBeUndefined();
  });

  test("that comes too late does no harm", async () => {
    const pod = await make();
    harness.kube.store.delete(podPlace, {});
    await expect(deleteObject(client, podKind, pod, "unchanged")).resolves.toBeUndefined();
  });

  test("spares another object of the same name", async () => {
    const pod = await make();
    harness.kube.store.delete(podPlace, {});
    await make();
    await expect(deleteObject(client, podKind, pod, "same-object")).rejects.toMatchObject({
      fault: { kind: "Conflict" },
    });
    expect(harness.kube.store.find(podPlace)).toBeDefined();
  });

  test("spares one that has changed, if that was asked for", async () => {
    const pod = await make();
    touch();
    await expect(deleteObject(client, podKind, pod, "unchanged")).rejects.toMatchObject({
      fault: { kind: "Conflict" },
    });
    await deleteObject(client, podKind, pod, "same-object");
    expect(harness.kube.store.find(podPlace)).toBeUndefined();
  });

  test("of what was never seen is a bug", async () => {
    const unseen = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "a", name: "db-0" } } as Pod;
    await expect(deleteObject(client, podKind, unseen, "unchanged")).rejects.toThrow("has no uid");
  });
});
