import { expect, onTestFinished, test } from "vitest";
import { AwakeClock } from "../../support/awake-clock.ts";

function started() {
  const time = { ms: 1000 };
  const clock = new AwakeClock(() => time.ms);
  clock.start();
  onTestFinished(() => clock.stop());
  const after = (ms: number): number => {
    time.ms += ms;
    return clock.nowMs();
  };
  return { clock, after };
}

test("while the process runs, it goes like any clock", () => {
  const { clock, after } = started();
  const fromMs = clock.nowMs();
  for (let look = 0; look < 100; look++) after(50);
  expect(clock.nowMs() - fromMs).toBe(5000);
});

test("a standstill does not count, what is before and after it does", () => {
  const { clock, after } = started();
  const fromMs = clock.nowMs();
  after(10);
  after(2010);
  after(10);
  after(700);
  after(10);
  expect(clock.nowMs() - fromMs).toBe(50);
});

test("before it looks and after it has stopped, nothing is a standstill", () => {
  const time = { ms: 0 };
  const clock = new AwakeClock(() => time.ms);
  time.ms = 5000;
  expect(clock.nowMs()).toBe(5000);
  clock.start();
  clock.stop();
  time.ms = 9000;
  expect(clock.nowMs()).toBe(9000);
});
