import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeFault } from "../../../../operator/kube/kube-error.ts";
import { CALL_ATTEMPTS_MAX, retryDelayMs, RETRY_AFTER_MAX_MS } from "../../../../operator/kube/retry-policy.ts";

const faults: readonly KubeFault[] = [
  { kind: "NotFound" },
  { kind: "Conflict" },
  { kind: "AlreadyExists" },
  { kind: "Gone" },
  { kind: "TooManyRequests" },
  { kind: "TooManyRequests", retryAfterMs: 4000 },
  { kind: "Unauthorized" },
  { kind: "Forbidden" },
  { kind: "Invalid", causes: [] },
  { kind: "Unavailable", isSent: true },
  { kind: "Unavailable", isSent: true, retryAfterMs: 1000 },
  { kind: "Unavailable", isSent: false },
  { kind: "Timeout" },
  { kind: "NotLeader" },
  { kind: "Cancelled" },
];

/** Without jitter: the longest waits. */
const longest = () => 1;

test.each<[fault: KubeFault, idempotent: number | undefined, other: number | undefined]>([
  [{ kind: "TooManyRequests" }, 200, 200],
  [{ kind: "TooManyRequests", retryAfterMs: 4000 }, 4200, 4200],
  [{ kind: "TooManyRequests", retryAfterMs: RETRY_AFTER_MAX_MS + 1 }, undefined, undefined],
  [{ kind: "Unavailable", isSent: false }, 200, 200],
  [{ kind: "Unavailable", isSent: true }, 200, undefined],
  [{ kind: "Unavailable", isSent: true, retryAfterMs: 1000 }, 1200, 1200],
  [{ kind: "Timeout" }, 200, undefined],
  [{ kind: "Conflict" }, undefined, undefined],
  [{ kind: "Invalid", causes: [] }, undefined, undefined],
  [{ kind: "NotLeader" }, undefined, undefined],
])("the first wait after %j: %j where it does no harm, else %j", (fault, idempotent, other) => {
  const call = { fault, attempt: 1, attemptsMax: CALL_ATTEMPTS_MAX };
  expect(retryDelayMs({ ...call, isIdempotent: true }, longest)).toBe(idempotent);
  expect(retryDelayMs({ ...call, isIdempotent: false }, longest)).toBe(other);
});

test("waits double, up to five seconds, and end", () => {
  const fault: KubeFault = { kind: "Timeout" };
  const waits = [1, 2, 3, 4, 5].map((attempt) =>
    retryDelayMs({ fault, attempt, attemptsMax: 99, isIdempotent: true }, longest),
  );
  expect(waits).toEqual([200, 400, 800, 1600, undefined]);
});

test("no call is tried for ever, and none in haste", () => {
  const cases = fc.record({
    fault: fc.constantFrom(...faults),
    isIdempotent: fc.boolean(),
    attempt: fc.integer({ min: 1, max: 20 }),
    attemptsMax: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), (call, random) => {
      const delayMs = retryDelayMs(call, () => random);
      if (call.attempt >= Math.min(call.attemptsMax, CALL_ATTEMPTS_MAX)) expect(delayMs).toBeUndefined();
      if (delayMs === undefined) return;
      expect(delayMs).toBeGreaterThanOrEqual(100);
      expect(delayMs).toBeLessThanOrEqual(RETRY_AFTER_MAX_MS + 5000);
    }),
  );
});
