import type { Scenario } from "../harness/scenario.ts";
import { waitUntil } from "../../support/wait-until.ts";

const AVAILABLE_MAX_MS = 120_000;

/** A cluster of three is made out of nothing. */
export const createThree: Scenario = {
  id: "1",
  title: "create a cluster of three",
  run: async (test) => {
    const startMs = performance.now();
    const cluster = await test.createCluster("x", { replicas: 3 });
    await test.kubectl("wait", "--for=condition=Available", "etcdcluster/x", "--timeout=120s");
    const availableMs = performance.now() - startMs;
    test.check(availableMs <= AVAILABLE_MAX_MS, `Available within two minutes: ${(availableMs / 1000).toFixed(1)} s`);
    await cluster.settled(3);
    test.check(true, `three members vote after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    const added = await waitUntil("MemberAdded is told three times", async () => {
      const events = await cluster.events("MemberAdded");
      return events.length >= 3 ? events : undefined;
    });
    test.check(added.length === 3, `MemberAdded is told ${String(added.length)} times`);
    const { endpoints, members = [] } = await cluster.status();
    const client = `http://x-client.${test.namespace}.svc:2379`;
    test.check(
      endpoints?.client === client,
      `status.endpoints.client is what a client types: ${String(endpoints?.client)}`,
    );
    test.check(
      members.length === 3 &&
        members.every(
          ({ id, version, raftTerm }) => id !== undefined && version !== undefined && raftTerm !== undefined,
        ),
      `status.members has id, version and raft term of each: ${members.map(({ name, id, role }) => `${name} ${String(id)} ${String(role)}`).join(", ")}`,
    );
    const budget = await test.kubectl("get", "poddisruptionbudget", "x", "--output=jsonpath={.spec.minAvailable}");
    test.check(budget === "2", `evictions leave two of three (minAvailable ${budget})`);
  },
};
