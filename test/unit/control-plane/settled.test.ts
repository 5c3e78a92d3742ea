import { expect, test } from "vitest";
import type { KubeObject } from "../../integration/control-plane/kube-api.ts";
import { unsettled } from "../../integration/control-plane/settled.ts";

const WANTED = new Map([["web", 2]]);

function deployment(replicas: number, readyReplicas: number, observedGeneration = 3): KubeObject {
  const metadata = { name: "web", uid: "web", resourceVersion: "9", generation: 3 };
  return { metadata, spec: { replicas }, status: { readyReplicas, observedGeneration } };
}

function pod(name: string, phase = "Running", deletionTimestamp?: string): KubeObject {
  const metadata = { name, uid: name, resourceVersion: "9", labels: { deployment: "web" } };
  return {
    metadata: { ...metadata, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    status: { phase },
  };
}

test("two wanted, two ready, two running is settled", () => {
  expect(unsettled(WANTED, [deployment(2, 2)], [pod("a"), pod("b"), pod("c", "Running", "now")])).toEqual([]);
});

test("none wanted and none there is settled", () => {
  const { metadata } = deployment(0, 0);
  const bare: KubeObject = { metadata, spec: { replicas: 0 }, status: { observedGeneration: 3 } };
  expect(unsettled(new Map([["web", 0]]), [bare], [])).toEqual([]);
});

test.each<readonly [string, readonly KubeObject[], readonly KubeObject[], string]>([
  ["is lost", [], [], "web is not there"],
  [
    "has the size of an earlier round",
    [deployment(1, 1)],
    [pod("a")],
    "web: wanted 2; spec, ready, running are 1, 1, 1",
  ],
  ["is not ready", [deployment(2, 1)], [pod("a"), pod("b")], "web: wanted 2; spec, ready, running are 2, 1, 2"],
  ["has lost a pod", [deployment(2, 2)], [pod("a")], "web: wanted 2; spec, ready, running are 2, 2, 1"],
  [
    "has a pod that is pending",
    [deployment(2, 2)],
    [pod("a"), pod("b", "Pending")],
    "web: wanted 2; spec, ready, running are 2, 2, 1",
  ],
  [
    "was not looked at since it was changed",
    [deployment(2, 2, 2)],
    [pod("a"), pod("b")],
    "web: its newest generation was not observed",
  ],
])("a deployment that %s is waited for", (_what, deployments, pods, waits) => {
  expect(unsettled(WANTED, deployments, pods)).toEqual([waits]);
});
