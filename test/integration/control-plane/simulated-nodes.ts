import { setTimeout as sleep } from "node:timers/promises";
import { KubeFailure, type KubeApi, type KubeObject } from "./kube-api.ts";
import { PodLedger } from "./pod-ledger.ts";

const LEASE_RENEWAL_MS = 10_000;
const LEASE_SECONDS = 40;
const RETRY_PAUSE_MS = 200;
/** Pods that are acted on at once; the others wait. */
const MAX_ACTIONS = 32;
const NOT_FOUND = 404;
const CONFLICT = 409;
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/**
 * Nodes without a machine: they renew their leases, say of each pod that is bound to them that it runs, and finally delete
 * the one that is to go. What was acknowledged is kept in the ledger.
 */
export class SimulatedNodes {
  readonly ledger = new PodLedger();
  readonly #api: KubeApi;
  readonly #names: readonly string[];
  readonly #pods = new Map<string, KubeObject>();
  readonly #waiting = new Set<string>();
  #active = 0;
  #isStopped = false;
  #leases: Promise<void> = Promise.resolve();

  constructor(api: KubeApi, count: number) {
    this.#api = api;
    this.#names = Array.from({ length: count }, (_, n) => `simulated-${String(n).padStart(2, "0")}`);
  }

  async start(): Promise<void> {
    for (const name of this.#names) {
      await this.#insist(() => this.#api.call("POST", "/api/v1/nodes", { body: nodeBody(name) }), CONFLICT);
      const body = { metadata: { name }, spec: leaseSpec(name) };
      await this.#insist(() => this.#api.call("POST", LEASES, { body }), CONFLICT);
    }
    this.#leases = this.#renew();
  }

  /** Begins nothing any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#leases;
    while (this.#active > 0) await sleep(RETRY_PAUSE_MS);
  }

  /** The newest state of a pod, as its watcher has it. */
  observe(pod: KubeObject, isDeleted: boolean): void {
    const { uid } = pod.metadata;
    if (isDeleted) {
      this.#pods.delete(uid);
      return;
    }
    this.#pods.set(uid, pod);
    if (wants(pod) !== "nothing") this.#waiting.add(uid);
    this.#next();
  }

  #next(): void {
    for (const uid of this.#waiting) {
      if (this.#active >= MAX_ACTIONS || this.#isStopped) return;
      this.#waiting.delete(uid);
      const pod = this.#pods.get(uid);
      if (pod) void this.#act(pod);
    }
  }

  async #act(pod: KubeObject): Promise<void> {
    this.#active++;
    try {
      const want = wants(pod);
      if (want === "start") await this.#startPod(pod);
      else if (want === "delete") await this.#deletePod(pod);
    } catch (error) {
      if (!(error instanceof KubeFailure)) throw error;
      // What is gone or another pod by now has no need of it; otherwise again, with what is newest then.
      if (error.status !== NOT_FOUND && error.status !== CONFLICT) {
        await sleep(RETRY_PAUSE_MS);
        if (this.#pods.has(pod.metadata.uid)) this.#waiting.add(pod.metadata.uid);
      }
    } finally {
      this.#active--;
      this.#next();
    }
  }

  async #startPod(pod: KubeObject): Promise<void> {
    const { uid } = pod.metadata;
    const found = await this.#api.mergePatch(`${pathOf(pod)}/status`, { metadata: { uid }, status: runningStatus() });
    this.ledger.running(uid, found.metadata.name);
  }

  async #deletePod(pod: KubeObject): Promise<void> {
    const { uid, name } = pod.metadata;
    this.ledger.deleting(uid, name);
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#api.call("DELETE", pathOf(pod), { body });
    this.ledger.gone(uid, name);
  }

  async #renew(): Promise<void> {
    for (let round = 0; !this.#isStopped; round++) {
      for (const name of this.#names) {
        if (this.#isStopped) return;
        // One that fails is renewed in the next round; a node is lost after several.
        await this.#api.mergePatch(`${LEASES}/${name}`, { spec: leaseSpec(name) }).catch(() => undefined);
        await sleep(LEASE_RENEWAL_MS / this.#names.length);
      }
    }
  }

  async #insist(call: () => Promise<unknown>, fine: number): Promise<void> {
    for (;;) {
      try {
        await call();
        return;
      } catch (error) {
        if (error instanceof KubeFailure && error.status === fine) return;
        if (this.#isStopped) throw error;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }
}

function wants({ metadata, spec, status }: KubeObject): "start" | "delete" | "nothing" {
  if (spec?.nodeName === undefined) return "nothing";
  if (metadata.deletionTimestamp !== undefined) return "delete";
  return status?.phase === "Running" ? "nothing" : "start";
}

function pathOf({ metadata }: KubeObject): string {
  return `/api/v1/namespaces/${metadata.namespace ?? ""}/pods/${metadata.name}`;
}

function nodeBody(name: string): unknown {
  const resources = { cpu: "64", memory: "256Gi", pods: "110" };
  const now = new Date().toISOString();
  const ready = { type: "Ready", status: "True", reason: "KubeletReady", message: "simulated" };
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name } },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
    },
  };
}

function leaseSpec(holderIdentity: string): unknown {
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  return { holderIdentity, leaseDurationSeconds: LEASE_SECONDS, renewTime };
}

function runningStatus(): unknown {
  const now = new Date().toISOString();
  const types = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
  const container = { name: "main", image: "simulated", imageID: "simulated", ready: true, restartCount: 0 };
  return {
    phase: "Running",
    startTime: now,
    podIP: "192.0.2.10",
    conditions: types.map((type) => ({ type, status: "True", lastTransitionTime: now })),
    containerStatuses: [{ ...container, started: true, state: { running: { startedAt: now } } }],
  };
}
