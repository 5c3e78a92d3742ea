import { waitUntil } from "../../support/wait-until.ts";
import { condition } from "../harness/cluster-under-test.ts";
import type { Scenario } from "../harness/scenario.ts";

/** Sizes that are allowed with a warning, not at all, and 0. */
export const sizesTwoZeroEight: Scenario = {
  id: "7",
  title: "sizes 8, 2 and 0",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const refusal = await test.refusal("scale", "etcdcluster/x", "--replicas=8");
    test.check(
      refusal?.includes("replicas must be 0 to 7") ?? false,
      `8 is refused: ${refusal?.trim() ?? "it was taken"}`,
    );
    await cluster.scale(2);
    const time = await cluster.settled(2);
    const [warning] = await waitUntil("EvenSize is told", async () => {
      const events = await cluster.events("EvenSize");
      return events.length > 0 ? events : undefined;
    });
    test.check(warning?.type === "Warning", `2 is taken (${time}) with a warning: ${warning?.note ?? ""}`);
    await test.judge(cluster);
    const claims = await cluster.claims();
    await cluster.scale(0);
    const { status } = await cluster.until(
      "it is hibernated",
      (object) => condition(object.status?.conditions, "Hibernated")?.status === "True",
    );
    test.check(
      status?.replicas === 0 && (await cluster.pods()).length === 0,
      "0 is taken: no pods, condition Hibernated",
    );
    const kept = await cluster.claims();
    test.check(
      [...claims].every(([name, uid]) => kept.get(name) === uid),
      `the claims are kept: ${[...kept.keys()].join(", ")}`,
    );
  },
};
