import { expect, test } from "vitest";
import { StepMemory } from "../../../../operator/controllers/step-memory.ts";
import type { Decision } from "../../../../operator/plan/decision.ts";

const promote: Decision = {
  step: { kind: "Promote", memberId: "a3", ordinal: 3 },
  reason: "LearnerCatchingUp",
  message: "x-3 catches up",
};
const remove: Decision = {
  step: { kind: "RemoveMember", memberId: "a3", ordinal: 3 },
  reason: "ScalingDown",
  message: "x-3 leaves",
};

test("a step is news once, however often it is asked for", () => {
  const memory = new StepMemory();
  expect(memory.begins("u", promote.step)).toBe(true);
  expect(memory.begins("u", promote.step)).toBe(false);
  expect(memory.begins("other", promote.step)).toBe(true);
  expect(memory.begins("u", remove.step)).toBe(true);
  expect(memory.begins("u", promote.step)).toBe(true);
});

test("why a step is not possible yet is told with that step, until another one comes", () => {
  const memory = new StepMemory();
  memory.begins("u", promote.step);
  expect(memory.explained("u", promote)).toBe(promote);
  expect(memory.waits("u", promote.step, "unhealthy cluster")).toBe(true);
  expect(memory.waits("u", promote.step, "unhealthy cluster")).toBe(false);
  expect(memory.explained("u", promote).message).toBe("x-3 catches up: unhealthy cluster");
  expect(memory.explained("u", remove)).toBe(remove);
  expect(memory.waits("u", promote.step, "it has not caught up yet")).toBe(true);
  expect(memory.begins("u", promote.step)).toBe(false);
  memory.forget("u");
  expect(memory.explained("u", promote)).toBe(promote);
});
