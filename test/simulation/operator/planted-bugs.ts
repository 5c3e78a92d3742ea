import { act, operation } from "../../../operator/plan/decide.ts";
import type { Decision } from "../../../operator/plan/decision.ts";
import { isHealthy, podAt } from "../../../operator/plan/member-pod.ts";
import type { Observation } from "../../../operator/plan/observation.ts";
import { plan } from "../../../operator/plan/plan.ts";

/** A planner with a bug that somebody could write, and what the explorer has to say about it. */
export interface PlantedBug {
  readonly name: string;
  readonly plan: (observation: Observation) => Decision;
  readonly violation: RegExp;
  /** In which it shows. */
  readonly members: number;
  readonly faults: number;
}

/** Bugs of operators that we have read, and of drafts of this one. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "sorts ordinals as text",
    plan: removesByText,
    violation: /RemoveMember 9 before 10/,
    members: 11,
    faults: 0,
  },
  {
    name: "removes the leader without a transfer",
    plan: (observation) => {
      const decision = plan(observation);
      const { step } = decision;
      if (step.kind !== "MoveLeader" || decision.reason !== "ScalingDown") return decision;
      return {
        ...decision,
        ...act(
          { kind: "RemoveMember", ...step.from },
          "ScalingDown",
          "the leader leaves the cluster",
          decision.operation,
        ),
      };
    },
    violation: /RemoveMember 2, which leads/,
    members: 3,
    faults: 0,
  },
  {
    name: "overlooks the learner in flight",
    plan: (observation) => {
      const members = observation.members?.filter(({ isLearner }) => !isLearner);
      return plan({ ...observation, members });
    },
    violation: /AddLearner while another change is in flight/,
    members: 2,
    faults: 0,
  },
  {
    name: "takes a voter that does not answer for one that lost its disk",
    plan: (observation) => plan({ ...observation, pods: observation.pods.map(withoutDisk) }),
    violation: /StartReplace of \d, whose disk is intact/,
    members: 3,
    faults: 1,
  },
  {
    name: "restarts the next pod before the last one is well",
    plan: restartsAtOnce,
    violation: /DeletePod \d before \d is well/,
    members: 3,
    faults: 1,
  },
  {
    name: "founds the cluster again when the first pod comes up empty",
    plan: (observation) => {
      const isWaiting = podAt(observation, 0)?.process.kind === "Waiting" && observation.members === undefined;
      return plan(isWaiting ? { ...observation, latched: {} } : observation);
    },
    violation: /a second cluster is founded/,
    members: 1,
    faults: 1,
  },
  {
    name: "forgets to which pod it gave leave to join",
    plan: (observation) => {
      const { operation: known, ...decision } = plan(observation);
      if (!known) return decision;
      const { podUid: _, ...forgetful } = known;
      return { ...decision, operation: forgetful };
    },
    violation: /an empty disk gets the id of a member that has run/,
    members: 2,
    faults: 1,
  },
  {
    name: "leaves the claims of removed members behind",
    plan: (observation) => {
      const decision = plan(observation);
      return decision.step.kind === "DeleteClaim" ? { ...decision, step: { kind: "Wait", retryMs: 1 } } : decision;
    },
    violation: /gets stuck/,
    members: 2,
    faults: 0,
  },
  {
    name: "deletes pods that do not answer while the quorum is lost",
    plan: (observation) => {
      const decision = plan(observation);
      const pod = observation.pods.find(({ ready, terminating }) => !ready && !terminating);
      if (decision.reason !== "QuorumLost" || !pod) return decision;
      const repairing = operation(observation, "Replace", pod.name);
      return act({ kind: "DeletePod", name: pod.name, uid: pod.uid }, "QuorumLost", "perhaps that helps", repairing);
    },
    violation: /DeletePod while the quorum is lost/,
    members: 2,
    faults: 1,
  },
  {
    name: "acts before it has written down on what",
    plan: (observation) => {
      const { operation: _, ...rest } = plan(observation);
      return rest;
    },
    violation: /was not written down/,
    members: 1,
    faults: 0,
  },
];

function removesByText(observation: Observation): Decision {
  const decision = plan(observation);
  if (decision.step.kind !== "RemoveMember") return decision;
  const leavers = (observation.members ?? []).filter(({ ordinal = 0 }) => ordinal >= observation.cluster.wanted);
  const last = leavers.toSorted((a, b) => (String(a.ordinal) < String(b.ordinal) ? 1 : -1))[0];
  if (last?.ordinal === undefined) return decision;
  return { ...decision, step: { kind: "RemoveMember", memberId: last.id, ordinal: last.ordinal } };
}

function withoutDisk(pod: Observation["pods"][number]): Observation["pods"][number] {
  return pod.process.kind === "Unreachable" ? { ...pod, process: { kind: "Waiting", volume: "Lost" } } : pod;
}

function restartsAtOnce(observation: Observation): Decision {
  const decision = plan(observation);
  if (decision.step.kind !== "Wait" || decision.reason !== "RolloutInProgress") return decision;
  const next = observation.members?.find((member) => {
    return podAt(observation, member.ordinal)?.upToDate === false && isHealthy(observation, member);
  });
  const pod = podAt(observation, next?.ordinal);
  if (!pod) return decision;
  const rolling = operation(observation, "Rollout", pod.name);
  return act({ kind: "DeletePod", name: pod.name, uid: pod.uid }, "RolloutInProgress", "on with the next one", rolling);
}
