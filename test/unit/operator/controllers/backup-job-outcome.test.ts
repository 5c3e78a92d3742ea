import { describe, expect, test } from "vitest";
import { JobError } from "../../../../operator/backup/job-error.ts";
import { failedResult } from "../../../../operator/backup/job-result.ts";
import { jobOutcome, type StoredJob } from "../../../../operator/controllers/backup-job-outcome.ts";
import type { StoredPod } from "../../../../operator/controllers/cluster-objects.ts";
import type { JsonObject } from "../../../support/fake-kube/json-object.ts";

const NOW = Date.parse("2026-11-01T12:00:00Z");
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

function job(conditions: readonly JsonObject[] = [], change: JsonObject = {}, status: JsonObject = {}): StoredJob {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "b-upload", uid: "job", resourceVersion: "1", creationTimestamp: ago(60), ...change },
    spec: { activeDeadlineSeconds: 21_600 },
    status: {
      conditions: conditions.map((each) => ({ status: "True", lastTransitionTime: ago(1), ...each })),
      ...status,
    },
  } as unknown as StoredJob;
}

function pod(name: string, status: JsonObject, seconds = 60, owner = "job"): StoredPod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: name, creationTimestamp: ago(seconds), ownerReferences: [{ kind: "Job", uid: owner }] },
    status,
  } as unknown as StoredPod;
}

const state = (container: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...more,
  containerStatuses: [{ name: "upload", state: container }],
});
const words = (code: "StoreUnreachable" | "StoreRefused", text: string): JsonObject =>
  state({
    terminated: { exitCode: 1, message: `a line of a log\n${JSON.stringify(failedResult(new JobError(code, text)))}` },
  });
const deleted = state({ terminated: { exitCode: 0, message: '{"ok":true,"command":"backup-delete","key":"k"}' } });
const failed = { type: "Failed", reason: "BackoffLimitExceeded", message: "too often" };

describe("how a Job stands", () => {
  test.each<readonly [what: string, job: StoredJob | undefined, pods: readonly StoredPod[], expected: object]>([
    ["it is not there", undefined, [], { kind: "Missing" }],
    ["it is being deleted", job([], { deletionTimestamp: ago(1) }), [], { kind: "Terminating" }],
    ["it has no pod yet", job(), [], { kind: "Running" }],
    [
      "its pod is beginning",
      job(),
      [pod("p", state({ waiting: { reason: "ContainerCreating" } }))],
      { kind: "Running" },
    ],
    [
      "its pod finds no image",
      job(),
      [pod("p", state({ waiting: { reason: "ImagePullBackOff", message: "no such image" } }))],
      { kind: "Running", trouble: { reason: "ImagePullBackOff", message: "the pod p cannot begin: no such image" } },
    ],
    [
      "its pod finds no node",
      job(),
      [
        pod("p", {
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }],
        }),
      ],
      { kind: "Running", trouble: { reason: "Unschedulable", message: "the pod p finds no node: 0/3 nodes" } },
    ],
    [
      "no pod could begin for half an hour",
      job([], { creationTimestamp: ago(1800) }),
      [pod("p", state({ waiting: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } }))],
      {
        kind: "Failed",
        endedMs: NOW,
        isOver: false,
        reason: "CreateContainerConfigError",
        message:
          'no pod of the Job b-upload could begin within 30 minutes: the pod p cannot begin: secret "keys" not found',
      },
    ],
    [
      "a pod has run for long",
      job([], { creationTimestamp: ago(7200) }),
      [pod("p", state({ running: {} }))],
      { kind: "Running" },
    ],
    [
      "a try failed and may pass, and the next one runs",
      job(),
      [pod("q", state({ running: {} }), 10), pod("p", words("StoreUnreachable", "no answer"))],
      { kind: "Running", trouble: { reason: "StoreUnreachable", message: "no answer" } },
    ],
    [
      "a try failed in vain",
      job(),
      [pod("p", words("StoreRefused", "wrong key"))],
      { kind: "Failed", endedMs: NOW, isOver: false, reason: "StoreRefused", message: "wrong key" },
    ],
    [
      "the last of its tries counts",
      job([failed], {}, { failed: 2 }),
      [pod("q", words("StoreUnreachable", "second"), 10), pod("p", words("StoreUnreachable", "first"))],
      {
        kind: "Failed",
        endedMs: NOW - 1000,
        isOver: true,
        reason: "StoreUnreachable",
        message: "second (tried 2 times)",
      },
    ],
    [
      "its pod was killed for its memory",
      job([failed]),
      [pod("p", state({ terminated: { exitCode: 137, reason: "OOMKilled", message: "reading\nreading on\n" } }))],
      {
        kind: "Failed",
        endedMs: NOW - 1000,
        isOver: true,
        reason: "OOMKilled",
        message: "the pod p ended with OOMKilled (exit code 137): reading on",
      },
    ],
    ["it failed a moment ago and the words of its pod are still on their way", job([failed]), [], { kind: "Running" }],
    [
      "it failed and there are no words",
      job([{ ...failed, lastTransitionTime: ago(10) }]),
      [],
      {
        kind: "Failed",
        endedMs: NOW - 10_000,
        isOver: true,
        reason: "JobFailed",
        message: "the Job b-upload failed: too often",
      },
    ],
    [
      "it took too long",
      job([{ type: "Failed", reason: "DeadlineExceeded" }]),
      [pod("p", words("StoreUnreachable", "no answer"))],
      {
        kind: "Failed",
        endedMs: NOW - 1000,
        isOver: true,
        reason: "DeadlineExceeded",
        message: "the Job b-upload did not end within 21600 seconds: no answer",
      },
    ],
    [
      "it succeeded",
      job([{ type: "Complete" }]),
      [pod("q", deleted, 10), pod("p", words("StoreUnreachable", "first"))],
      { kind: "Succeeded", result: { ok: true, command: "backup-delete", key: "k" } },
    ],
    [
      "it succeeded a moment ago and its words are still on their way",
      job([{ type: "Complete" }]),
      [],
      { kind: "Running" },
    ],
    [
      "it succeeded and its words are lost",
      job([{ type: "Complete", lastTransitionTime: ago(10) }]),
      [],
      { kind: "Succeeded", result: undefined },
    ],
    [
      "a pod of an earlier Job of that name says nothing about it",
      job(),
      [pod("p", words("StoreRefused", "wrong key"), 600, "earlier")],
      { kind: "Running" },
    ],
  ])("%s", (_what, given, pods, expected) => {
    expect(jobOutcome(given, pods, NOW)).toEqual(expected);
  });
});
