import { expect, test } from "vitest";
import { Turns } from "../../../server/node/turns.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("one slice has its turn, whoever asks, and those who asked first come first", async () => {
  const turns = new Turns(new ManualClock());
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let slice = 1; slice <= 2; slice++) {
      await turns.next();
      order.push(`${name}${String(slice)}`);
    }
  };
  const all = Promise.all([work("a"), work("b"), work("c")]);
  let before = 0;
  while (order.length < 6) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(order.length - before).toBeLessThanOrEqual(1);
    before = order.length;
  }
  await all;
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "c2"]);
});
