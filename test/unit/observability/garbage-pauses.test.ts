import { describe, expect, it } from "vitest";
import { GarbagePauses } from "../../../server/observability/garbage-pauses.ts";

const MINUTE_MS = 60_000;

function values(pauses: GarbagePauses, nowMs: number): Record<string, number> {
  return Object.fromEntries(
    pauses.samples(nowMs).map(({ labels, value, metricName }) => [metricName ?? String(labels["quantile"]), value]),
  );
}

describe("pauses of the garbage collector", () => {
  it("are all nothing before the first", () => {
    const expected = { "0": 0, "0.25": 0, "0.5": 0, "0.75": 0, "1": 0 };
    expect(values(new GarbagePauses(0), 0)).toMatchObject(expected);
  });

  it("are told by quantile, with their sum and count", () => {
    const pauses = new GarbagePauses(0);
    for (let duration = 1; duration <= 100; duration++) pauses.add(duration, duration);
    const told = values(pauses, 1000);
    expect(told["0"]).toBeCloseTo(0.001, 4);
    expect(told["0.5"]).toBeCloseTo(0.05, 3);
    expect(told["1"]).toBeCloseTo(0.1, 3);
    expect(told["go_gc_duration_seconds_sum"]).toBeCloseTo(5.05, 6);
    expect(told["go_gc_duration_seconds_count"]).toBe(100);
  });

  it("leave the quantiles after five to ten minutes, but not the count", () => {
    const pauses = new GarbagePauses(0);
    pauses.add(80, 4 * MINUTE_MS);
    pauses.add(2, 6 * MINUTE_MS);
    expect(values(pauses, 9 * MINUTE_MS)["1"]).toBeCloseTo(0.08, 3);
    expect(values(pauses, 11 * MINUTE_MS)["1"]).toBeCloseTo(0.002, 4);
    expect(values(pauses, 60 * MINUTE_MS)).toMatchObject({ "1": 0, go_gc_duration_seconds_count: 2 });
  });
});
