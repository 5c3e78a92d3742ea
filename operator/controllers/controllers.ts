import type { Clock } from "../kube/clock.ts";
import { isFault, retryAfterOf } from "../kube/kube-error.ts";
import { WorkQueue, type WorkResult } from "../kube/work-queue.ts";
import type { Logger } from "../observability/logger.ts";
import type { OperatorMetrics } from "../observability/operator-metrics.ts";
import { feedBackupQueues } from "./backup-queues.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { EtcdBackupController } from "./etcd-backup-controller.ts";
import { EtcdBackupScheduleController } from "./etcd-backup-schedule-controller.ts";
import { EtcdClusterController } from "./etcd-cluster-controller.ts";
import { EtcdRestoreController } from "./etcd-restore-controller.ts";
import { BY_CLUSTER } from "./informers.ts";

/**
 * Failures of one object in a row that are no cause for alarm. The first conflicts are no news at all: somebody else has
 * written meanwhile, and the next look sees what.
 */
const QUIET_FAILURES = 2;

/** How controllers are run. */
export interface ControllerSettings {
  readonly concurrency: number;
  readonly metrics: OperatorMetrics;
  readonly random: () => number;
}

/** The controllers with their queues: whatever changes anywhere ends up as the key of an object to be looked at. */
export class Controllers {
  readonly #world: ControllerWorld;
  readonly #queues: readonly WorkQueue[];

  constructor(world: ControllerWorld, settings: ControllerSettings) {
    this.#world = world;
    const { informers } = world;
    const cluster = new EtcdClusterController(world);
    const clusters = queueOf("etcdcluster", world, settings, (key) => cluster.reconcile(key));
    informers.clusters.onChange((key) => clusters.add(key));
    const { statefulSets, pods, claims, services, serviceAccounts, disruptionBudgets } = informers;
    for (const owned of [statefulSets, pods, claims, services, serviceAccounts, disruptionBudgets])
      owned.onIndexChange(BY_CLUSTER, (key) => clusters.add(key));
    const backup = new EtcdBackupController(world);
    const schedule = new EtcdBackupScheduleController(world);
    const restore = new EtcdRestoreController(world);
    const queues = {
      clusters,
      backups: queueOf("etcdbackup", world, settings, (key) => backup.reconcile(key)),
      schedules: queueOf("etcdbackupschedule", world, settings, (key) => schedule.reconcile(key)),
      restores: queueOf("etcdrestore", world, settings, (key) => restore.reconcile(key)),
    };
    feedBackupQueues(informers, queues);
    this.#queues = Object.values(queues);
  }

  /** Fills the caches, then begins to act. */
  async start(): Promise<void> {
    this.#world.informers.start();
    await this.#world.informers.synced();
    for (const queue of this.#queues) queue.start();
  }

  /** Why they cannot be counted on yet. */
  problem(): string | undefined {
    return this.#world.informers.hasSynced ? undefined : "the caches are not filled yet";
  }

  /** Begins nothing new; ends when what is under way is done, at the latest soon after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop(graceMs)));
    this.#world.informers.stop();
    this.#world.members.close();
  }
}

function queueOf(
  name: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  { concurrency, metrics, random }: ControllerSettings,
  work: (key: string, signal: AbortSignal) => Promise<WorkResult | undefined>,
): WorkQueue {
  return new WorkQueue({
    work,
    concurrency,
    clock,
    random,
    retryAfterOf,
    observer: metrics.controller(name),
    onError: (key, error, failures, retryMs) => {
      const level = failures > QUIET_FAILURES ? "warn" : isFault(error, "Conflict", "NotFound") ? "debug" : "info";
      logger[level]("a reconciliation failed and comes again", { controller: name, key, error, failures, retryMs });
    },
  });
}
