import type { Scenario } from "../harness/scenario.ts";

const WRITES_PER_SECOND = 200;
const GAP_MAX_MS = 2000;
const SIZES = [3, 5, 3, 1] as const;

/** From one to five and back under 200 writes a second. */
export const scaleUnderLoad: Scenario = {
  id: "2",
  title: "1 → 3 → 5 → 3 → 1 under 200 writes/s",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 1 }, { writesPerSecond: WRITES_PER_SECOND });
    await cluster.settled(1);
    for (const size of SIZES) {
      const fromMs = performance.now();
      await cluster.scale(size);
      const time = await cluster.settled(size);
      const gapMs = cluster.observer.writer.longestGapMs(fromMs);
      test.check(gapMs <= GAP_MAX_MS, `to ${String(size)} in ${time}, longest write gap ${gapMs.toFixed(0)} ms`);
    }
    const [claims, members] = [await cluster.claims(), cluster.observer.everMembers()];
    test.check(claims.size === 1 && claims.has("data-x-0"), `one claim is left: ${[...claims.keys()].join(", ")}`);
    test.check(members.size === 5, `${String(members.size)} members there ever were`);
    const gapMs = cluster.observer.writer.longestGapMs();
    const rate = cluster.observer.writer.perSecond;
    test.check(rate >= WRITES_PER_SECOND * 0.75, `${rate.toFixed(0)} writes/s were acknowledged`);
    test.check(gapMs <= GAP_MAX_MS, `longest write gap of all: ${gapMs.toFixed(0)} ms`);
  },
};
