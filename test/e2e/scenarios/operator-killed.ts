import type { FailpointName } from "../../../operator/config/failpoints.ts";
import type { ClusterUnderTest } from "../harness/cluster-under-test.ts";
import type { Scenario } from "../harness/scenario.ts";
import type { TestCase } from "../harness/test-case.ts";
import { sameEnd } from "../observer/same-end.ts";

interface Interruption {
  readonly id: string;
  readonly title: string;
  readonly failpoint: FailpointName;
  /** What is asked for while the operator is about to be killed. */
  readonly act: (test: TestCase, cluster: ClusterUnderTest) => Promise<void>;
  /** Members at the end; it begins with three. */
  readonly replicas: number;
  /** Members that there may ever have been: a step that is done twice leaves one more. */
  readonly everMembers: number;
}

const START = 3;

/** I8: the operator is killed with -9 between two steps, and one that is started again comes to the same end. */
function operatorKilled(interruption: Interruption): Scenario {
  const { id, title, failpoint, act, replicas, everMembers } = interruption;
  return {
    id,
    title: `${title}; the operator is killed ${failpoint}`,
    run: async (test) => {
      const cluster = await test.createCluster("x", { replicas: START });
      await cluster.settled(START);
      const { clusterID = "" } = await cluster.status();
      try {
        await test.operator.arm(failpoint);
        await act(test, cluster);
        const restarts = await test.operator.untilKilled();
        test.check(true, `the operator was killed ${failpoint} (restarts: ${String(restarts)})`);
      } finally {
        await test.operator.arm(undefined);
      }
      const time = await cluster.settled(replicas);
      const names = Array.from({ length: replicas }, (_, ordinal) => `x-${String(ordinal)}`);
      const differences = sameEnd(
        {
          clusterId: clusterID,
          voters: names,
          learners: [],
          pods: names,
          claims: names.map((name) => `data-${name}`),
          everMembers,
          isAvailable: true,
          isSettled: true,
        },
        await cluster.end(),
      );
      test.check(differences.length === 0, `I8 it comes to the same end, ${time} later ${differences.join("; ")}`);
    },
  };
}

/** Killed after MemberAdd: the pod joins under the very id. */
export const killedWhileScalingUp = operatorKilled({
  id: "9",
  title: "3 → 5",
  failpoint: "after-add-learner",
  act: (_, cluster) => cluster.scale(5),
  replicas: 5,
  everMembers: 5,
});

/** Killed after MemberRemove: pod and claim go, and the removed member does not come back. */
export const killedWhileScalingDown = operatorKilled({
  id: "10",
  title: "3 → 1",
  failpoint: "after-remove-member",
  act: (_, cluster) => cluster.scale(1),
  replicas: 1,
  everMembers: 3,
});

/** Killed after the successor is a learner: it is the one that takes over. */
export const killedWhileReplacing = operatorKilled({
  id: "kill-replace",
  title: "a disk is lost",
  failpoint: "after-start-replace",
  act: async (test, cluster) => {
    await test.kubectl("delete", "persistentvolumeclaim", "data-x-1", "--wait=false");
    await cluster.deletePods(1);
  },
  replicas: START,
  everMembers: START + 1,
});

/** Killed after the first pod is deleted: the rollout goes on with the others. */
export const killedWhileRolling = operatorKilled({
  id: "kill-roll",
  title: "a flag changes",
  failpoint: "after-delete-pod",
  act: (_, cluster) => cluster.patch({ server: { snapshotCount: 20_000 } }),
  replicas: START,
  everMembers: START,
});
