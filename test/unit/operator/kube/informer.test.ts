import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Informer, type InformerOptions } from "../../../../operator/kube/informer.ts";
import { podKind } from "../../../../operator/kube/kinds.ts";
import { byOwner } from "../../../../operator/kube/by-owner.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";

type Pod = NonNullable<(typeof podKind)["objects"]>;

let harness: KubeHarness;
let problems: string[];
const informers: Informer<Pod>[] = [];

beforeEach(async () => {
  harness = await KubeHarness.start();
  problems = [];
});
afterEach(async () => {
  for (const informer of informers.splice(0)) informer.stop();
  await harness.stop();
});

function follow(options: Partial<InformerOptions<Pod>> = {}) {
  const informer = new Informer<Pod>({
    client: harness.client(),
    kind: podKind,
    namespaces: undefined,
    indexes: { owner: byOwner("apps/v1", "StatefulSet") },
    resyncPeriodMs: 600_000,
    clock: harness.clock,
    random: () => 0.5,
    onProblem: (problem, { fault }) => problems.push(`${problem}: ${fault.kind}`),
    ...options,
  });
  informers.push(informer);
  const keys: string[] = [];
  informer.onChange((key) => keys.push(key));
  informer.start();
  return { informer, keys };
}

const place = (name: string, namespace = "a") => target("v1/pods", namespace, name);
const writer = { manager: "test", isStatus: false };

function create(name: string, namespace = "a", metadata: object = {}) {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, ...metadata } };
  return harness.kube.store.create(place(name, namespace), pod, writer);
}

function label(name: string, text: string): void {
  harness.kube.store.mergePatch(place(name), { metadata: { labels: { text } } }, writer);
}

const owned = (name: string) => ({
  ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name, uid: `uid-${name}`, controller: true }],
});
const lists = () => harness.kube.callsOf("list").length;
const watched = () => harness.until("a watch", () => harness.kube.watches > 0);
const labelOf = (informer: Informer<Pod>, name: string) => informer.get(`a/${name}`)?.metadata.labels?.["text"];

/** Changes something and waits until it is known: the watch works. */
async function expectFollowing(informer: Informer<Pod>, name: string, text: string): Promise<void> {
  label(name, text);
  await harness.untilInTime(`${name} is ${text}`, () => labelOf(informer, name) === text);
}

describe("following", () => {
  test("begins with a list and goes on with a watch; keys are handed out, objects are read", async () => {
    create("p");
    const { informer, keys } = follow();
    expect(informer.hasSynced).toBe(false);
    await informer.synced();
    expect(keys).toEqual(["a/p"]);
    await watched();
    create("q");
    label("p", "new");
    harness.kube.store.delete(place("q"), {});
    await harness.until("four keys", () => keys.length === 4);
    expect(keys).toEqual(["a/p", "a/q", "a/p", "a/q"]);
    expect(labelOf(informer, "p")).toBe("new");
    expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(["p"]);
    expect(lists()).toBe(1);
  });

  test("takes place in the namespaces that were named, and is complete when the last of them is", async () => {
    create("p", "a");
    create("q", "b");
    create("r", "c");
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    harness.kube.fail(({ verb, namespace }) =>
      verb === "list" && namespace === "b" ? { kind: "late", until } : undefined,
    );
    const { informer, keys } = follow({ namespaces: ["a", "b"] });
    await harness.until("the first namespace", () => keys.length === 1);
    expect(informer.hasSynced).toBe(false);
    release();
    await informer.synced();
    expect(keys).toEqual(["a/p", "b/q"]);
  });

  test("asks the server for what is labelled", async () => {
    create("p", "a", { labels: { app: "kvorum" } });
    create("q", "a", { labels: { app: "other" } });
    const { informer } = follow({ labelSelector: "app=kvorum" });
    await informer.synced();
    expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(["p"]);
    await watched();
    harness.kube.store.mergePatch(place("p"), { metadata: { labels: { app: "other" } } }, writer);
    await harness.until("p is out", () => informer.list().length === 0);
  });

  test("hands out the owners of what comes, changes hands and goes", async () => {
    const { informer } = follow();
    const owners: string[] = [];
    informer.onIndexChange("owner", (key) => owners.push(key));
    await watched();
    create("p", "a", owned("x"));
    create("unowned");
    await harness.until("the owner", () => owners.length === 1);
    expect(informer.byIndex("owner", "a/x").map(({ metadata }) => metadata.name)).toEqual(["p"]);
    harness.kube.store.mergePatch(place("p"), { metadata: owned("y") }, writer);
    await harness.until("both owners", () => owners.length === 3);
    harness.kube.store.delete(place("p"), {});
    await harness.until("the last owner", () => owners.length === 4);
    expect(owners).toEqual(["a/x", "a/x", "a/y", "a/y"]);
  });

  test("does not keep what others say about their fields", async () => {
    create("p");
    const { informer } = follow();
    await informer.synced();
    expect(informer.get("a/p")?.metadata.managedFields).toEqual([]);
  });

  test("hands out every key again from time to time, and asks the server nothing for it", async () => {
    create("p");
    create("q");
    const { informer, keys } = follow({ resyncPeriodMs: 60_000 });
    await informer.synced();
    await watched();
    const calls = harness.kube.calls.length;
    harness.clock.advance(60_000);
    expect(keys).toEqual(["a/p", "a/q", "a/p", "a/q"]);
    expect(harness.kube.calls.length).toBe(calls);
  });

  test("reads what we wrote ourselves at once, and is not told the past by a watch that lags", async () => {
    const first = create("p");
    const { informer, keys } = follow();
    await informer.synced();
    harness.kube.mute();
    harness.kube.endWatches();
    const written = harness.kube.store.mergePatch(place("p"), { metadata: { labels: { text: "ours" } } }, writer);
    informer.remember(written as unknown as Pod);
    expect(labelOf(informer, "p")).toBe("ours");
    informer.remember(first as unknown as Pod);
    expect(labelOf(informer, "p")).toBe("ours");
    expect(keys).toEqual(["a/p", "a/p"]);
  });
});

describe("trouble", () => {
  test("a server that is away for a minute: nothing is listed again when it is back and still knows the place", async () => {
    create("p");
    const { informer } = follow();
    await informer.synced();
    await watched();
    await harness.kube.down();
    const endMs = harness.clock.nowMs + 60_000;
    await harness.untilInTime("a minute", () => harness.clock.nowMs > endMs, 500);
    expect(informer.get("a/p")).toBeDefined();
    await harness.kube.up();
    await expectFollowing(informer, "p", "after");
    expect(lists()).toBe(1);
    expect(new Set(problems)).toEqual(new Set(["pods are not followed for the moment: Unavailable"]));
    // Never more often than every quarter of a second, and ever less often.
    expect(problems.length).toBeLessThan(20);
  });

  test("a server that is away when we start", async () => {
    create("p");
    await harness.kube.down();
    const { informer } = follow();
    await harness.untilInTime("two failures", () => problems.length >= 2);
    await harness.kube.up();
    await harness.untilInTime("a list", () => informer.hasSynced);
    expect(informer.list().length).toBe(1);
  });

  test.each(["as an answer", "within the watch"])(
    "410 Gone %s: everything is listed again, and what went meanwhile is gone",
    async (way) => {
      create("p");
      create("q");
      const { informer, keys } = follow();
      await informer.synced();
      await watched();
      harness.kube.mute();
      harness.kube.store.delete(place("q"), {});
      create("r");
      if (way === "as an answer")
        harness.kube.fail(({ verb }) => (verb === "watch" ? { kind: "status", code: 410 } : undefined), 1);
      else harness.kube.store.compact();
      const before = keys.length;
      // The muted watch is cut by the server's own end.
      await harness.kube.down();
      await harness.kube.up();
      await harness.untilInTime("the list", () => informer.get("a/r") !== undefined);
      expect(informer.get("a/q")).toBeUndefined();
      expect(keys.slice(before).toSorted()).toEqual(["a/q", "a/r"]);
      expect(lists()).toBe(2);
      await expectFollowing(informer, "p", "after");
    },
  );

  test("429 and 503 on list and watch: tried again, ever more slowly, until it works", async () => {
    create("p");
    harness.kube.fail(
      ({ verb }) => (verb === "list" ? { kind: "status", code: 429, retryAfterSeconds: 1 } : undefined),
      7,
    );
    harness.kube.fail(({ verb }) => (verb === "watch" ? { kind: "status", code: 503 } : undefined), 3);
    const { informer } = follow();
    await harness.untilInTime("the list", () => informer.hasSynced);
    await harness.untilInTime("the watch", () => harness.kube.watches === 1);
    await expectFollowing(informer, "p", "after");
    expect(lists()).toBe(8);
  });

  test("a watch that falls silent is given up after three minutes, and everything is listed again", async () => {
    create("p");
    const { informer } = follow();
    await informer.synced();
    await watched();
    await harness.settle();
    harness.kube.mute();
    label("p", "unheard");
    await harness.settle();
    expect(labelOf(informer, "p")).toBeUndefined();
    harness.clock.advance(179_000);
    await harness.settle();
    expect(problems).toEqual([]);
    harness.clock.advance(1_000);
    await harness.until("the list", () => labelOf(informer, "p") === "unheard");
    expect(lists()).toBe(2);
    expect(problems).toEqual(["pods are not followed for the moment: Timeout"]);
    await expectFollowing(informer, "p", "after");
  });

  test("bookmarks are kept: after a quiet time no place is too old", async () => {
    create("p");
    const { informer } = follow();
    await informer.synced();
    await watched();
    harness.kube.store.passVersions(1000);
    harness.kube.bookmark();
    await harness.settle();
    harness.kube.store.compact();
    harness.kube.endWatches();
    await expectFollowing(informer, "p", "after");
    expect(lists()).toBe(1);
  });

  test("a server that ends each watch as soon as it begins is not asked in a loop", async () => {
    const { informer } = follow();
    await informer.synced();
    await watched();
    let ended = 0;
    const endMs = harness.clock.nowMs + 60_000;
    await harness.untilInTime(
      "a minute",
      () => {
        if (harness.kube.watches > 0) ended++;
        harness.kube.endWatches();
        return harness.clock.nowMs > endMs;
      },
      250,
    );
    expect(ended).toBeGreaterThan(3);
    expect(harness.kube.callsOf("watch").length).toBeLessThan(20);
  });

  test("a server that was set back to an earlier state is believed", async () => {
    create("p");
    create("later");
    const { informer } = follow();
    await informer.synced();
    await watched();
    label("p", "later");
    await harness.until("it is known", () => labelOf(informer, "p") === "later");
    await harness.kube.down();
    harness.kube.store.delete(place("later"), {});
    harness.kube.store.setVersionBack(50);
    label("p", "earlier");
    await harness.kube.up();
    // The watch from a version that is still to come is as silent as that of the real server.
    await harness.untilInTime("the earlier state", () => labelOf(informer, "p") === "earlier", 1000);
    expect(informer.get("a/later")).toBeUndefined();
    await expectFollowing(informer, "p", "on from there");
  });

  test("a kind that is not installed is said so", async () => {
    harness.kube.missing.add("v1/pods");
    follow();
    await harness.until("the problem", () => problems.length === 1);
    expect(problems[0]).toBe("pods are not followed for the moment: is the definition of Pod installed?: NotFound");
  });

  test("nothing is asked any more after stop", async () => {
    const { informer } = follow();
    await informer.synced();
    await watched();
    informer.stop();
    await harness.until("no watch", () => harness.kube.watches === 0);
    const calls = harness.kube.calls.length;
    harness.clock.advance(3_600_000);
    await harness.settle();
    expect(harness.kube.calls.length).toBe(calls);
    expect(problems).toEqual([]);
  });
});
