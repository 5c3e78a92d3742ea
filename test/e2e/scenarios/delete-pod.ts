import type { Scenario } from "../harness/scenario.ts";

/** A pod is deleted and comes back as the member that it was. */
export const deletePod: Scenario = {
  id: "12",
  title: "delete a pod",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const [members, claims] = [await cluster.memberIds(), await cluster.claims()];
    const { metadata } = await cluster.pod(1);
    await cluster.deletePods(1);
    const time = await cluster.recovered(3, [metadata.uid]);
    const [now, kept] = [await cluster.memberIds(), await cluster.claims()];
    test.check(now.get("x-1") === members.get("x-1"), `after ${time} x-1 is member ${String(now.get("x-1"))} again`);
    test.check(kept.get("data-x-1") === claims.get("data-x-1"), "with the same claim");
    test.check(cluster.observer.everMembers().size === 3, "nobody was removed and nobody added");
  },
};
