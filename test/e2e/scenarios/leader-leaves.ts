import type { Scenario } from "../harness/scenario.ts";

const GAP_MAX_MS = 1000;

/** The member that has to go leads. */
export const leaderLeaves: Scenario = {
  id: "6",
  title: "3 → 1 while the last member leads",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 }, { writesPerSecond: 100 });
    await cluster.settled(3);
    await cluster.moveLeaderTo(2);
    await cluster.until("the status says so", ({ status }) => status?.leader === "x-2");
    const [term, fromMs] = [await cluster.raftTerm(), performance.now()];
    await cluster.scale(1);
    const time = await cluster.settled(1);
    const moved = await cluster.events("LeaderMoved");
    const terms = (await cluster.raftTerm()) - term;
    const gapMs = cluster.observer.writer.longestGapMs(fromMs);
    test.check(
      moved.length >= 1,
      `one member after ${time}; the leadership was handed over: ${moved[0]?.note ?? "never"}`,
    );
    test.check(terms <= 1, `the term grew by ${String(terms)}`);
    test.check(gapMs < GAP_MAX_MS, `longest write gap ${gapMs.toFixed(0)} ms`);
  },
};
