import { failpoint } from "../config/failpoint.ts";
import { isFault } from "../kube/kube-error.ts";
import { clusterKind, restoreKind } from "../kube/kvorum-kinds.ts";
import { patchStatus } from "../kube/patch-status.ts";
import type { WorkResult } from "../kube/work-queue.ts";
import { restoredCluster } from "../resources/restored-cluster.ts";
import type { EtcdRestore, EtcdRestoreStatus } from "../types/etcd-restore.ts";
import { EVENT_REASONS, type EventReason } from "../types/event-reason.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { restoreStep, type RestoreStep } from "./restore-decision.ts";
import { observeRestore } from "./restore-observation.ts";
import type { RestoreSnapshot } from "./restore-source.ts";
import {
  completedStatus,
  failedRestoreStatus,
  progressStatus,
  resolvedStatus,
  startedStatus,
} from "./restore-status.ts";

/** What a restore waits for usually changes with an event; this is for what is over at a certain time. */
const LOOK_AGAIN_MS = 15_000;

/** Makes the cluster that a restore asks for, and follows it until it is complete. */
export class EtcdRestoreController {
  readonly #world: ControllerWorld;

  constructor(world: ControllerWorld) {
    this.#world = world;
  }

  /** Takes the restore with that key (`namespace/name`) one step further. */
  async reconcile(key: string): Promise<WorkResult | undefined> {
    const restore = this.#world.informers.restores.get(key);
    if (!restore || restore.metadata.deletionTimestamp !== undefined) return undefined;
    return this.#execute(restore, restoreStep(observeRestore(this.#world, restore)));
  }

  async #execute(restore: EtcdRestore, step: RestoreStep): Promise<WorkResult | undefined> {
    const nowMs = this.#world.clock.unixMs();
    switch (step.kind) {
      case "None":
        return undefined;
      case "Start": {
        const written = await this.#write(restore, startedStatus(restore, nowMs));
        this.#emit(written, "RestoreStarted", `EtcdCluster ${restore.spec.clusterName} is restored`);
        return undefined;
      }
      case "Wait":
        await this.#write(restore, progressStatus(restore, step, nowMs));
        return { requeueAfterMs: LOOK_AGAIN_MS };
      case "Latch":
        await this.#write(restore, resolvedStatus(restore, step.snapshot, nowMs));
        return undefined;
      case "CreateCluster":
        return this.#createCluster(restore, step.snapshot);
      case "Complete": {
        const written = await this.#write(restore, completedStatus(restore, step, nowMs));
        this.#emit(written, "RestoreCompleted", written.status?.message ?? "");
        return undefined;
      }
      case "Fail": {
        const written = await this.#write(restore, failedRestoreStatus(restore, step, nowMs));
        this.#emit(written, "RestoreFailed", step.message);
        return undefined;
      }
    }
  }

  async #createCluster(restore: EtcdRestore, snapshot: RestoreSnapshot): Promise<WorkResult | undefined> {
    const { client, informers } = this.#world;
    const wanted = restoredCluster(restore, snapshot);
    try {
      informers.clusters.remember(await client.create(clusterKind, wanted));
    } catch (error) {
      if (isFault(error, "Invalid", "Forbidden")) return this.#refused(restore, error, error.fault.kind === "Invalid");
      // Made before a crash, or somebody else's: the next look tells which, by its annotation.
      if (!isFault(error, "AlreadyExists")) throw error;
      const { namespace, name } = wanted.metadata;
      const there = await client.find(clusterKind, { namespace, name });
      if (there) informers.clusters.remember(there);
    }
    await failpoint("after-create-restored-cluster");
    return { requeueAfterMs: 0 };
  }

  /** What the spec says is wrong stays wrong; a quota or a policy may change. */
  async #refused(restore: EtcdRestore, { message }: Error, isFinal: boolean): Promise<WorkResult | undefined> {
    const refusal = { reason: "ClusterRefused", message: `the EtcdCluster is refused: ${message}` };
    return this.#execute(
      restore,
      isFinal ? { kind: "Fail", ...refusal } : { kind: "Wait", phase: "Validating", ...refusal },
    );
  }

  #write(restore: EtcdRestore, status: EtcdRestoreStatus): Promise<EtcdRestore> {
    const { client, informers } = this.#world;
    return patchStatus(client, restoreKind, restore, status, informers.restores);
  }

  #emit(regarding: EtcdRestore, reason: EventReason, note: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#world.events.emit({ regarding, type, reason, action: "Restore", note });
  }
}
