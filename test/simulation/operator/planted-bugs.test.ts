import { expect, test } from "vitest";
import { explore } from "./explorer.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";
import { explorationOf } from "./runs.ts";
import { healthyWorld } from "./world.ts";

test.each(PLANTED_BUGS)("a planner that $name is found out", ({ plan, violation, members, faults }) => {
  const exploration = explorationOf({ members, faults, removed: "Tell" });
  const two = healthyWorld(members, members, 0);
  two.wanted = members - 2;
  const starts = members > 7 ? [two] : exploration.starts;
  expect(() => explore({ ...exploration, starts, plan })).toThrow(violation);
});

test("eleven members shrink to nine as they should", () => {
  const start = healthyWorld(11, 11, 10);
  start.wanted = 9;
  const exploration = explorationOf({ members: 11, faults: 0, removed: "Tell" });
  expect(explore({ ...exploration, starts: [start] }).states).toBeGreaterThan(10);
});
