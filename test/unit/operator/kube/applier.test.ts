import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Applier } from "../../../../operator/kube/applier.ts";
import { statefulSetKind } from "../../../../operator/kube/kinds.ts";
import type { KubeClient } from "../../../../operator/kube/kube-client.ts";
import type { WantedObject } from "../../../../operator/kube/kube-object.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";

type Set = NonNullable<(typeof statefulSetKind)["objects"]>;

let harness: KubeHarness;
let client: KubeClient;
let applier: Applier;
let live: Set | undefined;
const memory = {
  remember: (object: Set): void => {
    live = object;
  },
};

beforeEach(async () => {
  harness = await KubeHarness.start();
  client = harness.client();
  applier = new Applier(client);
  live = undefined;
});
afterEach(() => harness.stop());

const db = { namespace: "a", name: "db" };
const place = target("apps/v1/statefulsets", "a", "db");
const other = { manager: "kubectl-edit", isStatus: false };

function wanted(replicas: number, labels: Record<string, string> = { app: "kvorum" }): WantedObject {
  const metadata = { ...db, labels };
  const containers = [{ name: "member", image: "kvorum:1", env: [{ name: "A", value: "1" }] }];
  return { metadata, spec: { replicas, template: { spec: { containers } } } } as WantedObject;
}

const apply = (object: WantedObject) => applier.apply(statefulSetKind, object, live, memory);
const writes = () => harness.kube.writes.length;
/** What the informer would have brought. */
const refresh = async () => {
  live = await client.find(statefulSetKind, db);
};

describe("applying", () => {
  test("writes once, and remembers the answer as if the watch had brought it", async () => {
    const made = await apply(wanted(3));
    expect(made.spec?.replicas).toBe(3);
    expect(live).toBe(made);
    for (let at = 0; at < 10; at++) expect(await apply(wanted(3))).toBe(made);
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(1);
  });

  test("with a guard writes only over what was seen", async () => {
    const seen = await apply(wanted(3));
    harness.kube.store.mergePatch(place, { spec: { replicas: 5 } }, other);
    const late = applier.apply(statefulSetKind, wanted(4), seen, memory, "unchanged");
    await expect(late).rejects.toMatchObject({ fault: { kind: "Conflict" } });
    expect(harness.kube.store.get(place)).toMatchObject({ spec: { replicas: 5 } });
    await refresh();
    await applier.apply(statefulSetKind, wanted(4), live, memory, "unchanged");
    expect(harness.kube.store.get(place)).toMatchObject({ spec: { replicas: 4 } });
  });

  test("writes again for another wish, whatever the order of its fields", async () => {
    await apply(wanted(3));
    await apply(wanted(3, { app: "kvorum", b: "2" }));
    await apply(wanted(3, { b: "2", app: "kvorum" }));
    expect(writes()).toBe(2);
    await apply(wanted(5));
    expect(writes()).toBe(3);
    expect(live?.spec?.replicas).toBe(5);
  });

  test("takes away what is not wanted any more, and leaves what others have added", async () => {
    await apply(wanted(3, { app: "kvorum", old: "x" }));
    harness.kube.store.mergePatch(place, { metadata: { labels: { theirs: "y" } } }, other);
    await refresh();
    await apply(wanted(3));
    expect(live?.metadata.labels).toEqual({ app: "kvorum", theirs: "y" });
  });

  test.each<[what: string, patch: object]>([
    ["a number", { spec: { replicas: 1 } }],
    ["a label", { metadata: { labels: { app: "mine" } } }],
    ["a label that is removed", { metadata: { labels: { app: null } } }],
    ["a container", { spec: { template: { spec: { containers: [{ name: "member", image: "evil:1" }] } } } }],
  ])("puts back what somebody else has changed: %s", async (_what, patch) => {
    await apply(wanted(3));
    harness.kube.store.mergePatch(place, patch as never, other);
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(2);
    expect(live).toMatchObject(wanted(3));
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(2);
  });

  test("is not disturbed by the status, by defaults, nor by what others set beside", async () => {
    await apply(wanted(3));
    harness.kube.store.mergePatch(
      { ...place, subresource: "status" },
      { status: { readyReplicas: 3 } },
      { ...other, isStatus: true },
    );
    harness.kube.store.mergePatch(
      place,
      { spec: { revisionHistoryLimit: 10 }, metadata: { annotations: { x: "y" } } },
      other,
    );
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(1);
  });

  test("makes an object anew that was deleted, also if another took its name", async () => {
    await apply(wanted(3));
    harness.kube.store.delete(place, {});
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(2);
    harness.kube.store.delete(place, {});
    harness.kube.store.create(place, { apiVersion: "apps/v1", kind: "StatefulSet", metadata: db }, other);
    await refresh();
    await apply(wanted(3));
    expect(writes()).toBe(3);
    expect(live).toMatchObject(wanted(3));
  });

  test("after a restart changes nothing: one application, the same resource version", async () => {
    const made = await apply(wanted(3));
    applier = new Applier(client);
    await refresh();
    expect((await apply(wanted(3))).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    await apply(wanted(3));
    expect(writes()).toBe(2);
  });

  test("that failed is not remembered as done", async () => {
    harness.kube.fail(
      ({ verb }) => (verb === "apply" ? { kind: "status", code: 409, reason: "Conflict" } : undefined),
      1,
    );
    await expect(apply(wanted(3))).rejects.toMatchObject({ fault: { kind: "Conflict" } });
    await apply(wanted(3));
    expect(live?.spec?.replicas).toBe(3);
  });

  test("whose answer was lost is done again without harm", async () => {
    harness.kube.fail(({ verb }) => (verb === "apply" ? { kind: "lost-answer" } : undefined), 1);
    await harness.pass(apply(wanted(3)));
    expect(live?.metadata.generation).toBe(1);
    expect(writes()).toBe(2);
  });
});
