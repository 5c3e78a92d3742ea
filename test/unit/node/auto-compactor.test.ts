import { expect, test } from "vitest";
import { AutoCompactor, type AutoCompaction } from "../../../server/node/auto-compactor.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import type { Command } from "../../../server/node/proposals.ts";
import type { Replica } from "../../../server/node/replica.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const MINUTE_MS = 60_000;
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A member whose revision the test sets; remembers to which revisions it was compacted. */
function member(policy: AutoCompaction, isLeader = true) {
  const clock = new ManualClock();
  const leadership = new Leadership();
  leadership.update(1n, isLeader, 0);
  const mvcc = { currentRevision: 1 };
  const compacted: number[] = [];
  const propose = (command: Command): Promise<unknown> => {
    compacted.push(Number(command.compaction?.revision));
    return Promise.resolve();
  };
  const replica = { machine: { mvcc } } as unknown as Replica;
  const compactor = new AutoCompactor({ policy, replica, leadership, clock, logger: silent, propose });
  return { clock, mvcc, compacted, compactor, leadership };
}

test("in mode revision the leader keeps so many revisions, looking every five minutes", async () => {
  const { clock, mvcc, compacted } = member({ mode: "revision", retention: 1000 });
  mvcc.currentRevision = 900;
  clock.advance(5 * MINUTE_MS);
  expect(compacted).toEqual([]);
  mvcc.currentRevision = 2500;
  clock.advance(5 * MINUTE_MS);
  expect(compacted).toEqual([1500]);
  // The answer to the proposal is what ends it.
  await Promise.resolve();
  clock.advance(20 * MINUTE_MS);
  expect(compacted).toEqual([1500]);
});

test("in mode periodic history of the period stays, and compaction comes once a period", () => {
  const { clock, mvcc, compacted } = member({ mode: "periodic", retentionMs: 10 * MINUTE_MS });
  for (let minute = 1; minute <= 40; minute++) {
    mvcc.currentRevision = 100 * minute;
    clock.advance(MINUTE_MS);
  }
  // At minute 11, 21 and 31 the revision of ten minutes before.
  expect(compacted).toEqual([100, 1100, 2100]);
});

test("a long period is compacted every hour, to what was current a period ago", () => {
  const { clock, mvcc, compacted } = member({ mode: "periodic", retentionMs: 180 * MINUTE_MS });
  for (let minute = 1; minute <= 310; minute++) {
    mvcc.currentRevision = minute + 1;
    clock.advance(MINUTE_MS);
  }
  expect(compacted.length).toBe(3);
  expect(Math.max(...compacted)).toBeLessThanOrEqual(310 - 180 + 1);
});

test("a follower compacts nothing, and knows what was when it leads", () => {
  const { clock, mvcc, compacted, leadership } = member({ mode: "periodic", retentionMs: 10 * MINUTE_MS }, false);
  for (let minute = 1; minute <= 25; minute++) {
    mvcc.currentRevision = 100 * minute;
    clock.advance(MINUTE_MS);
  }
  expect(compacted).toEqual([]);
  leadership.update(2n, true, 0);
  for (let minute = 26; minute <= 31; minute++) {
    mvcc.currentRevision = 100 * minute;
    clock.advance(MINUTE_MS);
  }
  expect(compacted).toEqual([2100]);
});
