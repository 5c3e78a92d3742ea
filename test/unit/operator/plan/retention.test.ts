import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  beyondRetention,
  nextExpiryMs,
  type EndedBackup,
  type Retention,
} from "../../../../operator/plan/retention.ts";

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;

/** `v9` is a verified backup of nine hours ago, `c9` a completed one, `f9` a failed one; `!` is being restored. */
function backups(text: string): readonly EndedBackup[] {
  const outcomes = { v: "Verified", c: "Completed", f: "Failed" } as const;
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({
      name: word,
      outcome: outcomes[word[0] as "v" | "c" | "f"],
      endedMs: NOW - Number(word.slice(1).replace("!", "")) * HOUR,
      isInUse: word.endsWith("!"),
    }));
}

const newest = (some: readonly EndedBackup[]) => Math.max(...some.map(({ endedMs }) => endedMs));
const verified = ({ outcome }: EndedBackup): boolean => outcome === "Verified";
const good = ({ outcome }: EndedBackup): boolean => outcome !== "Failed";

describe("what is beyond a schedule's retention", () => {
  test.each<readonly [what: string, have: string, retention: Retention, gone: string]>([
    ["nothing within both bounds", "v1 v2 v3", { keepLast: 3, maxAgeMs: 4 * HOUR }, ""],
    ["nothing without bounds", "v1 v2 v900", {}, ""],
    ["the oldest beyond the count", "v1 v2 v3 v4", { keepLast: 2 }, "v4 v3"],
    ["what is too old", "v1 v2 v3 v4", { maxAgeMs: 3 * HOUR }, "v4 v3"],
    ["what is beyond either", "v1 v2 v3 v4", { keepLast: 3, maxAgeMs: 3 * HOUR }, "v4 v3"],
    ["never the newest verified one, however old", "v50 v60", { maxAgeMs: HOUR }, "v60"],
    ["never the newest verified one, whatever came after it", "c1 c2 v3 v4", { keepLast: 1 }, "v4 c2"],
    ["never the newest one while none is verified", "c50 c60", { maxAgeMs: HOUR }, "c60"],
    ["failures beyond the same bounds, counted apart", "f1 f2 f3 v4 v5", { keepLast: 2 }, "f3"],
    ["every failure that is too old", "f50 f60", { maxAgeMs: HOUR }, "f60 f50"],
    ["nothing that is being restored", "v1 v2! v3", { keepLast: 1 }, "v3"],
    ["nothing of nothing", "", { keepLast: 1, maxAgeMs: HOUR }, ""],
  ])("%s", (_what, have, retention, gone) => {
    const names = beyondRetention(backups(have), retention, NOW).map(({ name }) => name);
    expect(names.join(" ")).toBe(gone);
  });

  const anyBackups = fc.array(
    fc.record({
      outcome: fc.constantFrom("Verified" as const, "Completed" as const, "Failed" as const),
      endedMs: fc.integer({ min: 0, max: NOW }),
      isInUse: fc.boolean(),
    }),
    { maxLength: 20 },
  );
  const anyRetention = fc.record(
    { keepLast: fc.integer({ min: 1, max: 10 }), maxAgeMs: fc.integer({ min: 60_000, max: NOW }) },
    { requiredKeys: [] },
  );

  test("whatever there is: what could be restored best stays, the rest fits, and nothing more goes the next time", () => {
    fc.assert(
      fc.property(anyBackups, anyRetention, (list, retention) => {
        const all = list.map((backup, at) => ({ ...backup, name: `b${String(at)}` }));
        const gone = new Set(beyondRetention(all, retention, NOW));
        const left = all.filter((backup) => !gone.has(backup));
        expect(newest(left.filter(verified))).toBe(newest(all.filter(verified)));
        if (!all.some(verified)) expect(newest(left.filter(good))).toBe(newest(all.filter(good)));
        expect([...gone].some(({ isInUse }) => isInUse)).toBe(false);
        // The newest verified one and those in use are on top of the count.
        const spared = left.filter(({ isInUse }) => isInUse).length + 1;
        expect(left.filter(good).length).toBeLessThanOrEqual((retention.keepLast ?? Infinity) + spared);
        expect(beyondRetention(left, retention, NOW)).toEqual([]);
      }),
    );
  });
});

describe("the next backup that grows too old", () => {
  test.each<readonly [what: string, have: string, maxAgeHours: number | undefined, atHours: number | undefined]>([
    ["is the oldest one that is not too old yet", "v1 v5 v9", 10, 1],
    ["is no backup that is too old already", "v1 v11", 10, 9],
    ["is none without a bound", "v1", undefined, undefined],
    ["is none if all are too old", "v11", 10, undefined],
  ])("%s", (_what, have, maxAgeHours, atHours) => {
    const maxAgeMs = maxAgeHours === undefined ? undefined : maxAgeHours * HOUR;
    const at = nextExpiryMs(backups(have), { maxAgeMs }, NOW);
    expect(at).toBe(atHours === undefined ? undefined : NOW + atHours * HOUR);
  });
});
