import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FinishedCall } from "../../../../operator/kube/api-call.ts";
import { podKind, statefulSetKind } from "../../../../operator/kube/kinds.ts";
import type { KubeClient, WatchEvent } from "../../../../operator/kube/kube-client.ts";
import { KubeError, type KubeFault } from "../../../../operator/kube/kube-error.ts";
import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";

let harness: KubeHarness;
let client: KubeClient;
const calls: FinishedCall[] = [];

beforeEach(async () => {
  harness = await KubeHarness.start();
  calls.length = 0;
  client = harness.client({ observe: (call) => calls.push(call) });
});
afterEach(() => harness.stop());

const pod = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, namespace: "default", labels },
});
const db = { namespace: "default", name: "db" };

async function faultOf(promise: Promise<unknown>): Promise<KubeError> {
  try {
    await harness.pass(promise, 500);
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
  throw new Error("it succeeded");
}

describe("verbs", () => {
  test("an object is created, read, replaced, patched, applied and deleted", async () => {
    const created = await client.create(podKind, pod("db"));
    expect(created).toMatchObject({ apiVersion: "v1", kind: "Pod", metadata: { name: "db", namespace: "default" } });
    expect(await client.get(podKind, db)).toEqual(created);
    const updated = await client.update(podKind, { ...created, spec: { nodeName: "a" } } as KubeObject);
    expect(updated).toMatchObject({ spec: { nodeName: "a" } });
    await client.mergePatch(podKind, { ...db, subresource: "status" }, { status: { phase: "Running" } });
    expect(await client.get(podKind, db)).toMatchObject({ spec: { nodeName: "a" }, status: { phase: "Running" } });
    const applied = await client.apply(podKind, pod("db", { app: "kvorum" }));
    expect(applied.metadata).toMatchObject({ labels: { app: "kvorum" }, managedFields: expect.anything() as unknown });
    await client.delete(podKind, db);
    expect(await client.find(podKind, db)).toBeUndefined();
    expect(calls.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual([
      "create pods 201",
      "get pods 200",
      "update pods 200",
      "patch pods/status 200",
      "get pods 200",
      "apply pods 200",
      "delete pods 200",
      "get pods 404",
    ]);
  });

  test("a server-side apply is forced, signed, and in the media type that the API server takes", async () => {
    await client.apply(statefulSetKind, { metadata: { name: "db", namespace: "default" } });
    const [call] = harness.kube.callsOf("apply");
    expect(Object.fromEntries(call!.query)).toEqual({ fieldManager: "kvorum-operator", force: "true" });
    expect(call!.headers).toMatchObject({ "content-type": "application/apply-patch+yaml", "user-agent": "test/1" });
    expect(call!.body).toMatchObject({ apiVersion: "apps/v1", kind: "StatefulSet" });
  });

  test("an update of an object that has changed is a conflict", async () => {
    const created = await client.create(podKind, pod("db"));
    await client.mergePatch(podKind, db, { metadata: { labels: { by: "another" } } });
    const { fault, status } = await faultOf(client.update(podKind, created));
    expect({ fault, status }).toEqual({ fault: { kind: "Conflict" }, status: 409 });
  });

  test("a deletion asks for the uid that was seen", async () => {
    const { metadata } = await client.create(podKind, pod("db"));
    const other = client.delete(podKind, db, { preconditions: { uid: "another" } });
    expect((await faultOf(other)).fault.kind).toBe("Conflict");
    await client.delete(podKind, db, {
      preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
    });
    expect(harness.kube.callsOf("delete").at(-1)?.body).toMatchObject({ propagationPolicy: "Background" });
  });
});

function createPods(count: number): void {
  for (let at = 0; at < count; at++) {
    const labels = { even: String(at % 2 === 0) };
    const name = `p${String(at).padStart(5, "0")}`;
    harness.kube.store.create(
      target("v1/pods", "default", name),
      { ...pod(name, labels) },
      { manager: "t", isStatus: false },
    );
  }
}

describe("lists", () => {
  test("come in pages of 500, and every item says of which kind it is", async () => {
    createPods(1234);
    const { items, resourceVersion } = await client.list(podKind);
    expect(items.length).toBe(1234);
    expect(new Set(items.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`))).toEqual(new Set(["v1 Pod"]));
    expect(resourceVersion).toBe(String(harness.kube.store.version));
    expect(harness.kube.callsOf("list").map(({ query }) => query.get("limit"))).toEqual(["500", "500", "500"]);
    // Never from a cache that may be old.
    expect(harness.kube.callsOf("list").every(({ query }) => query.get("resourceVersion") === null)).toBe(true);
  });

  test("are read whole when the pages have become too old", async () => {
    createPods(600);
    harness.kube.fail(({ query }) => {
      if (query.get("continue") === null) return undefined;
      // Time passes between two pages.
      harness.kube.store.passVersions(1);
      harness.kube.store.compact();
      return undefined;
    });
    const { items } = await client.list(podKind);
    expect(items.length).toBe(600);
    expect(harness.kube.callsOf("list").map(({ query }) => query.get("limit"))).toEqual(["500", "500", null]);
  });

  test("are those of a namespace and of a label", async () => {
    createPods(4);
    await client.create(podKind, { metadata: { name: "else", namespace: "other" } });
    const names = async (selection: Parameters<KubeClient["list"]>[1]) =>
      (await client.list(podKind, selection)).items.map(({ metadata }) => metadata.name);
    expect(await names({ namespace: "other" })).toEqual(["else"]);
    expect(await names({ namespace: "default", labelSelector: "even=true" })).toEqual(["p00000", "p00002"]);
  });
});

describe("faults", () => {
  test.each<[code: number, reason: string, kind: KubeFault["kind"], tries: number]>([
    [400, "BadRequest", "Invalid", 1],
    [401, "Unauthorized", "Unauthorized", 1],
    [403, "Forbidden", "Forbidden", 1],
    [404, "NotFound", "NotFound", 1],
    [409, "Conflict", "Conflict", 1],
    [409, "AlreadyExists", "AlreadyExists", 1],
    [410, "Expired", "Gone", 1],
    [415, "UnsupportedMediaType", "Invalid", 1],
    [422, "Invalid", "Invalid", 1],
    [429, "TooManyRequests", "TooManyRequests", 5],
    [500, "InternalError", "Unavailable", 5],
    [502, "", "Unavailable", 5],
    [503, "ServiceUnavailable", "Unavailable", 5],
    [504, "Timeout", "Timeout", 5],
  ])("%i %s is %s, and is tried %i times", async (code, reason, kind, tries) => {
    harness.kube.fail(() => ({ kind: "status", code, reason }));
    const error = await faultOf(client.get(podKind, db));
    expect({ kind: error.fault.kind, status: error.status }).toEqual({ kind, status: code });
    expect(error.message).toBe("get pods default/db: as the test wants it");
    expect(harness.kube.calls.length).toBe(tries);
  });

  test("what is invalid comes with the fields that the server refuses", async () => {
    const cause = { field: "spec.replicas", reason: "FieldValueInvalid", message: "must be odd" };
    const body = JSON.stringify({ code: 422, reason: "Invalid", message: "no", details: { causes: [cause] } });
    harness.kube.fail(() => ({ kind: "status", code: 422, body }));
    const { fault } = await faultOf(client.create(podKind, pod("db")));
    expect(fault).toEqual({ kind: "Invalid", causes: [cause] });
  });

  test("a version that the server has not reached is gone: it was restored from a backup", async () => {
    const details = { causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }] };
    const body = JSON.stringify({ code: 504, reason: "Timeout", message: "Too large resource version", details });
    harness.kube.fail(() => ({ kind: "status", code: 504, body }));
    expect((await faultOf(client.list(podKind))).fault).toEqual({ kind: "Gone" });
  });

  test.each([
    ["<html>Bad gateway</html>", "get pods default/db: <html>Bad gateway</html>"],
    ["", "get pods default/db: the API server answered with HTTP status 418 and no explanation"],
    ["{}", "get pods default/db: the API server answered with HTTP status 418 and no explanation"],
  ])("an answer that is no Status, %j, is said as it is", async (body, message) => {
    harness.kube.fail(() => ({ kind: "status", code: 418, body }));
    expect((await faultOf(client.get(podKind, db))).message).toBe(message);
  });

  test("a success that is no JSON is no success", async () => {
    harness.kube.fail(() => ({ kind: "status", code: 200, body: "<html>" }));
    expect((await faultOf(client.get(podKind, db))).fault).toEqual({ kind: "Unavailable", isSent: true });
  });
});

const get = () => client.get(podKind, db);
const create = () => client.create(podKind, pod("db"));
const apply = () => client.apply(podKind, pod("db"));

describe("retries", () => {
  test.each<[what: string, verb: string, call: () => Promise<unknown>, tries: number]>([
    ["reading", "get", get, 2],
    ["applying", "apply", apply, 2],
    ["creating, of which nobody knows whether it happened,", "create", create, 1],
  ])("after a connection that broke, %s (%s) …", async (_what, _verb, call, tries) => {
    harness.kube.fail(() => ({ kind: "reset" }), 1);
    await harness.pass(call()).catch(() => {});
    expect(harness.kube.calls.length).toBe(tries);
  });

  test("what was turned away is done again whatever it is, after the time that the server asks for", async () => {
    harness.kube.fail(() => ({ kind: "status", code: 429, retryAfterSeconds: 3 }), 1);
    const startMs = harness.clock.nowMs;
    expect(await harness.pass(create())).toMatchObject({ metadata: { name: "db" } });
    expect(harness.clock.nowMs - startMs).toBeGreaterThanOrEqual(3000);
    expect(harness.kube.calls.length).toBe(2);
  });

  test("who has to wait long is told so at once", async () => {
    harness.kube.fail(() => ({ kind: "status", code: 429, retryAfterSeconds: 60 }));
    const { fault } = await faultOf(get());
    expect(fault).toEqual({ kind: "TooManyRequests", retryAfterMs: 60_000 });
    expect(harness.kube.calls.length).toBe(1);
  });

  test("a server that is away is tried a few times and no more", async () => {
    await harness.kube.down();
    const startMs = harness.clock.nowMs;
    const { fault, message } = await faultOf(create());
    expect(fault).toEqual({ kind: "Unavailable", isSent: false });
    expect(message).toContain(`the API server at ${harness.kube.url} cannot be reached`);
    expect(calls.length).toBe(5);
    expect(harness.clock.nowMs - startMs).toBeLessThan(10_000);
  });

  test("a server that is back is found again", async () => {
    await harness.kube.down();
    const created = create();
    await harness.until("the first attempt", () => calls.length === 1);
    await harness.kube.up();
    expect(await harness.pass(created)).toMatchObject({ metadata: { name: "db" } });
  });

  test("a server that says nothing is given up, and no attempt begins after a minute", async () => {
    harness.kube.fail(() => ({ kind: "hang" }));
    const startMs = harness.clock.nowMs;
    const { fault, message } = await faultOf(get());
    expect(fault.kind).toBe("Timeout");
    expect(message).toBe("get pods default/db: the API server was silent for 30 s");
    expect(harness.kube.calls.length).toBeLessThanOrEqual(3);
    expect(harness.clock.nowMs - startMs).toBeLessThan(100_000);
  });

  test("a call ends with its caller's patience", async () => {
    harness.kube.fail(() => ({ kind: "hang" }));
    const patience = new AbortController();
    const call = client.get(podKind, db, { signal: patience.signal });
    await harness.until("the request", () => harness.kube.calls.length === 1);
    patience.abort();
    expect((await faultOf(call)).fault.kind).toBe("Cancelled");
    expect((await faultOf(client.get(podKind, db, { signal: patience.signal }))).fault.kind).toBe("Cancelled");
    expect(harness.kube.calls.length).toBe(1);
  });
});

describe("the fence", () => {
  test("who is not the leader reads and writes nothing", async () => {
    const fenced = harness.client({ mayWrite: () => false });
    await client.create(podKind, pod("db"));
    expect(await fenced.get(podKind, db)).toMatchObject({ metadata: { name: "db" } });
    const before = harness.kube.calls.length;
    const writes = [
      fenced.create(podKind, pod("x")),
      fenced.apply(podKind, pod("db")),
      fenced.mergePatch(podKind, db, {}),
      fenced.update(podKind, pod("db")),
      fenced.delete(podKind, db),
    ];
    const faults = await Promise.all(writes.map(async (write) => (await faultOf(write)).fault.kind));
    expect(new Set(faults)).toEqual(new Set(["NotLeader"]));
    expect(harness.kube.calls.length).toBe(before);
  });

  test("who loses the lead between two attempts does not make the second", async () => {
    let isLeader = true;
    const fenced = harness.client({ mayWrite: () => isLeader });
    harness.kube.fail(() => {
      isLeader = false;
      return { kind: "status", code: 503 };
    });
    expect((await faultOf(fenced.apply(podKind, pod("db")))).fault.kind).toBe("NotLeader");
    expect(harness.kube.calls.length).toBe(1);
  });

  test("who loses the lead while credentials are fetched sends nothing", async () => {
    let isLeader = true;
    const { connection } = harness;
    const credentials = async () => {
      isLeader = false;
      return connection.credentials();
    };
    const fenced = harness.client({ mayWrite: () => isLeader, connection: { ...connection, credentials } });
    expect((await faultOf(fenced.apply(podKind, pod("db")))).fault.kind).toBe("NotLeader");
    expect(harness.kube.calls.length).toBe(0);
  });
});

const start = (resourceVersion: string) => ({ resourceVersion, timeoutSeconds: 600, silenceMs: 60_000 });

function follow(resourceVersion: string, signal = new AbortController().signal) {
  const events: WatchEvent<KubeObject>[] = [];
  const ended = (async () => {
    for await (const event of client.watch<KubeObject>(podKind, start(resourceVersion), signal)) events.push(event);
  })();
  ended.catch(() => {});
  return { events, ended };
}

describe("watches", () => {
  test("tell what has happened since, what happens, and where they are", async () => {
    const { metadata } = await client.create(podKind, pod("a"));
    await client.create(podKind, pod("b"));
    const { events } = follow(metadata.resourceVersion);
    await harness.until("the past", () => events.length === 1);
    await client.mergePatch(podKind, { namespace: "default", name: "a" }, { metadata: { labels: { x: "y" } } });
    await client.delete(podKind, { namespace: "default", name: "b" });
    await harness.until("the present", () => events.length === 3);
    harness.kube.store.passVersions(7);
    harness.kube.bookmark();
    await harness.until("the bookmark", () => events.length === 4);
    expect(
      events.map((event) => (event.type === "BOOKMARK" ? event : `${event.type} ${event.object.metadata.name}`)),
    ).toEqual([
      "ADDED b",
      "MODIFIED a",
      "DELETED b",
      { type: "BOOKMARK", resourceVersion: String(harness.kube.store.version) },
    ]);
  });

  test("from a place that is no longer kept are gone", async () => {
    harness.kube.store.passVersions(10);
    harness.kube.store.compact();
    expect((await faultOf(follow("5").ended)).fault.kind).toBe("Gone");
  });

  test("that have said nothing for too long are given up", async () => {
    const { events, ended } = follow(String(harness.kube.store.version));
    await harness.until("the watch", () => harness.kube.watches === 1);
    await harness.settle();
    harness.clock.advance(59_000);
    harness.kube.bookmark();
    await harness.until("a bookmark", () => events.length === 1);
    harness.clock.advance(59_000);
    harness.kube.bookmark();
    await harness.until("another", () => events.length === 2);
    harness.clock.advance(60_000);
    await expect(ended).rejects.toMatchObject({ fault: { kind: "Timeout" } });
  });

  test("end when the server ends them, and when their reader goes", async () => {
    const { ended } = follow(String(harness.kube.store.version));
    await harness.until("the watch", () => harness.kube.watches === 1);
    harness.kube.endWatches();
    await expect(ended).resolves.toBeUndefined();
    const patience = new AbortController();
    const second = follow(String(harness.kube.store.version), patience.signal);
    await harness.until("the watch", () => harness.kube.watches === 1);
    patience.abort();
    await expect(second.ended).rejects.toMatchObject({ fault: { kind: "Cancelled" } });
    await harness.until("no watch", () => harness.kube.watches === 0);
  });
});
