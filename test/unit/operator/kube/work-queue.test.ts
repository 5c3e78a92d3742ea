import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { WorkQueue, type WorkQueueOptions, type WorkResult } from "../../../../operator/kube/work-queue.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

/** One key in the hands of a worker, which the test ends. */
interface Work {
  readonly key: string;
  readonly signal: AbortSignal;
  end(result?: WorkResult): Promise<void>;
  fail(error: unknown): Promise<void>;
}

let clock: ManualClock;
let works: Work[];
let told: string[];
beforeEach(() => {
  clock = new ManualClock();
  works = [];
  told = [];
});

/** Lets everything that is settled have its consequences. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function queueOf(options: Partial<WorkQueueOptions> = {}): WorkQueue {
  return new WorkQueue({
    work: (key, signal) =>
      new Promise((resolve, reject) => {
        const end = (result?: WorkResult) => {
          resolve(result);
          return turn();
        };
        const fail = (error: unknown) => {
          reject(error);
          return turn();
        };
        works.push({ key, signal, end, fail });
      }),
    concurrency: 2,
    clock,
    // The longest waits.
    random: () => 1,
    onError: (key, error, failures, retryMs) => told.push(`${key} ${String(error)} ${failures} ${retryMs}`),
    ...options,
  });
}

function started(options: Partial<WorkQueueOptions> = {}): WorkQueue {
  const queue = queueOf(options);
  queue.start();
  return queue;
}

const keys = () => works.map(({ key }) => key);

describe("a key", () => {
  test("waits once however often it is added, and only from the start on", async () => {
    const queue = queueOf();
    queue.add("a");
    queue.add("a");
    queue.add("b");
    expect(keys()).toEqual([]);
    queue.start();
    expect(keys()).toEqual(["a", "b"]);
    await works[0]!.end();
    expect(keys()).toEqual(["a", "b"]);
  });

  test("that is added while it is handled is handled once more, afterwards", async () => {
    const queue = started();
    queue.add("a");
    queue.add("a");
    queue.add("a");
    expect(keys()).toEqual(["a"]);
    await works[0]!.end();
    expect(keys()).toEqual(["a", "a"]);
    await works[1]!.end();
    expect(keys()).toEqual(["a", "a"]);
  });

  test("waits for a free worker, in the order of coming", async () => {
    const queue = started();
    for (const key of ["a", "b", "c", "d"]) queue.add(key);
    expect(keys()).toEqual(["a", "b"]);
    await works[1]!.end();
    expect(keys()).toEqual(["a", "b", "c"]);
    await works[0]!.end();
    expect(keys()).toEqual(["a", "b", "c", "d"]);
  });

  test("comes when its time has come", () => {
    const queue = started();
    queue.addAfter("a", 1000);
    clock.advance(999);
    expect(keys()).toEqual([]);
    clock.advance(1);
    expect(keys()).toEqual(["a"]);
  });

  test.each([
    [5000, 1000],
    [1000, 5000],
  ])("with two wishes for later, in %i and in %i ms, comes at the earlier one, once", async (first, second) => {
    const queue = started();
    queue.addAfter("a", first);
    queue.addAfter("a", second);
    clock.advance(1000);
    expect(keys()).toEqual(["a"]);
    await works[0]!.end();
    clock.advance(10_000);
    expect(keys()).toEqual(["a"]);
  });

  test("comes again when its handler asks for it", async () => {
    const queue = started();
    queue.add("a");
    await works[0]!.end({ requeueAfterMs: 3000 });
    clock.advance(2999);
    expect(keys()).toEqual(["a"]);
    clock.advance(1);
    expect(keys()).toEqual(["a", "a"]);
  });
});

describe("failures", () => {
  test("make a key wait ever longer, up to a minute; a success makes it forget", async () => {
    const queue = started();
    queue.add("a");
    for (let at = 0; at < 12; at++) {
      await works[at]!.fail("no");
      clock.advance(60_000);
    }
    const waits = told.map((line) => Number(line.split(" ").at(-1)));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
    expect(told[1]).toBe("a no 2 200");
    await works.at(-1)!.end();
    queue.add("a");
    await works.at(-1)!.fail("no");
    expect(told.at(-1)).toBe("a no 1 100");
  });

  test("of one key do not hold up the others, nor news of the same key", async () => {
    const queue = started();
    queue.add("bad");
    await works[0]!.fail("no");
    queue.add("good");
    queue.add("bad");
    expect(keys()).toEqual(["bad", "good", "bad"]);
  });

  test("wait as long as the error itself asks for", async () => {
    const queue = started({ retryAfterOf: () => 7000 });
    queue.add("a");
    await works[0]!.fail("busy");
    clock.advance(6999);
    expect(keys()).toEqual(["a"]);
    clock.advance(1);
    expect(keys()).toEqual(["a", "a"]);
  });

  test("of very many keys are spread over time", async () => {
    const queue = started({ concurrency: 1000 });
    for (let at = 0; at < 300; at++) queue.add(`k${String(at)}`);
    const failing = works.map((work) => work.fail("down"));
    await Promise.all(failing);
    clock.advance(100);
    // The first hundred at once, then ten a second.
    expect(works.length - 300).toBe(101);
    clock.advance(10_000);
    expect(works.length - 300).toBe(201);
  });
});

describe("stopping", () => {
  test("begins nothing new and waits for what is under way", async () => {
    const queue = started({ concurrency: 1 });
    for (const key of ["a", "b"]) queue.add(key);
    queue.addAfter("c", 100);
    let isStopped = false;
    const stopping = queue.stop(5000).then(() => {
      isStopped = true;
    });
    queue.add("d");
    queue.addAfter("e", 1);
    clock.advance(4999);
    await turn();
    expect([isStopped, works[0]!.signal.aborted]).toEqual([false, false]);
    await works[0]!.end({ requeueAfterMs: 1 });
    await stopping;
    clock.advance(100_000);
    expect(keys()).toEqual(["a"]);
  });

  test("tells what takes too long to give up, and still waits for it", async () => {
    const queue = started();
    queue.add("a");
    const stopping = queue.stop(5000);
    clock.advance(5000);
    expect(works[0]!.signal.aborted).toBe(true);
    await works[0]!.fail("given up");
    await stopping;
    expect(told).toEqual([]);
  });

  test("without grace tells so at once, and with nothing under way is over at once", async () => {
    const queue = started();
    queue.add("a");
    const stopping = queue.stop(0);
    expect(works[0]!.signal.aborted).toBe(true);
    await works[0]!.end();
    await stopping;
    await started().stop(1000);
  });
});

test("the observer is told of depth, waits, results and retries", async () => {
  const seen: string[] = [];
  const queue = started({
    concurrency: 1,
    observer: {
      added: () => seen.push("added"),
      depth: (count) => seen.push(`depth ${count}`),
      started: (ms) => seen.push(`waited ${ms}`),
      finished: (ms, result) => seen.push(`${result} after ${ms}`),
      retried: () => seen.push("retried"),
    },
  });
  queue.add("a");
  queue.add("b");
  clock.advance(30);
  await works[0]!.end();
  clock.advance(5);
  await works[1]!.fail("no");
  expect(seen.filter((line) => !line.startsWith("depth"))).toEqual([
    "added",
    "waited 0",
    "added",
    "success after 30",
    "waited 30",
    "error after 5",
    "retried",
  ]);
  expect(seen.filter((line) => line.startsWith("depth"))).toContain("depth 1");
  expect(seen.at(-1)).toBe("depth 0");
});

test("whatever comes in whatever order: one worker a key, no more workers than allowed, nothing added is lost", async () => {
  const key = fc.constantFrom("a", "b", "c", "d");
  const action = fc.oneof(
    fc.record({ do: fc.constant("add" as const), key }),
    fc.record({ do: fc.constant("later" as const), key, ms: fc.integer({ min: 0, max: 500 }) }),
    fc.record({ do: fc.constant("end" as const), at: fc.nat(), isGood: fc.boolean() }),
    fc.record({ do: fc.constant("time" as const), ms: fc.integer({ min: 0, max: 400 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, concurrency) => {
        clock = new ManualClock();
        works = [];
        const open = new Set<Work>();
        /** Keys that were added after the last time that their handling began. */
        const owed = new Set<string>();
        const queue = started({
          concurrency,
          work: (worked, signal) => {
            owed.delete(worked);
            expect([...open].map((other) => other.key)).not.toContain(worked);
            return new Promise((resolve, reject) => {
              const close = (settle: () => void) => {
                open.delete(work);
                settle();
                return turn();
              };
              const work: Work = {
                key: worked,
                signal,
                end: (result) => close(() => resolve(result)),
                fail: (error) => close(() => reject(error)),
              };
              open.add(work);
              expect(open.size).toBeLessThanOrEqual(concurrency);
            });
          },
        });
        const endOne = async (at: number, isGood: boolean) => {
          const work = [...open][at % Math.max(1, open.size)];
          if (!work) return;
          if (!isGood) owed.add(work.key);
          await (isGood ? work.end() : work.fail(new Error("no")));
        };
        for (const step of actions) {
          if (step.do === "add" || step.do === "later") owed.add(step.key);
          if (step.do === "add") queue.add(step.key);
          if (step.do === "later") queue.addAfter(step.key, step.ms);
          if (step.do === "end") await endOne(step.at, step.isGood);
          if (step.do === "time") clock.advance(step.ms);
        }
        for (let rounds = 0; rounds < 100 && (owed.size > 0 || open.size > 0); rounds++) {
          clock.advance(60_000);
          await endOne(0, true);
        }
        expect([...owed]).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
