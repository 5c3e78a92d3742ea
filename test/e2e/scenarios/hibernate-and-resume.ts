import { condition } from "../harness/cluster-under-test.ts";
import type { Scenario } from "../harness/scenario.ts";

/** Three members sleep and wake up as themselves. */
export const hibernateAndResume: Scenario = {
  id: "8",
  title: "3 → 0 → 3",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const [members, claims, { clusterID }] = [
      await cluster.memberIds(),
      await cluster.claims(),
      await cluster.status(),
    ];
    await cluster.scale(0);
    const { status } = await cluster.until(
      "it is hibernated",
      (object) => condition(object.status?.conditions, "Hibernated")?.status === "True",
    );
    test.check(condition(status?.conditions, "Available")?.status === "False", "asleep: Hibernated, not Available");
    test.check((await cluster.pods()).length === 0, "no pod is left");
    const revision = Math.max(...cluster.observer.writer.writes.map((write) => write.revision));
    await cluster.scale(3);
    const time = await cluster.settled(3);
    const [now, kept, woken] = [await cluster.memberIds(), await cluster.claims(), await cluster.status()];
    test.check(woken.clusterID === clusterID, `awake after ${time} as cluster ${String(woken.clusterID)}`);
    test.check(
      [...members].every(([name, id]) => now.get(name) === id),
      "the members are the same",
    );
    test.check(
      [...claims].every(([name, uid]) => kept.get(name) === uid),
      "the claims are the same",
    );
    const [first] = await cluster.serving();
    const answer = await first?.client.kv.range({ key: Buffer.of(0) });
    test.check(
      Number(answer?.header?.revision) >= revision,
      `the revision goes on: ${String(answer?.header?.revision)} after ${String(revision)}`,
    );
  },
};
