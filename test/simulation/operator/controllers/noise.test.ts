import { expect, test } from "vitest";
import { findCondition } from "../../../../operator/types/condition.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { BAD_IMAGE } from "./nature.ts";
import { Simulation } from "./simulation.ts";
import { SITUATIONS } from "./situations.ts";

const EVENTS = "events.k8s.io/v1/events";

interface Told {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

/** Lives a situation, and gives what people were told of it. */
async function told(name: string, onEvent: (event: Told, simulation: Simulation) => void = () => {}) {
  const simulation = await Simulation.start();
  try {
    const situation = SITUATIONS.find((each) => each.name === name);
    if (!situation) throw new Error(`there is no situation "${name}"`);
    await situation.prepare(simulation);
    const events: Told[] = [];
    simulation.kube.store.onChange(({ resource, type, object }) => {
      if (resource !== EVENTS || type !== "ADDED") return;
      const event = object as unknown as Told;
      events.push(event);
      onEvent(event, simulation);
    });
    const messages = new Set<string>();
    simulation.kube.store.onChange(({ object }) => {
      if (object.kind !== "EtcdCluster") return;
      const { status } = object as unknown as EtcdCluster;
      messages.add(findCondition(status?.conditions, "Progressing")?.message ?? "");
    });
    simulation.log.length = 0;
    await situation.run(simulation);
    return { events, log: [...simulation.log], messages: [...messages] };
  } finally {
    simulation.stop();
  }
}

test.each(SITUATIONS.map(({ name }) => name).filter((name) => !name.includes("deleted")))(
  "%s: nobody is warned of what goes well",
  async (name) => {
    const { events, log } = await told(name);
    const isOutage = name.includes("sleeps") || name.includes("disk is lost");
    const warnings = events.filter(({ type }) => type === "Warning").map(({ reason, note }) => `${reason}: ${note}`);
    expect(isOutage ? warnings.filter((warning) => warning.includes("StepFailed")) : warnings).toEqual([]);
    expect(log.filter((line) => /warn|error/i.test(line))).toEqual([]);
  },
);

test("a learner is said to be added when it is there, and once", async () => {
  const learners: number[] = [];
  const { events } = await told("three become five", ({ reason }, { members }) => {
    if (reason === "LearnerAdded") learners.push([...members.rafts.values()][0]?.members.length ?? 0);
  });
  expect(learners).toEqual([4, 5]);
  const notes = events.filter(({ reason }) => reason === "LearnerAdded").map(({ note }) => note);
  expect(notes.toSorted()).toEqual(["x-3 is added as a learner", "x-4 is added as a learner"]);
  const growth = events.map(({ reason }) => reason).filter((reason) => /Learner|Join|Member|Scaling/.test(reason));
  expect(growth).toEqual([
    "ScalingUp",
    "LearnerAdded",
    "JoinGranted",
    "MemberAdded",
    "LearnerAdded",
    "JoinGranted",
    "MemberAdded",
  ]);
});

test("what the members do not take yet is logged once, and the condition says why", async () => {
  const { log, messages } = await told("three become five");
  const refused = log.filter((line) => line.includes("do not take it yet"));
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map((line) => line.replace(/^\S+ /, ""))).size).toBe(refused.length);
  expect(messages.some((message) => message.includes("unhealthy cluster"))).toBe(true);
  expect(log.length).toBeLessThan(20);
});

test("a rollout that hangs says what the kubelet says, and goes on when the image is taken back", async () => {
  const simulation = await Simulation.start();
  try {
    await SITUATIONS.find(({ name }) => name === "a flag changes")?.prepare(simulation);
    const progressing = () => findCondition(simulation.cluster().status?.conditions, "Progressing");
    simulation.objects.patch("clusters", "x", { spec: { image: { repository: `localhost/${BAD_IMAGE}` } } });
    await simulation.untilAtRest("the rollout is stalled", () => progressing()?.reason === "RolloutStalled");
    const words = `ImagePullBackOff: Back-off pulling image "localhost/${BAD_IMAGE}:dev"`;
    expect(progressing()).toMatchObject({ status: "False", message: expect.stringContaining(words) as string });
    const degraded = findCondition(simulation.cluster().status?.conditions, "Degraded");
    expect(degraded).toMatchObject({ status: "True", message: expect.stringContaining(words) as string });
    simulation.objects.patch("clusters", "x", { spec: { image: { repository: null } } });
    await simulation.untilAtRest("the rollout is over", () => progressing()?.reason === "AsWanted");
  } finally {
    simulation.stop();
  }
});
