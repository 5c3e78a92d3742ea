import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeCall } from "../../../support/fake-kube/fake-kube.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";
import { WholeOperator } from "./whole-operator.ts";

const EVENTS = "events.k8s.io/v1/events";

let operator: WholeOperator;
/** UIDs of the pods before anything goes wrong. */
let pods: readonly string[];

beforeEach(async () => {
  operator = await WholeOperator.start();
  operator.objects.create("clusters", etcdCluster({ replicas: 3 }));
  await operator.until("the cluster is founded", () => operator.isWell);
  pods = uids();
});
afterEach(() => operator.stop());

function uids(): readonly string[] {
  return operator.objects.list("pods").map(({ metadata }) => metadata.uid);
}

function grow(): void {
  operator.objects.patch("clusters", "x", { spec: { replicas: 5 } });
}

/** Three members became five, once, and the first three noticed nothing. */
function expectFive(): void {
  const [raft] = operator.members.rafts.values();
  expect(raft?.voters.length).toBe(5);
  expect(raft?.everMembers).toBe(5);
  expect(operator.nature.everPods).toBe(5);
  expect(uids()).toEqual(expect.arrayContaining([...pods]));
  expect(operator.members.rafts.size).toBe(1);
}

test("the API server is away for a minute: the members go on, and so does the operator afterwards", async () => {
  await operator.kube.down();
  await operator.pass(30_000);
  // What changed meanwhile, nobody has heard of.
  grow();
  await operator.pass(30_000);
  expect(new Set([...operator.members.processes.values()].map(({ podUid }) => podUid))).toEqual(new Set(pods));
  await operator.kube.up();
  await operator.until("five members are there", () => operator.isWell);
  expectFive();
});

test("the API server forgets what happened: everything is listed again", async () => {
  operator.kube.mute();
  grow();
  operator.kube.store.compact();
  operator.kube.endWatches();
  await operator.pass(1000);
  await operator.until("five members are there", () => {
    // Again and again.
    operator.kube.store.compact();
    return operator.isWell;
  });
  expectFive();
});

test("the API server has no time for every other call", async () => {
  let calls = 0;
  const busy = { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 1 } as const;
  operator.kube.fail(() => (calls++ % 2 === 0 ? busy : undefined));
  grow();
  await operator.until("five members are there", () => operator.isWell);
  expectFive();
  expect(calls).toBeGreaterThan(20);
});

test("every write meets a conflict at its first try", async () => {
  const seen = new Set<string>();
  operator.kube.fail(({ verb, resource, name, subresource, body }: FakeCall) => {
    const isWrite = verb === "patch" || verb === "update" || verb === "delete" || verb === "apply";
    const write = JSON.stringify([verb, resource, name, subresource, body]);
    if (!isWrite || resource === EVENTS || seen.has(write)) return undefined;
    seen.add(write);
    return { kind: "status", code: 409, reason: "Conflict" };
  });
  grow();
  await operator.until("five members are there", () => operator.isWell);
  expectFive();
  expect(seen.size).toBeGreaterThan(10);
});

test("two operators act at once, as they do when one does not know yet that it leads no more", async () => {
  await operator.another();
  grow();
  await operator.until("five members are there", () => operator.isWell);
  expectFive();
  operator.objects.patch("clusters", "x", { spec: { replicas: 1 } });
  await operator.until("one member is left", () => operator.isWell && uids().length === 1);
  expect(uids()).toEqual([pods[0]]);
  expect([...operator.members.rafts.values()][0]?.everMembers).toBe(5);
});
