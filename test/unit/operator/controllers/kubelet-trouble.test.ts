import { expect, test } from "vitest";
import { kubeletTrouble } from "../../../../operator/controllers/kubelet-trouble.ts";

const terminated = { exitCode: 1, reason: "Error", message: "starting\nFATAL: the data folder is locked\n" };

test.each<[name: string, status: object, trouble: string | undefined]>([
  ["nothing is known of it", {}, undefined],
  ["its container runs", { containerStatuses: [{ state: { running: {} } }] }, undefined],
  [
    "its container is made",
    { containerStatuses: [{ state: { waiting: { reason: "ContainerCreating" } } }] },
    undefined,
  ],
  [
    "its image cannot be had",
    {
      containerStatuses: [
        { state: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' } } },
      ],
    },
    'ImagePullBackOff: Back-off pulling image "x"',
  ],
  [
    "it crashes again and again: what it said last counts, not the seconds until the next time",
    {
      containerStatuses: [
        {
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s restarting failed container" } },
          lastState: { terminated },
        },
      ],
    },
    "CrashLoopBackOff, exit code 1: FATAL: the data folder is locked",
  ],
  [
    "it has just crashed",
    { containerStatuses: [{ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }] },
    "OOMKilled, exit code 137: OOMKilled",
  ],
  ["it runs after a crash", { containerStatuses: [{ state: { running: {} }, lastState: { terminated } }] }, undefined],
  [
    "what comes before it fails",
    {
      initContainerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }],
      containerStatuses: [{ state: { waiting: { reason: "PodInitializing" } } }],
    },
    "ErrImagePull",
  ],
  [
    "it finds no node",
    {
      conditions: [
        { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes are available" },
      ],
    },
    "Unschedulable: 0/1 nodes are available",
  ],
  [
    "somebody is verbose",
    { containerStatuses: [{ state: { waiting: { reason: "ErrImagePull", message: "x".repeat(5000) } } }] },
    `ErrImagePull: ${"x".repeat(300)}…`,
  ],
])("%s", (_name, status, trouble) => {
  expect(kubeletTrouble({ status })).toBe(trouble);
});
