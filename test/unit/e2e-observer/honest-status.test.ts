import { describe, expect, test } from "vitest";
import { honestStatus } from "../../e2e/observer/honest-status.ts";
import { look } from "./looks.ts";

const times = (fromMs: number, toMs: number): readonly number[] =>
  Array.from({ length: (toMs - fromMs) / 500 + 1 }, (_, n) => fromMs + n * 500);

describe("I7: the status tells the truth", () => {
  test("an outage that the status admits, or that ends within ten seconds, is fine", () => {
    const admitted = times(0, 20_000).map((at) => look(at, { isReadable: false, isAvailable: at < 8000 }));
    const short = times(20_500, 30_000).map((at) => look(at, { isReadable: false }));
    expect(honestStatus([...admitted, look(20_200), ...short, look(30_400)])).toEqual([]);
  });

  test("Available=True over more than ten seconds without a read is reported, once an outage", () => {
    const outage = times(0, 15_000).map((at) => look(at, { isReadable: false }));
    expect(honestStatus(outage)).toEqual(["10.5 s: Available is True although no read has succeeded for 10.5 s"]);
    const again = times(16_000, 30_000).map((at) => look(at, { isReadable: false }));
    expect(honestStatus([...outage, look(15_500), ...again])).toHaveLength(2);
  });

  test("a status about a generation that is yet to come is reported", () => {
    expect(honestStatus([look(0), look(300, { observedGeneration: 2 })])).toEqual([
      "0.3 s: observedGeneration 2 is beyond generation 1",
    ]);
    expect(honestStatus([look(0, { generation: 3, observedGeneration: 2 })])).toEqual([]);
  });
});
