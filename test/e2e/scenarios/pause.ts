import { condition } from "../harness/cluster-under-test.ts";
import type { Scenario } from "../harness/scenario.ts";

/** While a cluster is paused nothing is changed, and the status goes on. */
export const pause: Scenario = {
  id: "39",
  title: "pause, edit the spec and delete a pod",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    await cluster.patch({ paused: true });
    await cluster.until("it says so", ({ status }) => condition(status?.conditions, "Paused")?.status === "True");
    const [before, { metadata }] = [await test.objects.statefulSet("x"), await cluster.pod(1)];
    await cluster.patch({ replicas: 5, server: { snapshotCount: 20_000 } });
    await cluster.deletePods(1);
    const { status } = await cluster.until("the pod is back, in the status too", (object) => {
      const { observedGeneration, readyReplicas, members = [] } = object.status ?? {};
      const isBack =
        cluster.observer.looks
          .at(-1)
          ?.pods.some(({ name, uid, isReady }) => name === "x-1" && isReady && uid !== metadata.uid) ?? false;
      return (
        isBack &&
        observedGeneration === object.metadata.generation &&
        readyReplicas === 3 &&
        members.every(({ healthy }) => healthy)
      );
    });
    test.check(
      true,
      `the status goes on: ${String(status?.readyReplicas)} ready, generation ${String(status?.observedGeneration)} seen`,
    );
    const after = await test.objects.statefulSet("x");
    test.check(
      after?.spec.replicas === 3 && JSON.stringify(after.spec.template) === JSON.stringify(before?.spec.template),
      `nothing of the edit was applied (${String(after?.spec.replicas)} pods)`,
    );
    test.check(status?.voters === 3 && cluster.observer.everMembers().size === 3, "nobody was added or removed");
    await cluster.patch({ paused: false });
    const time = await cluster.settled(5);
    test.check(true, `after the pause the edit is applied, in ${time}`);
  },
};
