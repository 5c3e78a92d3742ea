import { condition } from "../harness/cluster-under-test.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";

/** An image that there is not: the first pod halts the rollout, and the former image heals it. */
export const badImage: Scenario = {
  id: "21",
  title: "roll out an image that does not exist, and take it back",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const uids = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    await cluster.patch({ image: { repository: "localhost/there-is-none" } });
    const { status } = await cluster.until(
      "the rollout is stalled",
      (object) => condition(object.status?.conditions, "Progressing")?.reason === "RolloutStalled",
      300_000,
    );
    const progressing = condition(status?.conditions, "Progressing");
    test.check(progressing?.status === "False", `Progressing=False, RolloutStalled: ${progressing?.message ?? ""}`);
    test.check(/ErrImageNeverPull/.test(progressing?.message ?? ""), "it says what the kubelet says");
    const kept = (await cluster.pods()).filter(({ metadata }) => uids.includes(metadata.uid)).length;
    test.check(kept === 2, `one pod was touched, ${String(kept)} were not`);
    test.check(condition(status?.conditions, "Available")?.status === "True", "the cluster is Available");
    test.check(condition(status?.conditions, "QuorumHealthy")?.status === "True", "its quorum is healthy");
    await waitUntil("RolloutStalled is told", async () => (await cluster.events("RolloutStalled"))[0]);
    await cluster.patch({ image: { repository: null } });
    const time = await cluster.settled(3);
    test.check(true, `the former image heals it in ${time}`);
    test.check(cluster.observer.everMembers().size === 3, "the members are the same");
  },
};
