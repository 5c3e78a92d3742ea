import type { JobResult } from "../../../../operator/backup/job-result.ts";
import { isTrue, timestamp, type Condition } from "../../../../operator/types/condition.ts";
import type { StoredObject } from "../../../support/fake-kube/json-object.ts";
import { uploadResult } from "../../../support/upload-result.ts";
import type { SimulatedMembers } from "./simulated-members.ts";
import type { StoredObjects } from "./stored-objects.ts";

interface JobSpec {
  readonly template: {
    readonly metadata: { readonly labels: object };
    readonly spec: { readonly containers: readonly [{ readonly name: string; readonly command: readonly string[] }] };
  };
}

/** The Jobs of backups: each makes a pod, which does its work against a store in memory and says what came of it. */
export class SimulatedJobs {
  /** Keys of the snapshots that are stored. */
  readonly stored = new Set<string>();
  /** How many snapshots were ever stored: a backup that is taken twice shows here. */
  everStored = 0;
  readonly #objects: StoredObjects;
  readonly #members: SimulatedMembers;
  readonly #nowMs: () => number;

  constructor(objects: StoredObjects, members: SimulatedMembers, nowMs: () => number) {
    this.#objects = objects;
    this.#members = members;
    this.#nowMs = nowMs;
  }

  step(): string | undefined {
    for (const job of this.#objects.list("jobs")) {
      const status = (job["status"] ?? {}) as { readonly conditions?: readonly Condition[] };
      if (isTrue(status.conditions, "Complete")) continue;
      return this.#goOn(job);
    }
    return undefined;
  }

  #goOn(job: StoredObject): string {
    const { name, uid } = job.metadata;
    const { template } = job["spec"] as JobSpec;
    const pod = this.#objects.list("pods").find(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid);
    if (!pod) {
      const owner = { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true };
      const metadata = { name: `${name}-abcde`, labels: template.metadata.labels, ownerReferences: [owner] };
      this.#objects.create("pods", { apiVersion: "v1", kind: "Pod", metadata, spec: template.spec });
      return `a pod of ${name} is made`;
    }
    const lastTransitionTime = timestamp(this.#nowMs());
    const { phase } = (pod["status"] ?? {}) as { readonly phase?: string };
    if (phase !== "Succeeded") {
      const [container] = template.spec.containers;
      const message = JSON.stringify(this.#work(container));
      const state = { terminated: { exitCode: 0, reason: "Completed", message } };
      const status = { phase: "Succeeded", containerStatuses: [{ name: container.name, state }] };
      this.#objects.setStatus("pods", pod.metadata.name, status);
      return `${pod.metadata.name} has done its work`;
    }
    const complete = { type: "Complete", status: "True", reason: "Completed", message: "", lastTransitionTime };
    this.#objects.setStatus("jobs", name, { succeeded: 1, conditions: [complete] });
    return `${name} is complete`;
  }

  #work({ name, command }: JobSpec["template"]["spec"]["containers"][0]): object {
    const flag = (wanted: string): string =>
      command.find((argument) => argument.startsWith(`--${wanted}=`))?.slice(wanted.length + 3) ?? "";
    const key = flag("key");
    if (name === "delete") {
      this.stored.delete(key);
      return { ok: true, command: "backup-delete", key };
    }
    this.stored.add(key);
    this.everStored++;
    return this.#uploaded(key, flag("backup"), flag("cluster-uid"), flag("endpoint").split(",")[0] ?? "");
  }

  #uploaded(key: string, backupName: string, clusterUID: string, endpoint: string): JobResult {
    const [, clusterName = ""] = key.split("/");
    const at = new Date(this.#nowMs()).toISOString();
    return uploadResult({
      key,
      clusterName,
      clusterUID,
      backupName,
      clusterID: this.#members.rafts.get(clusterUID)?.clusterId ?? "",
      memberID: "1",
      endpoint,
      hashKV: 42,
      startedAt: at,
      completedAt: at,
      verifiedAt: at,
    });
  }
}
