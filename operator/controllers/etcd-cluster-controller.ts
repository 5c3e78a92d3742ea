import { failpoint } from "../config/failpoint.ts";
import { clusterKind } from "../kube/kvorum-kinds.ts";
import { keyOf, parseKey } from "../kube/object-key.ts";
import { patchStatus } from "../kube/patch-status.ts";
import { setFinalizer } from "../kube/set-finalizer.ts";
import type { WorkResult } from "../kube/work-queue.ts";
import { backupReadiness, type BackupReadiness } from "../plan/backup-readiness.ts";
import { clusterEvents, type ClusterEvent } from "../plan/cluster-events.ts";
import { clusterStatus } from "../plan/cluster-status.ts";
import type { Decision } from "../plan/decision.ts";
import { plan } from "../plan/plan.ts";
import { stepEvent } from "../plan/step-event.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { EVENT_REASONS } from "../types/event-reason.ts";
import { FINALIZERS } from "../types/names.ts";
import { applyObjects, MissingObjectError } from "./apply-objects.ts";
import { BY_CLUSTER_REF } from "./backup-indexes.ts";
import { clusterObjects } from "./cluster-objects.ts";
import { clusterSample } from "./cluster-sample.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { executeStep } from "./execute-step.ts";
import { observeCluster, type Observed } from "./observe-cluster.ts";
import { StepError } from "./step-error.ts";
import { StepMemory } from "./step-memory.ts";

/** After a step the world is looked at again at once; what it changed outside of Kubernetes causes no event. */
const AFTER_STEP_MS = 50;
/** After a step that was asked for and is not possible yet. */
const NOT_YET_MS = 1000;
/** Members can fall ill without Kubernetes hearing of it. */
const LOOK_AGAIN_MS = 10_000;

const NUMBERS_EVERY_MS = 60_000;

/** Observe, decide, write down, do: one step of one cluster at a time. */
export class EtcdClusterController {
  readonly #world: ControllerWorld;
  /** By UID: when the numbers of a cluster's members were last written down. */
  readonly #numbersMs = new Map<string, number>();
  readonly #steps = new StepMemory();

  constructor(world: ControllerWorld) {
    this.#world = world;
  }

  /** Takes the cluster with that key (`namespace/name`) one step further. */
  async reconcile(key: string): Promise<WorkResult | undefined> {
    const { informers, clusterMetrics } = this.#world;
    const known = informers.clusters.get(key);
    if (!known) {
      const { namespace, name } = parseKey(key);
      clusterMetrics.forget(namespace, name);
      return undefined;
    }
    if (isReleased(known)) return this.#forget(known);
    const cluster = await this.#prepare(known);
    const observed = await observeCluster(this.#world, cluster);
    const decision = plan(observed.observation);
    const told = this.#steps.explained(cluster.metadata.uid, decision);
    const written = await this.#writeDown(cluster, observed, told);
    await failpoint("after-write-operation");
    return this.#act(written, observed, decision);
  }

  #forget({ metadata: { uid } }: EtcdCluster): undefined {
    this.#numbersMs.delete(uid);
    this.#steps.forget(uid);
    return undefined;
  }

  /** What needs no decision: the finalizer, and objects that follow from the spec alone. */
  async #prepare(cluster: EtcdCluster): Promise<EtcdCluster> {
    const { client, informers } = this.#world;
    if (cluster.metadata.deletionTimestamp !== undefined || cluster.spec.paused) return cluster;
    const isNew = cluster.metadata.finalizers?.includes(FINALIZERS.cluster) !== true;
    const finalizer = { name: FINALIZERS.cluster, isWanted: true };
    const held = await setFinalizer(client, clusterKind, cluster, finalizer, informers.clusters);
    if (isNew) await failpoint("after-add-finalizer");
    try {
      await applyObjects(this.#world, held, clusterObjects(informers, held));
    } catch (error) {
      if (!(error instanceof MissingObjectError)) throw error;
      this.#sayFailed(held, error.message);
      throw error;
    }
    if (isNew) await failpoint("after-apply-objects");
    return held;
  }

  /** The status says what is about to happen before it happens; a conflict means that the decision is out of date. */
  async #writeDown(cluster: EtcdCluster, { observation }: Observed, decision: Decision): Promise<EtcdCluster> {
    const { client, informers, clusterMetrics } = this.#world;
    const status = clusterStatus(observation, decision, cluster, {
      refreshesNumbers: this.#isNumbersTime(cluster),
      backups: this.#backups(cluster),
    });
    const written = await patchStatus(client, clusterKind, cluster, status, informers.clusters);
    for (const event of clusterEvents(observation, decision, cluster, status)) this.#emit(cluster, event);
    const { namespace, name } = cluster.metadata;
    clusterMetrics.set(namespace, name, clusterSample(written));
    return written;
  }

  #backups(cluster: EtcdCluster): BackupReadiness {
    const { backups, schedules } = this.#world.informers;
    return backupReadiness({
      clusterUid: cluster.metadata.uid,
      backups: backups.byIndex(BY_CLUSTER_REF, keyOf(cluster)),
      schedules: schedules.byIndex(BY_CLUSTER_REF, keyOf(cluster)),
      lastBackup: cluster.status?.lastBackup,
    });
  }

  /** Sizes and raft indexes move all the time: once a minute is enough to have them written down. */
  #isNumbersTime({ metadata: { uid } }: EtcdCluster): boolean {
    const nowMs = this.#world.clock.monotonicMs();
    const lastMs = this.#numbersMs.get(uid) ?? -Infinity;
    if (nowMs - lastMs < NUMBERS_EVERY_MS) return false;
    this.#numbersMs.set(uid, nowMs);
    return true;
  }

  async #act(cluster: EtcdCluster, observed: Observed, decision: Decision): Promise<WorkResult> {
    const { step } = decision;
    if (step.kind === "None") return { requeueAfterMs: LOOK_AGAIN_MS };
    if (step.kind === "Wait") return { requeueAfterMs: Math.min(step.retryMs, LOOK_AGAIN_MS) };
    if (!this.#world.isLeader()) throw new StepError("this operator does not lead any more");
    const { uid } = cluster.metadata;
    if (this.#steps.begins(uid, step)) this.#log(cluster, decision, decision.message);
    try {
      const outcome = await executeStep(this.#world, cluster, step, observed);
      if (outcome.kind === "NotYet") {
        const isNews = this.#steps.waits(uid, step, outcome.why);
        if (isNews) this.#log(cluster, decision, `${decision.message}: ${outcome.why}`);
        return { requeueAfterMs: NOT_YET_MS };
      }
      const done = stepEvent(decision);
      if (done) this.#emit(cluster, done);
      return { requeueAfterMs: AFTER_STEP_MS };
    } catch (error) {
      if (error instanceof StepError) this.#sayFailed(cluster, `${decision.message}: ${error.message}`);
      throw error;
    }
  }

  #log({ metadata: { namespace, name } }: EtcdCluster, { step, reason }: Decision, message: string): void {
    this.#world.logger.info(message, { cluster: `${namespace}/${name}`, step, reason });
  }

  #emit(regarding: EtcdCluster, { reason, action, note }: ClusterEvent): void {
    this.#world.events.emit({ regarding, type: EVENT_REASONS[reason].type, reason, action, note });
  }

  #sayFailed(cluster: EtcdCluster, note: string): void {
    this.#emit(cluster, { reason: "StepFailed", action: "Reconcile", note });
  }
}

/** Nothing is left to do for it: whoever else holds it lets it go in his own time. */
function isReleased({ metadata: { deletionTimestamp, finalizers = [] } }: EtcdCluster): boolean {
  return deletionTimestamp !== undefined && !finalizers.includes(FINALIZERS.cluster);
}
