import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  Compare_CompareTarget as Target,
} from "../../../server/proto/gen/rpc_pb.js";
import { bytes, TestMachine } from "../../support/test-machine.ts";
import type { RequestInit } from "../../support/test-machine.ts";

const key = fc.constantFrom("a", "b", "c", "d").map(bytes);
const value = fc.string({ maxLength: 3 }).map(bytes);
const lease = fc.constantFrom(0n, 0n, 1n, 2n);
const put = fc.record({
  key,
  value,
  lease,
  prevKv: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const keep = fc.record({ key, ignoreValue: fc.constant(true), lease });
const compare = fc.oneof(
  key.map((k) => ({ key: k, target: Target.VERSION, targetUnion: { case: "version" as const, value: 1n } })),
  fc.tuple(key, value).map(([k, v]) => ({
    key: k,
    rangeEnd: bytes("\0"),
    target: Target.VALUE,
    targetUnion: { case: "value" as const, value: v },
  })),
  fc.tuple(key, lease).map(([k, l]) => ({
    key: k,
    target: Target.LEASE,
    targetUnion: { case: "lease" as const, value: l },
  })),
);
const op = fc.oneof(
  put.map((p) => ({ request: { case: "requestPut" as const, value: p } })),
  keep.map((p) => ({ request: { case: "requestPut" as const, value: p } })),
  key.map((k) => ({ request: { case: "requestDeleteRange" as const, value: { key: k, rangeEnd: bytes("\0") } } })),
  key.map((k) => ({ request: { case: "requestRange" as const, value: { key: k } } })),
);
const request: fc.Arbitrary<RequestInit> = fc.oneof(
  { weight: 6, arbitrary: put.map((p) => ({ put: p })) },
  { weight: 2, arbitrary: keep.map((p) => ({ put: p })) },
  { weight: 2, arbitrary: fc.tuple(key, key).map(([k, end]) => ({ deleteRange: { key: k, rangeEnd: end } })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(compare, { maxLength: 2 }), fc.array(op, { maxLength: 3 }), fc.array(op, { maxLength: 3 }))
      .map(([compares, success, failure]) => ({ txn: { compare: compares, success, failure } })),
  },
  { weight: 1, arbitrary: fc.nat(40).map((revision) => ({ compaction: { revision: BigInt(revision) } })) },
  {
    weight: 2,
    arbitrary: fc.tuple(lease, fc.nat(9)).map(([ID, ttl]) => ({ leaseGrant: { ID, TTL: BigInt(ttl) } })),
  },
  { weight: 1, arbitrary: lease.map((ID) => ({ leaseRevoke: { ID } })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(AlarmAction.ACTIVATE, AlarmAction.DEACTIVATE).map((action) => ({
      alarm: { action, memberID: 1n, alarm: AlarmType.NOSPACE },
    })),
  },
);

/** What happens to one member between entries and is no business of the others. */
const disturbance = fc.constantFrom("none", "none", "flush", "restart", "compact");

function disturbed(machine: TestMachine, what: string): TestMachine {
  if (what === "flush") machine.flush();
  if (what === "compact") machine.finishCompactions();
  return what === "restart" ? machine.restarted({ valueCacheBytes: 0 }) : machine;
}

test("members that apply the same entries have the same state, whatever else happens to each of them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, disturbance, fc.boolean()), { maxLength: 50 }), (steps) => {
      let one = new TestMachine();
      let other = new TestMachine({ valueCacheBytes: 0 });
      // Only one of them leads, so only one lets leases expire: that must not show.
      one.machine.lessor.promote(0, 0);
      for (const [init, what, isWaiting] of steps) {
        const first = one.apply(init, isWaiting);
        const second = other.apply(init, !isWaiting);
        expect([second.fault, second.revision, second.events]).toEqual([first.fault, first.revision, first.events]);
        other = disturbed(other, what);
      }
      one.finishCompactions();
      other.finishCompactions();
      expect(other.rows()).toEqual(one.rows());
      expect(other.hashAll("everything")).toBe(one.hashAll("everything"));
      const compacted = Math.max(0, one.machine.mvcc.compactRevision) + 1;
      if (compacted <= one.machine.mvcc.currentRevision) expect(other.hashKv(compacted)).toEqual(one.hashKv(compacted));
      for (const id of [1n, 2n]) expect(other.machine.lessor.keysOf(id)).toEqual(one.machine.lessor.keysOf(id));
      one = one.restarted();
      expect(one.hashKv()).toEqual(other.hashKv());
    }),
    { numRuns: 300 },
  );
});
