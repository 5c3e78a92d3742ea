import { expect, test } from "vitest";
import { findCondition, isTrue, setCondition, timestamp } from "../../../../operator/types/condition.ts";

const AT_NINE = Date.UTC(2026, 10, 21, 9, 0, 0, 123);
const AT_TEN = Date.UTC(2026, 10, 21, 10);
const up = { type: "Available", status: "True", reason: "ClusterAvailable", message: "It serves." } as const;
const down = { type: "Available", status: "False", reason: "QuorumLost", message: "1 of 3 voters." } as const;
const busy = { type: "Progressing", status: "True", reason: "ScalingUp", message: "x-1 joins." } as const;

test("a condition begins when it is first set", () => {
  expect(setCondition(undefined, up, 4, AT_NINE)).toEqual([
    { ...up, observedGeneration: 4, lastTransitionTime: "2026-11-21T09:00:00Z" },
  ]);
});

test("a new reason does not restart the clock of a wait, a new status does", () => {
  const first = setCondition(undefined, up, 1, AT_NINE);
  const reworded = setCondition(first, { ...up, reason: "Other", message: "Still." }, 2, AT_TEN);
  expect(reworded).toMatchObject([
    { reason: "Other", observedGeneration: 2, lastTransitionTime: "2026-11-21T09:00:00Z" },
  ]);
  expect(setCondition(reworded, down, 2, AT_TEN)).toMatchObject([
    { status: "False", lastTransitionTime: "2026-11-21T10:00:00Z" },
  ]);
});

test("the others and their order are kept, and what was given is not touched", () => {
  const both = setCondition(setCondition(undefined, up, 1, AT_NINE), busy, 1, AT_NINE);
  const frozen = Object.freeze(both);
  const changed = setCondition(frozen, down, 1, AT_TEN);
  expect(changed.map(({ type, status }) => `${type} ${status}`)).toEqual(["Available False", "Progressing True"]);
  expect(frozen[0]?.status).toBe("True");
});

test("a condition that is not there is not true", () => {
  const conditions = setCondition(setCondition(undefined, up, 1, AT_NINE), { ...busy, status: "Unknown" }, 1, AT_NINE);
  expect(isTrue(conditions, "Available")).toBe(true);
  expect(isTrue(conditions, "Progressing")).toBe(false);
  expect(isTrue(conditions, "Degraded")).toBe(false);
  expect(isTrue(undefined, "Available")).toBe(false);
  expect(findCondition(conditions, "Available")?.reason).toBe("ClusterAvailable");
});

test("a moment has whole seconds, as metav1.Time", () => {
  expect(timestamp(AT_NINE)).toBe("2026-11-21T09:00:00Z");
});
