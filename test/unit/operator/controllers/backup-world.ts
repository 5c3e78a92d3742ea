import { pino } from "pino";
import { vi } from "vitest";
import { armFailpoints } from "../../../../operator/config/failpoint.ts";
import type { FailpointName } from "../../../../operator/config/failpoints.ts";
import type { ControllerWorld } from "../../../../operator/controllers/controller-world.ts";
import { Informers } from "../../../../operator/controllers/informers.ts";
import type { JobResult } from "../../../../operator/backup/job-result.ts";
import { Applier } from "../../../../operator/kube/applier.ts";
import { EventRecorder } from "../../../../operator/kube/event-recorder.ts";
import { isFault } from "../../../../operator/kube/kube-error.ts";
import type { WorkResult } from "../../../../operator/kube/work-queue.ts";
import { FIELD_MANAGER, LABELS } from "../../../../operator/types/names.ts";
import type { JsonObject, StoredObject } from "../../../support/fake-kube/json-object.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";
import { uploadResult } from "../../../support/upload-result.ts";

/** The kinds that controllers of backups deal with, as the fake API server calls them. */
export const KINDS = {
  clusters: "kvorum.io/v1alpha1/etcdclusters",
  backups: "kvorum.io/v1alpha1/etcdbackups",
  schedules: "kvorum.io/v1alpha1/etcdbackupschedules",
  stores: "kvorum.io/v1alpha1/etcdbackupstores",
  restores: "kvorum.io/v1alpha1/etcdrestores",
  jobs: "batch/v1/jobs",
  pods: "v1/pods",
  claims: "v1/persistentvolumeclaims",
} as const;
const START_MS = Date.parse("2026-11-01T10:20:30Z");
const EVENTS = "events.k8s.io/v1/events";

type Kind = keyof typeof KINDS;

/** A controller, as far as a test drives it. */
interface Reconciler {
  reconcile(key: string): Promise<WorkResult | undefined>;
}

/** How a round ended that was driven to its rest. */
export interface Rest {
  readonly result: WorkResult | undefined;
  readonly conflicts: number;
}

/** A fake API server with an operator's caches in front of it, and hands that play users, Jobs and kubelet. */
export class BackupWorld {
  readonly harness: KubeHarness;
  world!: ControllerWorld;
  readonly #worlds: ControllerWorld[] = [];
  /** How often an object changed that is no event. */
  #changes = 0;

  private constructor(harness: KubeHarness) {
    this.harness = harness;
    harness.kube.store.onChange(({ resource }) => {
      if (resource !== EVENTS) this.#changes++;
    });
  }

  /** The fake API server stamps objects with the time of the process: it stands, too. */
  static async start(): Promise<BackupWorld> {
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
    const harness = await KubeHarness.start();
    harness.clock.nowMs = START_MS;
    const made = new BackupWorld(harness);
    await made.restart();
    return made;
  }

  /** Another operator process: nothing but what is stored survives. */
  async restart(): Promise<void> {
    for (const { informers } of this.#worlds.splice(0)) informers.stop();
    armFailpoints(undefined);
    this.world = await this.another();
  }

  /** A further operator process beside those that there are. */
  async another(): Promise<ControllerWorld> {
    const { clock } = this.harness;
    const client = this.harness.client();
    const informers = new Informers({
      client,
      namespaces: undefined,
      resyncPeriodMs: 1e12,
      clock,
      random: () => 1,
      onProblem: () => {},
    });
    const events = new EventRecorder({ client, clock, instance: "test", onDropped: () => {} });
    informers.start();
    await informers.synced();
    const world = {
      client,
      informers,
      applier: new Applier(client),
      events,
      platform: PLATFORM,
      logger: pino({ level: "silent" }),
      clock,
      isLeader: () => true,
    } as unknown as ControllerWorld;
    this.#worlds.push(world);
    return world;
  }

  async stop(): Promise<void> {
    armFailpoints(undefined);
    for (const { informers } of this.#worlds) informers.stop();
    await this.harness.stop();
    vi.useRealTimers();
  }

  get nowMs(): number {
    return this.harness.clock.nowMs;
  }

  /** Somebody makes an object, with its status if it has one. */
  async put(kind: Kind, object: { readonly metadata: { readonly name: string } }): Promise<StoredObject> {
    const body = structuredClone(object) as unknown as JsonObject;
    const { name } = object.metadata;
    const at = target(KINDS[kind], "ns", name);
    this.harness.kube.store.create(at, body, { manager: "somebody", isStatus: false });
    if (body["status"] !== undefined) this.setStatus(kind, name, body["status"] as JsonObject);
    await this.caughtUp();
    return this.get(kind, name);
  }

  /** Somebody changes an object. */
  async patch(kind: Kind, name: string, patch: JsonObject): Promise<void> {
    const at = target(KINDS[kind], "ns", name);
    this.harness.kube.store.mergePatch(at, patch, { manager: "somebody", isStatus: false });
    await this.caughtUp();
  }

  setStatus(kind: Kind, name: string, status: JsonObject): void {
    const at = target(KINDS[kind], "ns", name);
    this.harness.kube.store.mergePatch(at, { status }, { manager: "somebody", isStatus: true });
  }

  async delete(kind: Kind, name: string): Promise<void> {
    this.harness.kube.store.delete(target(KINDS[kind], "ns", name), {});
    await this.caughtUp();
  }

  get(kind: Kind, name: string): StoredObject {
    return this.harness.kube.store.get(target(KINDS[kind], "ns", name));
  }

  find(kind: Kind, name: string): StoredObject | undefined {
    return this.harness.kube.store.find(target(KINDS[kind], "ns", name));
  }

  names(kind: Kind): readonly string[] {
    return this.harness.kube.store
      .list({ resource: KINDS[kind], namespace: "ns" })
      .map(({ metadata }) => metadata.name);
  }

  status(kind: Kind, name: string): JsonObject {
    return (this.get(kind, name)["status"] ?? {}) as JsonObject;
  }

  /** A condition as `status reason`. */
  condition(kind: Kind, name: string, type: string): string {
    const conditions = (this.status(kind, name)["conditions"] ?? []) as readonly Readonly<Record<string, string>>[];
    const found = conditions.find((condition) => condition["type"] === type);
    return `${found?.["status"] ?? "-"} ${found?.["reason"] ?? "-"}`;
  }

  /** The events so far, as `reason: note`. */
  async events(): Promise<readonly string[]> {
    await this.world.events.flush();
    const events = this.harness.kube.store.list({ resource: EVENTS, namespace: "ns" });
    return events.map((event) => `${String(event["reason"])}: ${String(event["note"])}`);
  }

  async reasons(): Promise<readonly string[]> {
    return (await this.events()).map((text) => text.split(":")[0] ?? "");
  }

  /** How often something was written that is no event. */
  get writes(): number {
    return this.harness.kube.writes.filter(({ resource }) => resource !== EVENTS).length;
  }

  /** Reconciles until a round changes nothing any more, as the queue would; conflicts are tried again. */
  async drive(controller: Reconciler, key: string): Promise<Rest> {
    let conflicts = 0;
    for (let round = 0; round < 60; round++) {
      const before = this.#changes;
      try {
        const result = await controller.reconcile(key);
        await this.caughtUp();
        // Nothing may be under way when a test moves the clock: it would seem to take hours.
        await this.world.events.flush();
        if (this.#changes === before) return { result, conflicts };
      } catch (error) {
        if (!isFault(error, "Conflict")) throw error;
        conflicts++;
        await this.caughtUp();
      }
    }
    throw new Error("it never comes to rest");
  }

  /** Drives until the process would be dead at that point, and then as a new process to the end. */
  async crashAt(point: FailpointName, make: (world: ControllerWorld) => Reconciler, key: string): Promise<Rest> {
    armFailpoints(`${point}:error`);
    let died = "";
    try {
      await this.drive(make(this.world), key);
    } catch (error) {
      died = String(error);
    }
    if (!died.includes(point)) throw new Error(`it never came to ${point}: ${died}`);
    await this.restart();
    return this.drive(make(this.world), key);
  }

  /** Every first try of a write of that kind fails with a conflict. */
  conflictOnce(): void {
    const seen = new Set<string>();
    this.harness.kube.fail(({ verb, resource, name, subresource }) => {
      if (verb !== "patch" && verb !== "update" && verb !== "delete") return undefined;
      if (resource === EVENTS) return undefined;
      const place = `${verb} ${resource} ${name ?? ""} ${subresource ?? ""} ${String(this.harness.kube.store.version)}`;
      if (seen.has(place)) return undefined;
      seen.add(place);
      return { kind: "status", code: 409, reason: "Conflict" };
    });
  }

  /** Waits until the caches show what is stored. */
  async caughtUp(): Promise<void> {
    await this.harness.until("the caches", () =>
      (Object.keys(KINDS) as Kind[]).every((kind) => {
        const isOurs = (object: StoredObject): boolean =>
          KINDS[kind].startsWith("kvorum.io/") || object.metadata.labels?.[LABELS.managedBy] === FIELD_MANAGER;
        const stored = this.harness.kube.store.list({ resource: KINDS[kind], namespace: undefined }).filter(isOurs);
        const cached = new Set(this.world.informers[kind].list().map(({ metadata }) => metadata.resourceVersion));
        return cached.size === stored.length && stored.every(({ metadata }) => cached.has(metadata.resourceVersion));
      }),
    );
  }

  /** A pod of a Job, as the Job controller and kubelet show it. */
  async jobPod(job: string, container: JsonObject, extra: JsonObject = {}): Promise<string> {
    const { metadata } = this.get("jobs", job);
    const name = `${job}-${String(this.names("pods").length).padStart(5, "z")}`;
    const owner = { apiVersion: "batch/v1", kind: "Job", name: job, uid: metadata.uid, controller: true };
    await this.put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: metadata.labels ?? {}, ownerReferences: [owner] },
      status: { containerStatuses: [{ name: "upload", state: container }], ...extra },
    } as never);
    return name;
  }

  /** A pod of a Job ends with those last words. */
  jobPodEnds(job: string, result: JobResult | string, exitCode = 1): Promise<string> {
    const message = typeof result === "string" ? result : `${JSON.stringify(result)}\n`;
    const code = typeof result === "string" ? exitCode : result.ok ? 0 : 1;
    const phase = code === 0 ? "Succeeded" : "Failed";
    return this.jobPod(
      job,
      { terminated: { exitCode: code, reason: code === 0 ? "Completed" : "Error", message } },
      { phase },
    );
  }

  /** The Job controller says that a Job has ended. */
  async jobEnds(job: string, type: "Complete" | "Failed", reason = type as string, failed = 0): Promise<void> {
    const lastTransitionTime = new Date(this.nowMs).toISOString();
    this.setStatus("jobs", job, {
      failed,
      conditions: [{ type, status: "True", reason, message: "as the test wants it", lastTransitionTime }],
    });
    await this.caughtUp();
  }
}

/** What an upload says that went well. */
export function uploaded(
  backup: string,
  clusterUid: string,
  change: { readonly completedAt?: string } = {},
): JobResult {
  return uploadResult({
    key: `ns/x/${clusterUid}/${backup}/snapshot.db`,
    clusterName: "x",
    clusterUID: clusterUid,
    backupName: backup,
    clusterID: "cdf818194e3a8c32",
    memberID: "8e9e05c52164694d",
    endpoint: "http://x-2.x-peers.ns.svc:2379",
    hashKV: 4_294_967_295,
    startedAt: "2026-11-01T10:00:00.123Z",
    completedAt: "2026-11-01T10:00:05.456Z",
    verifiedAt: "2026-11-01T10:00:07.789Z",
    ...change,
  });
}

/** The status of a cluster of three that is well; x-1 leads. */
export function healthyStatus(): JsonObject {
  return {
    observedGeneration: 1,
    clusterID: "cdf818194e3a8c32",
    replicas: 3,
    readyReplicas: 3,
    voters: 3,
    members: [member("x-0", "Follower", 990), member("x-1", "Leader", 992), member("x-2", "Follower", 991)],
    conditions: [holds("Available"), holds("QuorumHealthy")],
  };
}

function member(name: string, role: string, raftIndex: number): JsonObject {
  return { name, role, phase: "Running", healthy: true, raftIndex };
}

function holds(type: string): JsonObject {
  return { type, status: "True", reason: type, message: type, lastTransitionTime: "2026-11-01T09:00:00Z" };
}
