import { LABELS, ordinalOfPod, podName } from "../../../../operator/types/names.ts";
import { isTrue, timestamp, type Condition } from "../../../../operator/types/condition.ts";
import type { StoredObject } from "../../../support/fake-kube/json-object.ts";
import { SimulatedJobs } from "./simulated-jobs.ts";
import type { SimulatedMembers } from "./simulated-members.ts";
import { NAMESPACE, type StoredObjects } from "./stored-objects.ts";

/** Holds an object that is being deleted until whoever uses it has let go, as kubelets and claims' protection do. */
const IN_USE = "simulation/in-use";

interface SetSpec {
  readonly replicas: number;
  readonly template: {
    readonly metadata: { readonly labels: object; readonly annotations: object };
    readonly spec: {
      readonly initContainers?: readonly unknown[];
      readonly containers: readonly { readonly image: string }[];
    };
  };
  readonly volumeClaimTemplates: readonly [{ readonly metadata: { readonly labels: object }; readonly spec: object }];
}

/** What pods look like from outside, which nothing depends on. */
export interface Looks {
  /** What every address begins with. */
  readonly network: string;
  /** As long as what a kubelet writes about a pod, which memory is measured by. */
  readonly podFiller: string;
}

const PLAIN: Looks = { network: "10.0", podFiller: "" };

/** Images that cannot be pulled. */
export const BAD_IMAGE = "missing";

/**
 * What happens around the operator of its own accord, one thing at a time: the StatefulSet controller, the kubelets, the
 * Jobs, and the members.
 */
export class Nature {
  readonly jobs: SimulatedJobs;
  /** How many pods of members there ever were: a restart too many shows here. */
  everPods = 0;
  readonly #objects: StoredObjects;
  readonly #members: SimulatedMembers;
  readonly #nowMs: () => number;
  readonly #looks: Looks;
  #addresses = 0;

  constructor(objects: StoredObjects, members: SimulatedMembers, nowMs: () => number, looks: Looks = PLAIN) {
    this.#looks = looks;
    this.#objects = objects;
    this.#members = members;
    this.#nowMs = nowMs;
    this.jobs = new SimulatedJobs(objects, members, nowMs);
  }

  /** The next thing that happens, in words; undefined when everything waits for somebody else. */
  step(): string | undefined {
    return (
      this.#members.step() ??
      this.#pods((pod) => this.#goOrReady(pod)) ??
      this.#releaseClaims() ??
      this.#sets() ??
      this.#pods((pod) => this.#comeUp(pod)) ??
      this.jobs.step()
    );
  }

  /** The pods of members, the highest first. */
  #pods(act: (pod: StoredObject) => string | undefined): string | undefined {
    for (const pod of this.#objects.list("pods").toReversed()) {
      if (pod.metadata.labels?.[LABELS.component] !== "member") continue;
      const happened = act(pod);
      if (happened !== undefined) return happened;
    }
    return undefined;
  }

  #goOrReady(pod: StoredObject): string | undefined {
    const { name, uid, deletionTimestamp } = pod.metadata;
    const process = this.#members.processOf(uid);
    if (deletionTimestamp !== undefined) {
      if (process) {
        this.#members.processes.delete(process.ip);
        return `${name} stops`;
      }
      this.#objects.patch("pods", name, { metadata: { finalizers: [] } });
      return `${name} is gone`;
    }
    const isReady = this.#members.isReady(uid);
    if (!process || isReady === isTrue(conditionsOf(pod), "Ready")) return undefined;
    this.#objects.setStatus("pods", name, { conditions: [this.#ready(isReady)] });
    return `${name} is ${isReady ? "" : "not "}ready`;
  }

  #releaseClaims(): string | undefined {
    for (const { metadata } of this.#objects.list("claims")) {
      const isUsed = this.#objects.find("pods", metadata.name.replace(/^data-/, "")) !== undefined;
      if (metadata.deletionTimestamp === undefined || isUsed) continue;
      this.#members.disks.delete(metadata.uid);
      this.#objects.patch("claims", metadata.name, { metadata: { finalizers: [] } });
      return `${metadata.name} is gone`;
    }
    return undefined;
  }

  #sets(): string | undefined {
    for (const set of this.#objects.list("statefulSets")) {
      const { name, generation } = set.metadata;
      const status = (set["status"] ?? {}) as { readonly observedGeneration?: number };
      if (status.observedGeneration !== generation) {
        this.#objects.setStatus("statefulSets", name, { observedGeneration: generation });
        return `the template of ${name} is seen`;
      }
      const happened = this.#scale(set);
      if (happened !== undefined) return happened;
    }
    return undefined;
  }

  #scale(set: StoredObject): string | undefined {
    const { name } = set.metadata;
    const { replicas } = set["spec"] as SetSpec;
    const condemned = this.#objects
      .list("pods")
      .findLast(({ metadata }) => (ordinalOfPod(name, metadata.name) ?? -1) >= replicas && !isGoing(metadata));
    if (condemned) {
      this.#objects.delete("pods", condemned.metadata.name);
      return `${condemned.metadata.name} is told to go`;
    }
    for (let ordinal = 0; ordinal < replicas; ordinal++) {
      if (this.#objects.find("pods", podName(name, ordinal))) continue;
      this.#makePod(set, ordinal);
      return `${podName(name, ordinal)} is made`;
    }
    return undefined;
  }

  #makePod(set: StoredObject, ordinal: number): void {
    const { template, volumeClaimTemplates } = set["spec"] as SetSpec;
    const name = podName(set.metadata.name, ordinal);
    const { labels } = volumeClaimTemplates[0].metadata;
    if (!this.#objects.find("claims", `data-${name}`)) {
      const meta = { name: `data-${name}`, namespace: NAMESPACE, labels, finalizers: [IN_USE] };
      const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: meta };
      const { uid } = this.#objects.create("claims", { ...claim, spec: volumeClaimTemplates[0].spec }).metadata;
      this.#members.disks.set(uid, { claimUid: uid });
    }
    const { apiVersion, kind, metadata } = set;
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
    const annotations = { ...template.metadata.annotations, filler: this.#looks.podFiller };
    const meta = { ...template.metadata, annotations, name, ownerReferences: [owner], finalizers: [IN_USE] };
    this.#objects.create("pods", { apiVersion: "v1", kind: "Pod", metadata: meta, spec: template.spec });
    this.everPods++;
  }

  /** kubelet: an address, the init container if there is one, then the process. */
  #comeUp(pod: StoredObject): string | undefined {
    const { name, uid, labels } = pod.metadata;
    if (isGoing(pod.metadata) || this.#members.processOf(uid)) return undefined;
    const { initContainers, containers } = pod["spec"] as SetSpec["template"]["spec"];
    const status = (pod["status"] ?? {}) as { readonly initContainerStatuses?: unknown };
    if (containers[0]?.image.includes(BAD_IMAGE)) return this.#cannotPull(pod, containers[0].image);
    const claim = this.#objects.get("claims", `data-${name}`);
    const disk = this.#members.disks.get(claim.metadata.uid);
    const cluster = labels?.[LABELS.cluster] ?? "";
    const clusterUid = this.#objects.get("statefulSets", cluster).metadata.ownerReferences?.[0]?.uid ?? "";
    if (!disk) return undefined;
    if (initContainers && status.initContainerStatuses === undefined) {
      const isSeed = ordinalOfPod(cluster, name) === 0;
      if (isSeed && disk.memberId === undefined) disk.isRestored = true;
      const result = { ok: true, command: "restore-fetch", outcome: isSeed ? "Restored" : "NotSeed", revision: 900 };
      const terminated = { exitCode: 0, reason: "Completed", message: JSON.stringify(result) };
      this.#objects.setStatus("pods", name, { initContainerStatuses: [{ name: "restore", state: { terminated } }] });
      return `${name} has fetched its snapshot`;
    }
    const ip = `${this.#looks.network}.${String(Math.floor(++this.#addresses / 250))}.${String((this.#addresses % 250) + 1)}`;
    this.#members.processes.set(ip, { podUid: uid, podName: name, ip, cluster, clusterUid, disk });
    this.#objects.setStatus("pods", name, { phase: "Running", podIP: ip, conditions: [this.#ready(false)] });
    return `${name} is up`;
  }

  #cannotPull({ metadata: { name }, ...pod }: StoredObject, image: string): string | undefined {
    if (pod["status"] !== undefined) return undefined;
    const waiting = { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}"` };
    const containerStatuses = [{ name: "member", state: { waiting } }];
    this.#objects.setStatus("pods", name, { phase: "Pending", conditions: [this.#ready(false)], containerStatuses });
    return `${name} has no image`;
  }

  #ready(isReady: boolean): object {
    return { type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: timestamp(this.#nowMs()) };
  }
}

function isGoing({ deletionTimestamp }: StoredObject["metadata"]): boolean {
  return deletionTimestamp !== undefined;
}

function conditionsOf(pod: StoredObject): readonly Condition[] {
  return ((pod["status"] ?? {}) as { readonly conditions?: readonly Condition[] }).conditions ?? [];
}
