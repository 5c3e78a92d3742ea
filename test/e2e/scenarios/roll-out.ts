import type { ClusterUnderTest } from "../harness/cluster-under-test.ts";
import type { Scenario } from "../harness/scenario.ts";

/** A flag changes: followers restart first, the leader last. */
export const rollOut: Scenario = {
  id: "20",
  title: "change a flag of the server",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    await cluster.moveLeaderTo(0);
    const { status } = await cluster.until("the status says so", (object) => object.status?.leader === "x-0");
    const leader = status?.leader ?? "";
    const term = await cluster.raftTerm();
    const uids = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    const fromMs = performance.now();
    await cluster.patch({ server: { snapshotCount: 20_000 } });
    const time = await cluster.recovered(3, uids);
    const order = restartOrder(cluster, fromMs, uids);
    test.check(
      order.at(-1) === leader && order.length === 3,
      `all restarted in ${time}, the leader last: ${order.join(", ")}`,
    );
    const unready = Math.max(
      ...cluster.observer.looks
        .filter(({ atMs }) => atMs >= fromMs)
        .map(({ pods }) => 3 - pods.filter(({ isReady, isTerminating }) => isReady && !isTerminating).length),
    );
    test.check(unready <= 1, `at most ${String(unready)} was not ready at a time`);
    const terms = (await cluster.raftTerm()) - term;
    test.check(terms <= 1, `the term grew by ${String(terms)}`);
    const gapMs = cluster.observer.writer.longestGapMs(fromMs);
    test.check(true, `longest write gap ${gapMs.toFixed(0)} ms`);
    test.check(cluster.observer.everMembers().size === 3, "the members are the same");
  },
};

/** The names of pods in the order in which those of before were gone. */
function restartOrder(cluster: ClusterUnderTest, fromMs: number, uids: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const { atMs, pods } of cluster.observer.looks) {
    if (atMs < fromMs) continue;
    for (const { name, uid, isTerminating } of pods)
      if ((isTerminating || !uids.includes(uid)) && !names.includes(name)) names.push(name);
  }
  return names;
}
