import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, startClusterProgram, stopClusterProgram } from "../../../tools/kubernetes/cluster.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Pod } from "../harness/kube-objects.ts";
import type { Scenario } from "../harness/scenario.ts";

const API_SERVER = "kube-apiserver";
const DOWN_MS = 60_000;
const BACK_LIMIT_MS = 120_000;

/** The API server dies and comes back a minute later: the data pods notice nothing, and the operator goes on. */
export const apiServerDown: Scenario = {
  id: "api-server-down",
  title: "the API server is away for 60 s under writes",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const before = (await cluster.pods()).map(describe);
    const [term, fromMs] = [await cluster.raftTerm(), performance.now()];
    await stopClusterProgram(API_SERVER, "KILL");
    try {
      await sleep(DOWN_MS);
    } finally {
      startClusterProgram(API_SERVER);
    }
    const gapMs = cluster.observer.writer.longestGapMs(fromMs);
    await waitUntil("the API server is back", () => kubectl("get", "--raw", "/readyz"), { timeoutMs: BACK_LIMIT_MS });
    test.check(gapMs <= 2000, `the longest gap of writes meanwhile was ${gapMs.toFixed(0)} ms`);
    const after = (await cluster.pods()).map(describe);
    test.check(after.join() === before.join(), `the pods are the same, none was restarted: ${after.join(", ")}`);
    test.check((await cluster.raftTerm()) === term, "nobody was elected");

    await cluster.scale(5);
    const time = await cluster.settled(5);
    test.check(true, `the operator goes on: 3 → 5 after ${time}`);
    const kept = (await cluster.pods()).slice(0, 3).map(describe);
    test.check(kept.join() === before.join(), "with the first three as they were");
  },
};

/** Which pod it is, and how often its container was started again. */
function describe({ metadata: { name, uid }, status }: Pod): string {
  const restarts = status?.containerStatuses?.reduce((sum, { restartCount }) => sum + restartCount, 0) ?? 0;
  return `${name} ${uid.slice(0, 8)} (${String(restarts)} restarts)`;
}
