import { beforeEach, describe, expect, test } from "vitest";
import { DialGate } from "../../../server/transport/dial-gate.ts";
import { ManualClock } from "../../support/manual-clock.ts";

describe("the gate before a peer", () => {
  let clock: ManualClock;
  let events: string[];
  let gate: DialGate;

  beforeEach(() => {
    clock = new ManualClock();
    events = [];
    gate = new DialGate({
      clock,
      onOpened: () => void events.push("opened"),
      onFailed: () => void events.push("failed"),
    });
  });

  const enter = (name: string): (() => void) => gate.enter(() => void events.push(name));

  test("lets one attempt at a time through until the peer has answered, then everybody", () => {
    for (const name of ["a", "b", "c"]) enter(name);
    expect(events).toEqual(["a"]);
    gate.answered();
    expect(events).toEqual(["a", "opened", "b", "c"]);
    enter("d");
    expect(events.at(-1)).toBe("d");
  });

  test("gives those who wait their turns in the order in which they came", () => {
    enter("a");
    const leave = enter("b");
    enter("c");
    leave();
    gate.failed();
    enter("a");
    clock.advance(100);
    gate.failed();
    clock.advance(200);
    expect(events).toEqual(["a", "failed", "c", "failed", "a"]);
  });

  test("doubles the time between the begins of attempts that fail from 100 ms to a second", () => {
    const beganMs: number[] = [];
    const dial = (): void => {
      beganMs.push(clock.monotonicMs());
      gate.failed();
      gate.enter(dial);
    };
    gate.enter(dial);
    for (let ms = 0; ms < 4000; ms++) clock.advance(1);
    expect(beganMs.map((ms, i) => ms - (beganMs[i - 1] ?? ms))).toEqual([0, 100, 200, 400, 800, 1000, 1000]);
  });

  test("begins anew with short times once the peer has answered", () => {
    for (const waitMs of [0, 100, 200]) {
      enter("a");
      clock.advance(waitMs);
      gate.failed();
    }
    enter("a");
    clock.advance(400);
    gate.answered();
    enter("b");
    gate.failed();
    enter("c");
    clock.advance(99);
    expect(events.at(-1)).toBe("failed");
    clock.advance(1);
    expect(events.at(-1)).toBe("c");
  });

  test("does not wait any longer for an attempt that took longer than the time between two", () => {
    enter("a");
    clock.advance(3000);
    enter("b");
    gate.failed();
    expect(events).toEqual(["a", "failed", "b"]);
  });

  test("stays open while a stream is up, whatever else fails, and closes with the last", () => {
    for (const name of ["a", "b"]) enter(name);
    gate.answered();
    gate.streamBegan();
    gate.failed();
    expect(gate.isOpen).toBe(true);
    expect(events).not.toContain("failed");
    gate.streamEnded();
    expect(gate.isOpen).toBe(false);
    for (const name of ["c", "d"]) enter(name);
    clock.advance(100);
    expect(events).toEqual(["a", "opened", "b", "c"]);
  });

  test("lets the next attempt pass the wait when the peer seems to be back", () => {
    enter("a");
    gate.failed();
    enter("b");
    gate.hurry();
    expect(events).toEqual(["a", "failed", "b"]);
    // The time begins anew.
    gate.failed();
    enter("c");
    clock.advance(100);
    expect(events.at(-1)).toBe("c");
  });

  test("lets one attempt, not more, overtake one that hangs when the peer seems to be back", () => {
    for (const name of ["a", "b", "c"]) enter(name);
    gate.hurry();
    expect(events).toEqual(["a", "b"]);
    gate.answered();
    expect(events).toEqual(["a", "b", "opened", "c"]);
    // The one that hung is no news.
    gate.streamBegan();
    gate.failed();
    expect(gate.isOpen).toBe(true);
  });

  test("lets nobody through after it has been closed", () => {
    enter("a");
    gate.failed();
    enter("b");
    gate.close();
    clock.advance(10_000);
    expect(events).toEqual(["a", "failed"]);
  });
});
