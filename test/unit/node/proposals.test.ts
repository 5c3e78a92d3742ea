import { beforeEach, describe, expect, test } from "vitest";
import { fromBinary } from "@bufbuild/protobuf";
import { must } from "../../../server/base/assert.ts";
import type { Outcome } from "../../../server/apply/outcome.ts";
import { Proposals } from "../../../server/node/proposals.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { ManualClock } from "../../support/manual-clock.ts";
import { bytes } from "../../support/test-machine.ts";

const OUTCOME: Outcome = { index: 1, response: undefined, fault: undefined, events: [], revision: 1, facts: [] };

const idsOf = (batch: readonly Uint8Array[]) =>
  batch.map((data) => must(fromBinary(InternalRaftRequestSchema, data).header).ID);

describe("proposals", () => {
  let clock: ManualClock;
  let proposals: Proposals;
  let lag: number;
  let woken: number;

  beforeEach(() => {
    clock = new ManualClock();
    lag = 0;
    woken = 0;
    let id = 0n;
    proposals = new Proposals({
      clock,
      nextId: () => ++id,
      maxRequestBytes: 200,
      timeoutMs: 1000,
      applyLag: () => lag,
      onQueued: () => void woken++,
      timeoutFault: () => "timeout",
    });
  });

  const put = (value = "v") => proposals.propose({ put: { key: bytes("k"), value: bytes(value) } });

  test("of one turn leave together and in order, and wake the loop once", () => {
    void put();
    void put();
    expect(woken).toBe(1);
    expect(idsOf(proposals.takeQueue())).toEqual([1n, 2n]);
    expect(proposals.hasQueued).toBe(false);
  });

  test("that raft does not take go first the next time", () => {
    void put();
    const batch = proposals.takeQueue();
    void put();
    proposals.putBack(batch);
    expect(idsOf(proposals.takeQueue())).toEqual([1n, 2n]);
  });

  test("are answered by the outcome with their id, once", async () => {
    const first = put();
    expect(proposals.isWaiting(1n)).toBe(true);
    proposals.settle(1n, OUTCOME);
    proposals.settle(1n, OUTCOME);
    expect(await first).toBe(OUTCOME);
    expect(proposals.isWaiting(1n)).toBe(false);
  });

  test("that are too large are turned away", async () => {
    await expect(put("v".repeat(200))).rejects.toThrow("request-too-large");
    expect(proposals.hasQueued).toBe(false);
  });

  test("are turned away while applying is far behind", async () => {
    lag = 5001;
    await expect(put()).rejects.toThrow("too-many-requests");
    expect(proposals.pending).toBe(0);
  });

  test("that wait too long fail, the later ones later", async () => {
    const first = expect(put()).rejects.toThrow("timeout");
    clock.advance(500);
    const second = put();
    clock.advance(600);
    await first;
    expect(proposals.pending).toBe(1);
    const later = expect(second).rejects.toThrow("timeout");
    clock.advance(1000);
    await later;
    expect(proposals.pending).toBe(0);
  });

  test("all fail when the member stops", async () => {
    const failed = expect(put()).rejects.toThrow("stopped");
    proposals.fail("stopped");
    await failed;
    expect(proposals.hasQueued).toBe(false);
  });
});
