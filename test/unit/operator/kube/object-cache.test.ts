import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { ObjectCache } from "../../../../operator/kube/object-cache.ts";

const object = (name: string, version: number, label = "x", namespace = "a"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, resourceVersion: String(version), labels: { label } },
});
const byLabel = ({ metadata }: KubeObject): readonly string[] => [metadata.labels?.["label"] ?? ""];

let told: string[];
let cache: ObjectCache<KubeObject>;
beforeEach(() => {
  told = [];
  cache = new ObjectCache<KubeObject>({ label: byLabel }, (before, after) => {
    told.push(`${before?.metadata.resourceVersion ?? "-"}>${after?.metadata.resourceVersion ?? "-"}`);
  });
});

describe("the cache", () => {
  test("finds objects by key and by index, and tells what changed", () => {
    cache.put(object("p", 1));
    cache.put(object("q", 2, "y"));
    cache.put(object("p", 3, "y"));
    expect(cache.get("a/p")?.metadata.resourceVersion).toBe("3");
    expect(cache.byIndex("label", "y").map(({ metadata }) => metadata.name)).toEqual(["q", "p"]);
    expect(cache.byIndex("label", "x")).toEqual([]);
    cache.remove(object("q", 4, "y"));
    expect(cache.byIndex("label", "y").map(({ metadata }) => metadata.name)).toEqual(["p"]);
    expect(told).toEqual(["->1", "->2", "1>3", "2>-"]);
  });

  test("never goes back: what the watch brings late is dropped", () => {
    cache.put(object("p", 9));
    cache.put(object("p", 7));
    cache.put(object("p", 9));
    cache.remove(object("p", 8));
    expect(cache.get("a/p")?.metadata.resourceVersion).toBe("9");
    expect(told).toEqual(["->9"]);
  });

  test("keeps over a list what is later than the list", () => {
    cache.put(object("old", 3));
    cache.put(object("new", 12));
    cache.put(object("changed", 11, "here"));
    cache.put(object("elsewhere", 3, "x", "b"));
    cache.replace({ items: [object("changed", 8), object("listed", 5)], resourceVersion: "10" }, "a", false);
    expect(cache.list().map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ""}`)).toEqual([
      "new@12",
      "changed@11",
      "elsewhere@3",
      "listed@5",
    ]);
  });

  test("takes a list as it is when the server was set back", () => {
    cache.put(object("gone", 12));
    cache.put(object("changed", 11, "later"));
    cache.replace({ items: [object("changed", 8)], resourceVersion: "10" }, undefined, true);
    expect(cache.list()).toEqual([object("changed", 8)]);
    expect(cache.byIndex("label", "later")).toEqual([]);
    expect(told).toEqual(["->12", "->11", "12>-", "11>8"]);
  });

  test("says which indexes there are to who asks for another", () => {
    expect(() => cache.byIndex("owner", "x")).toThrow('there is no index "owner": there are label');
  });
});

test("whatever comes in whatever order, indexes and objects agree with a plain list of the newest", () => {
  const names = fc.constantFrom("p", "q", "r");
  const event = fc.oneof(
    fc.record({
      act: fc.constant("put" as const),
      name: names,
      version: fc.integer({ min: 1, max: 30 }),
      label: fc.constantFrom("x", "y"),
    }),
    fc.record({
      act: fc.constant("remove" as const),
      name: names,
      version: fc.integer({ min: 1, max: 30 }),
      label: fc.constant("x"),
    }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const model = new Map<string, KubeObject>();
      const tested = new ObjectCache<KubeObject>({ label: byLabel }, () => {});
      for (const { act, name, version, label } of events) {
        const known = model.get(name);
        const knownVersion = Number(known?.metadata.resourceVersion ?? 0);
        if (act === "put" && version > knownVersion) model.set(name, object(name, version, label));
        if (act === "remove" && known && version >= knownVersion) model.delete(name);
        if (act === "put") tested.put(object(name, version, label));
        else tested.remove(object(name, version, label));
      }
      expect(new Set(tested.list())).toEqual(new Set(model.values()));
      for (const label of ["x", "y"]) {
        const expected = [...model.values()].filter((found) => byLabel(found).includes(label));
        expect(new Set(tested.byIndex("label", label))).toEqual(new Set(expected));
      }
    }),
  );
});
