import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { SizeAccounting } from "../../../server/backend/size-accounting.ts";
import { WriteBuffer } from "../../../server/backend/write-buffer.ts";
import { Lessor } from "../../../server/lease/lessor.ts";
import { decodeLease, encodeLease, leaseKey } from "../../../server/lease/lease-record.ts";
import { spreadExpiries } from "../../../server/lease/spread-expiries.ts";

let buffer: WriteBuffer;
let lessor: Lessor;

function newLessor(persistCheckpoints = false): Lessor {
  buffer = new WriteBuffer();
  return new Lessor({ buffer, sizes: new SizeAccounting(), minTtlSeconds: 2, persistCheckpoints });
}

beforeEach(() => {
  lessor = newLessor();
});

function names(id: bigint): string[] {
  return lessor.keysOf(id).map((key) => Buffer.from(key).toString("latin1"));
}

describe("granting", () => {
  test("short times are raised to the minimum, negative ids are fine", () => {
    expect(lessor.grant(-5n, 0, 0).ttlSeconds).toBe(2);
    expect(lessor.grant(6n, -1, 0).ttlSeconds).toBe(2);
    expect(lessor.grant(7n, 60, 0).ttlSeconds).toBe(60);
  });

  test.each([
    ["lease-not-found", 0n, 10],
    ["lease-ttl-too-large", 1n, 9_000_000_001],
    ["lease-exist", 9n, 10],
  ])("%s refuses a grant", (fault, id, ttl) => {
    lessor.grant(9n, 10, 0);
    expect(() => lessor.grant(id, ttl, 0)).toThrow(fault);
  });

  test("a lease is written as etcd writes it and its row goes with it", () => {
    const lease = decodeLease(Buffer.from("0890e6a990c3bfe8af2c10c0fc15", "hex"));
    expect(Buffer.from(leaseKey(lease.id)).toString("hex")).toBe("2c5fa1fc320a7310");
    expect(Buffer.from(encodeLease(lease)).toString("hex")).toBe("0890e6a990c3bfe8af2c10c0fc15");
    lessor.grant(lease.id, lease.ttlSeconds, 0);
    expect(buffer.get("lease", leaseKey(lease.id))).toEqual(encodeLease(lease));
    lessor.revoke(lease.id);
    expect(buffer.get("lease", leaseKey(lease.id))).toBe("deleted");
    expect(() => lessor.revoke(lease.id)).toThrow("lease-not-found");
  });
});

describe("keys", () => {
  test("a key belongs to the lease that it was attached to last", () => {
    lessor.grant(1n, 10, 0);
    lessor.grant(2n, 10, 0);
    for (const key of ["b", "a", "c"]) lessor.attach(key, 1n);
    lessor.attach("b", 2n);
    lessor.detach("c");
    expect([names(1n), names(2n)]).toEqual([["a"], ["b"]]);
    expect([lessor.leaseOf("b"), lessor.leaseOf("c")]).toEqual([2n, 0n]);
  });

  test("a lease that does not exist is noted for its key and nothing more", () => {
    lessor.attach("a", 99n);
    expect(lessor.leaseOf("a")).toBe(99n);
    expect(names(99n)).toEqual([]);
  });
});

describe("expiry", () => {
  test("nothing expires on a member that is not primary", () => {
    lessor.grant(1n, 10, 0);
    expect(lessor.expired(1e12, 10)).toEqual([]);
    expect(lessor.renew(1n, 0)).toEqual({ kind: "not-primary" });
    expect(lessor.remainingMs(1n, 5000)).toBe(10_000);
    expect(lessor.remainingMs(2n, 5000)).toBeUndefined();
  });

  test("the primary reports leases in the order in which they are due, and again after a pause", () => {
    lessor.promote(0, 0);
    lessor.grant(1n, 20, 0);
    lessor.grant(2n, 10, 0);
    lessor.grant(3n, 15, 0);
    expect(lessor.list().map(({ id }) => id)).toEqual([2n, 3n, 1n]);
    expect(lessor.expired(9999, 10)).toEqual([]);
    expect(lessor.expired(15_000, 1)).toEqual([2n]);
    expect(lessor.expired(15_000, 10)).toEqual([3n]);
    expect(lessor.expired(15_000, 10)).toEqual([]);
    lessor.revoke(3n);
    expect(lessor.expired(18_000, 10)).toEqual([2n]);
  });

  test("a renewed lease lives on; one that is due does not come back", () => {
    lessor.promote(0, 0);
    lessor.grant(1n, 10, 0);
    expect(lessor.renew(1n, 9000)).toEqual({ kind: "renewed", ttlSeconds: 10, hadCheckpoint: false });
    expect(lessor.expired(18_999, 10)).toEqual([]);
    expect(lessor.renew(1n, 19_000)).toEqual({ kind: "expired" });
    expect(lessor.expired(19_000, 10)).toEqual([1n]);
    expect(lessor.renew(7n, 0)).toEqual({ kind: "unknown" });
  });

  test("a new primary gives every lease its full time and what the election took", () => {
    lessor.grant(1n, 10, 0);
    lessor.promote(100_000, 1000);
    expect(lessor.remainingMs(1n, 100_000)).toBe(11_000);
    expect(lessor.expired(111_000, 10)).toEqual([1n]);
    lessor.demote();
    expect(lessor.expired(1e12, 10)).toEqual([]);
    lessor.promote(200_000, 0);
    expect(lessor.expired(209_999, 10)).toEqual([]);
    expect(lessor.expired(210_000, 10)).toEqual([1n]);
  });

  test("leases that were all refreshed at once do not expire within one second", () => {
    const moved = spreadExpiries(Array.from({ length: 2000 }, () => ({ expiryMs: 5000 })));
    const all = [...Array.from({ length: 750 }, () => 5000), ...moved.map(([, expiryMs]) => expiryMs)];
    expect(all.filter((at) => at === 5000)).toHaveLength(750);
    expect(all.filter((at) => at === 6000)).toHaveLength(750);
    expect(all.filter((at) => at === 7000)).toHaveLength(500);
  });

  test("the queue agrees with a list that is searched, whatever is granted, renewed and revoked", () => {
    const id = fc.bigInt({ min: 1n, max: 6n });
    const step = fc.oneof(
      fc.record({ kind: fc.constant("grant" as const), id, ttl: fc.integer({ min: 2, max: 9 }) }),
      fc.record({ kind: fc.constantFrom("renew" as const, "revoke" as const), id, ttl: fc.constant(0) }),
      fc.record({ kind: fc.constant("wait" as const), id, ttl: fc.integer({ min: 0, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const tested = newLessor();
        tested.promote(0, 0);
        const due = new Map<bigint, { at: number; readonly ttl: number }>();
        let now = 0;
        for (const { kind, id: lease, ttl } of steps) {
          const known = due.get(lease);
          if (kind === "grant" && !known) {
            tested.grant(lease, ttl, now);
            due.set(lease, { at: now + ttl * 1000, ttl });
          } else if (kind === "renew" && known) {
            tested.renew(lease, now);
            if (known.at > now) known.at = now + known.ttl * 1000;
          } else if (kind === "revoke" && known) {
            tested.revoke(lease);
            due.delete(lease);
          } else if (kind === "wait") {
            now += ttl * 1000;
            const expected = [...due].filter(([, { at }]) => at <= now).map(([expiring]) => expiring);
            expect(new Set(tested.expired(now, 100))).toEqual(new Set(expected));
            for (const expiring of expected) {
              tested.revoke(expiring);
              due.delete(expiring);
            }
          }
        }
        expect(tested.leaseCount).toBe(due.size);
      }),
    );
  });
});

describe("checkpoints", () => {
  test("long leases are reported every five minutes with what they have left", () => {
    lessor.promote(0, 0);
    lessor.grant(1n, 3600, 0);
    lessor.grant(2n, 100, 0);
    expect(lessor.checkpoints(299_000, 10)).toEqual([]);
    expect(lessor.checkpoints(300_000, 10)).toEqual([{ id: 1n, remainingTtlSeconds: 3300 }]);
    expect(lessor.checkpoints(300_001, 10)).toEqual([]);
  });

  test("a new primary goes on from the checkpoint", () => {
    lessor = newLessor(true);
    lessor.grant(1n, 3600, 0);
    lessor.checkpoint(1n, 100, 0);
    expect(decodeLease(buffer.get("lease", leaseKey(1n)) as Uint8Array).remainingTtlSeconds).toBe(100);
    lessor.promote(0, 0);
    expect(lessor.remainingMs(1n, 0)).toBe(100_000);
    expect(lessor.renew(1n, 0)).toMatchObject({ hadCheckpoint: true });
    expect(() => lessor.checkpoint(9n, 1, 0)).toThrow("lease-not-found");
  });
});
