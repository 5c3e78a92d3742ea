import { afterEach, beforeEach, expect, test } from "vitest";
import { findCondition } from "../../../../operator/types/condition.ts";
import { LABELS } from "../../../../operator/types/names.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";
import { BAD_IMAGE } from "./nature.ts";
import { Simulation } from "./simulation.ts";

const NAMES = ["x", "y", "z"] as const;
const NEW = "localhost/kvorum:new";

let simulation: Simulation;
/** The clusters that were seen with pods of two releases, or without all of their pods, each time that there was one. */
let changing: string[][];

beforeEach(async () => {
  simulation = await Simulation.start();
  changing = [];
  simulation.pace = Infinity;
  for (const name of NAMES) simulation.objects.create("clusters", etcdCluster({ replicas: 3 }, name));
  await simulation.untilAtRest("all are founded", () => NAMES.every((name) => reasonOf(name) === "AsWanted"));
  simulation.pace = 1;
  simulation.kube.store.onChange(({ resource }) => {
    if (resource !== "v1/pods") return;
    const now = NAMES.filter((name) => {
      const images = imagesOf(name);
      return images.length < 3 || new Set(images).size > 1;
    });
    if (now.length > 0) changing.push(now);
  });
});
afterEach(() => simulation.stop());

function progressing(name: string) {
  return findCondition(simulation.cluster(name).status?.conditions, "Progressing");
}

function reasonOf(name: string): string | undefined {
  return progressing(name)?.reason;
}

function imagesOf(name: string): readonly string[] {
  return simulation.objects
    .list("pods")
    .filter(({ metadata }) => metadata.labels?.[LABELS.cluster] === name)
    .map((pod) => (pod["spec"] as { readonly containers: readonly [{ readonly image: string }] }).containers[0].image);
}

function isOn(name: string, image: string): boolean {
  return imagesOf(name).length === 3 && imagesOf(name).every((each) => each === image) && reasonOf(name) === "AsWanted";
}

/** Those that were in the middle of it, in their order. */
function order(): readonly string[] {
  return [...new Set(changing.flat())];
}

test("an upgrade of the operator rolls one cluster at a time", async () => {
  await simulation.upgrade(NEW);
  await simulation.untilAtRest("all are upgraded", () => NAMES.every((name) => isOn(name, NEW)));
  expect(changing.filter((names) => names.length > 1)).toEqual([]);
  expect(order()).toEqual(["x", "y", "z"]);
});

test("a release that does not start harms one cluster; the others say what they wait for", async () => {
  await simulation.upgrade(`localhost/${BAD_IMAGE}:new`);
  await simulation.untilAtRest("the first is stalled", () => reasonOf("x") === "RolloutStalled");
  expect(order()).toEqual(["x"]);
  for (const name of ["y", "z"])
    expect(progressing(name)).toMatchObject({
      status: "True",
      reason: "UpgradeWaiting",
      message: expect.stringContaining("it is the turn of ns/x") as string,
    });
  // Back to the old release: nothing else was touched, and x heals.
  await simulation.upgrade("localhost/kvorum:dev");
  await simulation.untilAtRest("all are well", () => NAMES.every((name) => isOn(name, "localhost/kvorum:dev")));
  expect(order()).toEqual(["x"]);
});

test("what a spec asks for waits for nobody, and neither does a cluster's size", async () => {
  await simulation.upgrade(`localhost/${BAD_IMAGE}:new`);
  await simulation.untilAtRest("the first is stalled", () => reasonOf("x") === "RolloutStalled");
  simulation.objects.patch("clusters", "y", { spec: { replicas: 1 } });
  await simulation.untilAtRest("y is smaller, with its old pods", () => imagesOf("y").length === 1);
  expect(imagesOf("y")).toEqual(["localhost/kvorum:dev"]);
  simulation.objects.patch("clusters", "z", { spec: { image: { repository: "localhost/other" } } });
  await simulation.untilAtRest("z is rolled", () => isOn("z", "localhost/other:new"));
  expect(imagesOf("y")).toEqual(["localhost/kvorum:dev"]);
});

test("nobody waits for a cluster that is paused", async () => {
  simulation.objects.patch("clusters", "x", { spec: { paused: true } });
  await simulation.upgrade(NEW);
  await simulation.untilAtRest("the others are upgraded", () => isOn("y", NEW) && isOn("z", NEW));
  expect(order()).toEqual(["y", "z"]);
  simulation.objects.patch("clusters", "x", { spec: { paused: false } });
  await simulation.untilAtRest("x is upgraded", () => isOn("x", NEW));
});
