import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ApplyTallies } from "../../../server/node/apply-tallies.ts";
import { HeartbeatPace } from "../../../server/node/heartbeat-pace.ts";
import { NodeTallies } from "../../../server/node/node-tallies.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { MessageType, type Message } from "../../../server/proto/raft-message.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import { ManualClock } from "../../support/manual-clock.ts";

describe("what was applied", () => {
  test.each([
    ["Put", { put: {} }],
    ["DeleteRange", { deleteRange: {} }],
    ["ClusterMemberAttrSet", { clusterMemberAttrSet: {} }],
    ["AuthUserAdd", { authUserAdd: {} }],
    ["unknown", {}],
  ])("is told under etcd's name: %s", (name, fields) => {
    const tallies = new ApplyTallies();
    tallies.onApplied(create(InternalRaftRequestSchema, { header: { ID: 1n }, ...fields }), undefined, 1);
    expect(tallies.operations.map(({ operation }) => operation)).toEqual([name]);
  });

  test("a fault is a failure, a compacted revision is an answer, and slow is slower than the limit", () => {
    const tallies = new ApplyTallies(100);
    const request = create(InternalRaftRequestSchema, { put: {} });
    tallies.onApplied(request, undefined, 100);
    tallies.onApplied(request, "compacted", 101);
    tallies.onApplied(request, "lease-not-found", 1);
    const [put] = tallies.operations;
    expect([put?.succeeded.count, put?.failed.count, tallies.slow]).toEqual([2, 1, 1]);
  });
});

test("whoever asked hears of what was slow", () => {
  const heard: unknown[] = [];
  const tallies = new ApplyTallies(100, (operation, tookMs) => heard.push([operation, tookMs]));
  tallies.onRange(true, 100);
  tallies.onRange(true, 101);
  expect(heard).toEqual([["Range", 101]]);
});

describe("a member's tallies", () => {
  test("measure what succeeds, in seconds", async () => {
    const clock = new ManualClock();
    const tallies = new NodeTallies({ nowMs: () => clock.monotonicMs() });
    const { commitSeconds } = tallies.disk;
    await tallies.timed(commitSeconds, async () => {
      clock.advance(1500);
    });
    const failing = tallies.timed(commitSeconds, () => Promise.reject(new Error("a disk")));
    await expect(failing).rejects.toThrow("a disk");
    expect([commitSeconds.count, commitSeconds.sum]).toEqual([1, 1.5]);
  });

  test("count leases by what was applied, promotions by their fault, checks by what they found last", () => {
    const tallies = new NodeTallies();
    tallies.onFacts([
      { kind: "lease-granted", id: 1n, ttlSeconds: 5 },
      { kind: "lease-granted", id: 2n, ttlSeconds: 6 },
      { kind: "lease-revoked", id: 1n },
    ]);
    tallies.onPromotionFailed("learner-not-ready");
    tallies.onPromotionFailed("learner-not-ready");
    tallies.onCheck("readyz", "non_learner", false);
    tallies.onCheck("readyz", "non_learner", true);
    expect([tallies.leases.granted, tallies.leases.revoked, tallies.leases.ttlSeconds.sum]).toEqual([2, 1, 11]);
    expect([...tallies.consensus.failedPromotions]).toEqual([["learner-not-ready", 2]]);
    expect([...tallies.health.checks.values()]).toEqual([
      { probe: "readyz", name: "non_learner", isHealthy: true, successes: 1, failures: 1 },
    ]);
  });
});

test("a heartbeat is late more than two ticks after the one before, to the same peer, by the same leader", () => {
  const clock = new ManualClock();
  let late = 0;
  const pace = new HeartbeatPace(100, () => late++);
  const send = (to: bigint, type: Message["type"] = MessageType.Heartbeat): void => {
    pace.onSending(makeMessage({ type, to }), clock);
  };
  send(2n);
  clock.advance(200);
  send(2n);
  clock.advance(201);
  send(3n);
  send(2n, MessageType.App);
  expect(late).toBe(0);
  send(2n);
  expect(late).toBe(1);
  pace.reset();
  clock.advance(1000);
  send(2n);
  expect(late).toBe(1);
});
