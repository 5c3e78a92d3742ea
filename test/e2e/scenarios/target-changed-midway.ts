import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";

/** The size is taken back while a member is joining. */
export const targetChangedMidway: Scenario = {
  id: "4",
  title: "3 → 5, and back to 3 while a member learns",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const before = await cluster.memberIds();
    await cluster.scale(5);
    await waitUntil(
      "a fourth member learns",
      () => ((cluster.observer.looks.at(-1)?.members ?? []).some(({ isLearner }) => isLearner) ? true : undefined),
      { timeoutMs: 120_000 },
    );
    await cluster.scale(3);
    const time = await cluster.settled(3);
    test.check(true, `three members again after ${time}`);
    const after = await cluster.memberIds();
    test.check(
      [...before].every(([name, id]) => after.get(name) === id) && after.size === 3,
      `they are the three of before: ${[...after].map(([name, id]) => `${name} ${id}`).join(", ")}`,
    );
    const claims = await waitUntil("two claims are deleted", async () => {
      const found = await cluster.claims();
      return found.size === 3 ? found : undefined;
    });
    test.check(claims.size === 3, `claims: ${[...claims.keys()].join(", ")}`);
  },
};
