import type { Scenario } from "../harness/scenario.ts";

/** All pods are deleted at once. */
export const deleteAllPods: Scenario = {
  id: "16",
  title: "delete all three pods at once",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const [members, claims] = [await cluster.memberIds(), await cluster.claims()];
    const uids = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    await cluster.deletePods(0, 1, 2);
    const time = await cluster.recovered(3, uids);
    const [now, kept] = [await cluster.memberIds(), await cluster.claims()];
    test.check(
      [...members].every(([name, id]) => now.get(name) === id),
      `after ${time} all are back as themselves`,
    );
    test.check(
      [...claims].every(([name, uid]) => kept.get(name) === uid),
      "with the same claims",
    );
    test.check(cluster.observer.everMembers().size === 3, "no member was added or removed");
  },
};
