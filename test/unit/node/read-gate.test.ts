import { beforeEach, describe, expect, test } from "vitest";
import { must } from "../../../server/base/assert.ts";
import { AppliedIndex } from "../../../server/node/applied-index.ts";
import { ReadGate } from "../../../server/node/read-gate.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe("the read gate", () => {
  let clock: ManualClock;
  let applied: AppliedIndex;
  let asked: Uint8Array[];
  let gate: ReadGate;

  beforeEach(() => {
    clock = new ManualClock();
    applied = new AppliedIndex(5);
    asked = [];
    let id = 0n;
    gate = new ReadGate({
      applied,
      clock,
      ask: (context) => void asked.push(context),
      nextId: () => ++id,
      timeoutMs: 2000,
    });
  });

  const last = (): Uint8Array => must(asked.at(-1));

  test("asks once for all readers of a turn", async () => {
    const readers = [gate.pass(), gate.pass(), gate.pass()];
    await turn();
    expect(asked).toHaveLength(1);
    gate.onReadState(last(), 5);
    await Promise.all(readers);
  });

  test("lets nobody through who came after the question on its answer", async () => {
    const first = gate.pass();
    await turn();
    let isThrough = false;
    const second = gate.pass().then(() => (isThrough = true));
    await turn();
    expect(asked).toHaveLength(1);
    gate.onReadState(last(), 5);
    await first;
    await turn();
    expect(isThrough).toBe(false);
    expect(asked).toHaveLength(2);
    gate.onReadState(last(), 5);
    await second;
  });

  test("waits until the state has come as far as the answer", async () => {
    let isThrough = false;
    const reader = gate.pass().then(() => (isThrough = true));
    await turn();
    gate.onReadState(last(), 7);
    applied.advanceTo(6);
    await turn();
    expect(isThrough).toBe(false);
    applied.advanceTo(7);
    await reader;
  });

  test("asks again with a new id when no answer comes, and takes the answer to any of them", async () => {
    const reader = gate.pass();
    await turn();
    clock.advance(500);
    expect(asked).toHaveLength(2);
    expect(asked[0]).not.toEqual(asked[1]);
    gate.onReadState(must(asked[0]), 5);
    await reader;
  });

  test("gives up after the request timeout", async () => {
    const reader = gate.pass();
    await turn();
    const rejected = expect(reader).rejects.toThrow("timeout");
    clock.advance(2500);
    await rejected;
  });

  test("fails those who wait for a leader that is gone, and asks the next one for those who came later", async () => {
    const first = gate.pass();
    await turn();
    const second = gate.pass();
    const rejected = expect(first).rejects.toThrow("leader-changed");
    gate.onLeaderChanged();
    await rejected;
    await turn();
    gate.onReadState(last(), 5);
    await second;
  });

  test("ignores answers that nobody waits for, and contexts that are not its own", async () => {
    gate.onReadState(new Uint8Array(8), 5);
    const reader = gate.pass();
    await turn();
    gate.onReadState(new Uint8Array(3), 5);
    gate.onReadState(new Uint8Array(8), 5);
    const rejected = expect(reader).rejects.toThrow("stopped");
    gate.fail("stopped");
    await rejected;
  });
});
