import { describe, expect, test } from "vitest";
import { passTime } from "../../../simulation/operator/faults.ts";
import { Story } from "../../../simulation/operator/story.ts";
import { TEMPLATES, type World, emptyWorld, healthyWorld, slotAt } from "../../../simulation/operator/world.ts";

/** What it takes to bring in a member whose pod waits. */
const joining = (ordinal: number): readonly string[] => [
  `AddLearner ${ordinal}`,
  `GrantJoin x-${ordinal}`,
  `Promote ${ordinal}`,
];
/** What it takes to let a member go that does not lead. */
const leaving = (ordinal: number): readonly string[] => [
  `RemoveMember ${ordinal}`,
  `DeleteClaim ${ordinal}`,
  `ScaleStatefulSet ${ordinal}`,
];
const DONE = "None AsWanted";

const want = (size: number) => (world: World) => {
  world.wanted = size;
};
const loseDisk = (ordinal: number) => (world: World) => {
  Object.assign(slotAt(world, ordinal), { pod: undefined, claim: undefined });
};
const losePod = (ordinal: number) => (world: World) => {
  slotAt(world, ordinal).pod = undefined;
};
const down = (ordinal: number) => (world: World) => {
  slotAt(world, ordinal).isDown = true;
};
const up = (ordinal: number) => (world: World) => {
  slotAt(world, ordinal).isDown = false;
};
const template = (next: number) => (world: World) => {
  world.template = next;
};

function cluster(size: number, leader = 0): Story {
  return new Story(healthyWorld(11, size, leader));
}

describe("growing and shrinking", () => {
  test("1: a new cluster of three has one founder, and two that join one after the other", () => {
    const story = new Story(emptyWorld(3, 3));
    expect(story.untilSettled()).toEqual([
      "ScaleStatefulSet 3",
      "GrantSeed x-0",
      "LatchCluster",
      ...joining(1),
      ...joining(2),
      DONE,
    ]);
  });

  test("2: 1→3→5→3→1 goes member by member, and ends with the first", () => {
    const story = cluster(1);
    expect(story.change(want(3)).untilSettled()).toEqual(["ScaleStatefulSet 3", ...joining(1), ...joining(2), DONE]);
    expect(story.change(want(5)).untilSettled()).toEqual(["ScaleStatefulSet 5", ...joining(3), ...joining(4), DONE]);
    expect(story.change(want(3)).untilSettled()).toEqual([...leaving(4), ...leaving(3), DONE]);
    expect(story.change(want(1)).untilSettled()).toEqual([...leaving(2), ...leaving(1), DONE]);
  });

  test("3: 1→7 in one edit is six joins in a row", () => {
    const joins = [1, 2, 3, 4, 5, 6].flatMap(joining);
    expect(cluster(1).change(want(7)).untilSettled()).toEqual(["ScaleStatefulSet 7", ...joins, DONE]);
  });

  test("4: 3→5→3 while the first learner joins removes it at once", () => {
    const story = cluster(3).change(want(5));
    story.through("GrantJoin x-3");
    expect(story.change(want(3)).untilSettled()).toEqual([
      "RemoveMember 3",
      "DeleteClaim 4",
      "DeleteClaim 3",
      "ScaleStatefulSet 3",
      DONE,
    ]);
  });

  test("4: 3→5→3 after the first has its vote lets it leave again", () => {
    const story = cluster(3).change(want(5));
    story.through("Promote 3");
    expect(story.change(want(3)).untilSettled()).toEqual(["DeleteClaim 4", "ScaleStatefulSet 4", ...leaving(3), DONE]);
  });

  test("4: 5→3→5 between the removal and the deletion of the claim gives the pod a new disk before it joins again", () => {
    for (const removed of ["Tell", "Crash"] as const) {
      const story = new Story(healthyWorld(11, 5, 0), removed).change(want(3));
      story.through("RemoveMember 4");
      expect(story.change(want(5)).untilSettled()).toEqual(["DeleteClaim 4", "DeletePod x-4", ...joining(4), DONE]);
    }
  });

  test("5: 11→9 lets 10 leave, then 9", () => {
    expect(cluster(11).change(want(9)).untilSettled()).toEqual([...leaving(10), ...leaving(9), DONE]);
  });

  test("6: the leader hands over to one that stays before it leaves", () => {
    expect(cluster(3, 2).change(want(1)).untilSettled()).toEqual([
      "MoveLeader 2 to 0",
      ...leaving(2),
      ...leaving(1),
      DONE,
    ]);
  });

  test("a learner that does not catch up in ten minutes is removed, and gets a new disk and another chance", () => {
    const story = cluster(1).change(want(2));
    story.through("GrantJoin x-1");
    story.settle().change(down(1)).change(passTime);
    expect(story.through("RemoveMember 1")).toEqual(["RemoveMember 1"]);
    expect(story.said).toContain("has not caught up since");
    expect(story.change(up(1)).untilSettled()).toEqual(["DeleteClaim 1", "DeletePod x-1", ...joining(1), DONE]);
  });

  test("a healthy leaver waits while another voter is down, one that is dead anyway may go before it", () => {
    const waiting = cluster(3).change(want(2)).change(down(1));
    expect(waiting.untilSettled()).toEqual(["Wait MembershipBlocked"]);
    expect(waiting.change(up(1)).untilSettled()).toEqual([...leaving(2), DONE]);
    const passing = cluster(3).change(want(1)).change(down(1));
    expect(passing.untilSettled()).toEqual([
      "RemoveMember 1",
      "DeleteClaim 1",
      "DeletePod x-1",
      "RemoveMember 2",
      "DeleteClaim 2",
      "ScaleStatefulSet 1",
      "Wait ScalingDown",
    ]);
    expect(passing.change(up(1)).untilSettled()).toEqual([DONE]);
  });

  test("nobody is added while the new voter could be the one too many", () => {
    const story = cluster(3).change(down(2)).change(want(5));
    expect(story.untilSettled()).toEqual(["ScaleStatefulSet 5", "Wait MembershipBlocked"]);
    expect(story.change(up(2)).untilSettled()).toEqual([...joining(3), ...joining(4), DONE]);
  });
});

describe("hibernation", () => {
  test("8: to 0 and back keeps members and disks", () => {
    const story = cluster(3);
    const members = story.world.members;
    expect(story.change(want(0)).untilSettled()).toEqual(["ScaleStatefulSet 0", "None Hibernated"]);
    expect(story.change(want(3)).untilSettled()).toEqual(["ScaleStatefulSet 3", DONE]);
    expect(story.world.members).toEqual(members);
  });

  test("whoever wakes up to a smaller size has all members first", () => {
    const story = cluster(5).change(want(0));
    story.untilSettled();
    expect(story.change(want(3)).untilSettled()).toEqual(["ScaleStatefulSet 5", ...leaving(4), ...leaving(3), DONE]);
  });

  test("a learner is removed before the cluster sleeps", () => {
    const story = cluster(1).change(want(2));
    story.through("GrantJoin x-1");
    expect(story.change(want(0)).untilSettled()).toEqual(["RemoveMember 1", "ScaleStatefulSet 0", "None Hibernated"]);
    expect(story.change(want(1)).untilSettled()).toEqual([
      "ScaleStatefulSet 2",
      "DeleteClaim 1",
      "ScaleStatefulSet 1",
      DONE,
    ]);
  });
});

describe("crashes of the operator", () => {
  test("9: after MemberAdd it goes on with the same learner", () => {
    const story = cluster(1).change(want(2));
    story.through("AddLearner 1");
    const learner = story.world.members[1]?.id;
    story.change((world) => (world.latched.operation = undefined));
    expect(story.untilSettled()).toEqual(["GrantJoin x-1", "Promote 1", DONE]);
    expect(story.world.members[1]?.id).toBe(learner);
  });

  test("10: after MemberRemove pod and claim still go, also if all that was written down is lost", () => {
    const story = cluster(3).change(want(2));
    story.through("RemoveMember 2");
    story.change((world) => (world.latched.operation = undefined));
    expect(story.untilSettled()).toEqual(["DeleteClaim 2", "ScaleStatefulSet 2", DONE]);
  });

  test.each(["GrantSeed x-0", "LatchCluster", "AddLearner 1", "GrantJoin x-1", "Promote 1"])(
    "before %s it does the same again",
    (step) => {
      const story = new Story(emptyWorld(2, 2));
      story.crashingBefore(step);
      expect(story.untilSettled()[0]).toBe(step);
      expect(story.untilSettled()).toEqual([DONE]);
    },
  );
});

describe("what breaks", () => {
  test("12: a pod that is lost comes back as itself", () => {
    const story = cluster(3).change(losePod(1));
    expect(story.untilSettled()).toEqual([DONE]);
  });

  test("13: a pod that is lost with its disk is replaced in place", () => {
    const story = cluster(3).change(loseDisk(1));
    const [first, , third] = story.world.members.map(({ id }) => id);
    expect(story.untilSettled()).toEqual(["StartReplace 1", "GrantJoin x-1", "FinishReplace 1", DONE]);
    expect(story.world.members.map(({ id }) => id)).toEqual([first, expect.not.stringMatching("m3"), third]);
  });

  test("a member that does not answer is waited for, however long", () => {
    const story = cluster(3).change(down(1)).change(passTime);
    expect(story.untilSettled()).toEqual(["Wait MemberUnhealthy"]);
    expect(story.said).toContain("x-1 does not answer, not ready since");
  });

  test("16: all pods lost at once come back without any change", () => {
    const story = cluster(3).change(losePod(0)).change(losePod(1)).change(losePod(2));
    expect(story.untilSettled()).toEqual([DONE]);
  });

  test("with two disks of three lost nothing is done any more", () => {
    const story = cluster(3).change(loseDisk(0)).change(loseDisk(1));
    expect(story.untilSettled()).toEqual(["Wait QuorumLost"]);
    expect(story.said).toContain("nothing is deleted or removed meanwhile");
  });

  test("a successor that loses its disk, too, is removed, and the next one has another id", () => {
    const story = cluster(3).change(loseDisk(1));
    story.through("GrantJoin x-1");
    story.change(loseDisk(1));
    const again = ["StartReplace 1", "GrantJoin x-1", "FinishReplace 1"];
    expect(story.untilSettled()).toEqual(["RemoveMember 1", ...again, DONE]);
  });

  test("a voter beyond the wanted size that lost its disk is not replaced, it leaves", () => {
    const story = cluster(3).change(loseDisk(1)).change(want(1));
    expect(story.untilSettled().slice(0, 2)).toEqual(["RemoveMember 1", "RemoveMember 2"]);
  });

  test("a StatefulSet that somebody scaled to 0 is scaled up to the members that there are", () => {
    const story = cluster(3).change((world) => (world.replicas = 0));
    expect(story.untilSettled()).toEqual(["ScaleStatefulSet 3", DONE]);
  });

  test("a member that somebody removed comes back with a new disk and under a new id, whether or not its process tells", () => {
    for (const removed of ["Tell", "Crash"] as const) {
      const story = new Story(healthyWorld(3, 3, 0), removed);
      story.change((world) => (world.members = world.members.slice(0, 2)));
      // Its process cannot say whose its data are: that it has been silent for long has to do.
      if (removed === "Crash") expect(story.untilSettled()).toEqual(["Wait ScalingUp"]);
      expect(story.change(passTime).untilSettled()).toEqual(["DeleteClaim 2", "DeletePod x-2", ...joining(2), DONE]);
    }
  });

  test("a founder that was lost before anybody saw it start may be followed by another", () => {
    const story = new Story(emptyWorld(1, 1));
    story.through("GrantSeed x-0");
    expect(story.change(loseDisk(0)).untilSettled()).toEqual(["GrantSeed x-0", "LatchCluster", DONE]);
  });

  test("a founder that was seen and lost is not followed by another", () => {
    const story = new Story(emptyWorld(1, 1));
    story.through("GrantSeed x-0");
    story.change((world) => (world.latched.seed = { podUid: "p1", started: true }));
    expect(story.change(loseDisk(0)).untilSettled()).toEqual(["Wait BootstrapInterrupted"]);
  });
});

describe("rollouts", () => {
  test("20: followers first, one at a time, the leader last and after it handed over to one that is done", () => {
    expect(cluster(3, 0).change(template(TEMPLATES.next)).untilSettled()).toEqual([
      "DeletePod x-1",
      "DeletePod x-2",
      "MoveLeader 0 to 1",
      "DeletePod x-0",
      DONE,
    ]);
  });

  test("20: a lone member is restarted, for want of another", () => {
    expect(cluster(1).change(template(TEMPLATES.next)).untilSettled()).toEqual(["DeletePod x-0", DONE]);
  });

  test("20: with a member down nothing is restarted", () => {
    const story = cluster(3).change(template(TEMPLATES.next)).change(down(2));
    // The one that is down has nothing to lose.
    expect(story.untilSettled()).toEqual(["DeletePod x-2", "Wait RolloutInProgress"]);
    expect(story.change(up(2)).untilSettled().at(-1)).toBe(DONE);
  });

  test("21: a template that does not run halts at the first pod, and its revert heals it", () => {
    const story = cluster(3).change(template(TEMPLATES.bad));
    expect(story.untilSettled()).toEqual(["DeletePod x-1", "Wait RolloutInProgress"]);
    story.change((world) => (world.slots[1]?.pod ? (world.slots[1].pod.isOld = true) : undefined));
    expect(story.untilSettled()).toEqual(["Wait RolloutStalled"]);
    expect(story.said).toContain("the rollout is halted: x-1 does not answer");
    expect(story.change(template(TEMPLATES.first)).untilSettled()).toEqual(["DeletePod x-1", DONE]);
  });

  test("21: of a lone member, too", () => {
    const story = cluster(1).change(template(TEMPLATES.bad));
    expect(story.untilSettled()).toEqual(["DeletePod x-0", "Wait QuorumLost"]);
    expect(story.change(template(TEMPLATES.first)).untilSettled()).toEqual(["DeletePod x-0", DONE]);
  });

  test("21: what the rollout took down is healed also after the quorum is lost, what it did not is left alone", () => {
    const story = cluster(3).change(template(TEMPLATES.bad));
    story.untilSettled();
    story.change(down(2));
    expect(story.untilSettled()).toEqual(["Wait QuorumLost"]);
    expect(story.change(template(TEMPLATES.first)).untilSettled()).toEqual(["DeletePod x-1", "Wait RolloutInProgress"]);
    const early = cluster(3).change(template(TEMPLATES.next));
    early.crashingBefore("DeletePod x-1");
    expect(early.change(down(1)).change(down(2)).untilSettled()).toEqual(["Wait QuorumLost"]);
  });

  test("pods that never came up with a bad template do not keep a new cluster from its start once it is mended", () => {
    const story = new Story(emptyWorld(3, 3)).change(template(TEMPLATES.bad));
    expect(story.untilSettled()).toEqual(["ScaleStatefulSet 3", "Wait Bootstrapping"]);
    expect(story.change(template(TEMPLATES.first)).untilSettled()).toEqual([
      "DeletePod x-0",
      "DeletePod x-1",
      "DeletePod x-2",
      "GrantSeed x-0",
      "LatchCluster",
      ...joining(1),
      ...joining(2),
      DONE,
    ]);
  });
});
