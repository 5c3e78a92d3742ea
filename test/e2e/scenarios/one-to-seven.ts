import type { Scenario } from "../harness/scenario.ts";

/** Six members join after one edit, one after the other. */
export const oneToSeven: Scenario = {
  id: "3",
  title: "1 → 7 in one edit",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 1 });
    await cluster.settled(1);
    await cluster.scale(7);
    const time = await cluster.settled(7);
    test.check(true, `seven members vote after ${time}`);
    const members = cluster.observer.everMembers().size;
    test.check(members === 7, `six members joined and nobody twice: there ever were ${String(members)}`);
  },
};
