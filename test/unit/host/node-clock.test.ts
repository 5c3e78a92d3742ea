import { expect, test } from "vitest";
import { nodeClock } from "../../../server/host/node-clock.ts";

test("monotonic time does not go back, and the Unix time is of this century", () => {
  const first = nodeClock.monotonicMs();
  expect(nodeClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  expect(nodeClock.unixMs()).toBeGreaterThan(Date.UTC(2025, 0));
});

test("a timer runs once, a period again and again until it is cancelled", async () => {
  let ticks = 0;
  await new Promise<void>((resolve) => {
    const period = nodeClock.every(1, () => {
      if (++ticks < 3) return;
      period.cancel();
      resolve();
    });
  });
  const never = nodeClock.after(0, () => ticks++);
  never.cancel();
  await new Promise<void>((resolve) => void nodeClock.after(1, resolve));
  expect(ticks).toBe(3);
});

test("the next turn comes after everything that is already promised", async () => {
  const order: string[] = [];
  const turn = new Promise<void>((resolve) =>
    nodeClock.nextTurn(() => {
      order.push("next turn");
      resolve();
    }),
  );
  await Promise.resolve();
  order.push("promise");
  await turn;
  expect(order).toEqual(["promise", "next turn"]);
});
