import { waitUntil } from "../../support/wait-until.ts";
import { votersOf } from "../observer/look.ts";
import type { Scenario } from "../harness/scenario.ts";

/** A pod and its claim are deleted: the member is replaced in place. */
export const loseDisk: Scenario = {
  id: "13",
  title: "delete a pod and its claim",
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 3 });
    await cluster.settled(3);
    const [members, claims] = [await cluster.memberIds(), await cluster.claims()];
    const { metadata } = await cluster.pod(1);
    await test.kubectl("delete", "persistentvolumeclaim", "data-x-1", "--wait=false");
    await cluster.deletePods(1);
    const startMs = performance.now();
    await cluster.until("the member is replaced", ({ status }) =>
      (status?.members ?? []).some(
        ({ name, id, role }) =>
          name === "x-1" && id !== members.get("x-1") && (role === "Follower" || role === "Leader"),
      ),
    );
    await cluster.recovered(3, [metadata.uid]);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const [now, kept] = [await cluster.memberIds(), await cluster.claims()];
    test.check(
      now.get("x-1") !== members.get("x-1"),
      `after ${seconds} s x-1 is another member: ${String(now.get("x-1"))}`,
    );
    test.check(kept.get("data-x-1") !== claims.get("data-x-1"), "on another claim");
    test.check(
      now.get("x-0") === members.get("x-0") && now.get("x-2") === members.get("x-2"),
      "the others are the same",
    );
    const fewest = Math.min(
      ...cluster.observer.looks
        .filter((look) => look.atMs >= startMs && look.members)
        .map((look) => votersOf(look).length),
    );
    test.check(fewest === 3, `there never were fewer than three voters (${String(fewest)})`);
    test.check(cluster.observer.everMembers().size === 4, "one member was added, and no other");
    const told = await waitUntil("MemberReplaced is told", async () => (await cluster.events("MemberReplaced"))[0]);
    test.check(true, `MemberReplaced: ${told.note ?? ""}`);
  },
};
