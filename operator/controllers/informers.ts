import type { Clock } from "../kube/clock.ts";
import { Informer } from "../kube/informer.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { KubeError } from "../kube/kube-error.ts";
import {
  claimKind,
  disruptionBudgetKind,
  jobKind,
  podKind,
  serviceAccountKind,
  serviceKind,
  statefulSetKind,
} from "../kube/kinds.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { backupKind, backupScheduleKind, backupStoreKind, clusterKind, restoreKind } from "../kube/kvorum-kinds.ts";
import type { IndexFunction } from "../kube/object-cache.ts";
import { keyText } from "../kube/object-key.ts";
import type { ResourceKind } from "../kube/resource-kind.ts";
import { FIELD_MANAGER, LABELS } from "../types/names.ts";
import { BACKUP_INDEXES, JOB_INDEXES, RESTORE_INDEXES, SCHEDULE_INDEXES } from "./backup-indexes.ts";

/** The index of everything that belongs to a cluster, by `namespace/name` of the cluster. */
export const BY_CLUSTER = "cluster";

export interface InformerSettings {
  readonly client: KubeClient;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly resyncPeriodMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProblem: (kind: string, problem: string, error: KubeError) => void;
}

type Indexes<T> = Readonly<Record<string, IndexFunction<T>>>;

/** Caches of all kinds that the controllers read; of Kubernetes' own kinds only what carries the operator's label. */
export class Informers {
  readonly clusters;
  readonly backups;
  readonly schedules;
  readonly stores;
  readonly restores;
  readonly statefulSets;
  readonly pods;
  readonly claims;
  readonly services;
  readonly serviceAccounts;
  readonly disruptionBudgets;
  readonly jobs;
  readonly #all: readonly Pick<Informer<KubeObject>, "start" | "stop" | "synced" | "hasSynced">[];

  constructor(settings: InformerSettings) {
    const own = <T extends KubeObject>(kind: ResourceKind<T>, indexes: Indexes<T> = {}): Informer<T> =>
      informer(settings, kind, undefined, indexes);
    const made = <T extends KubeObject>(kind: ResourceKind<T>, indexes: Indexes<T> = {}): Informer<T> =>
      informer(settings, kind, `${LABELS.managedBy}=${FIELD_MANAGER}`, indexes);
    this.clusters = own(clusterKind);
    this.backups = own(backupKind, BACKUP_INDEXES);
    this.schedules = own(backupScheduleKind, SCHEDULE_INDEXES);
    this.stores = own(backupStoreKind);
    this.restores = own(restoreKind, RESTORE_INDEXES);
    this.statefulSets = made(statefulSetKind);
    this.pods = made(podKind, JOB_INDEXES);
    this.claims = made(claimKind);
    this.services = made(serviceKind);
    this.serviceAccounts = made(serviceAccountKind);
    this.disruptionBudgets = made(disruptionBudgetKind);
    this.jobs = made(jobKind, JOB_INDEXES);
    this.#all = [
      this.clusters,
      this.backups,
      this.schedules,
      this.stores,
      this.restores,
      this.statefulSets,
      this.pods,
      this.claims,
      this.services,
      this.serviceAccounts,
      this.disruptionBudgets,
      this.jobs,
    ];
  }

  start(): void {
    for (const each of this.#all) each.start();
  }

  stop(): void {
    for (const each of this.#all) each.stop();
  }

  get hasSynced(): boolean {
    return this.#all.every(({ hasSynced }) => hasSynced);
  }

  /** Resolves when every cache has been filled: before that what is missing may well exist. */
  async synced(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.synced()));
  }
}

function informer<T extends KubeObject>(
  { client, namespaces, resyncPeriodMs, clock, random, onProblem }: InformerSettings,
  kind: ResourceKind<T>,
  labelSelector: string | undefined,
  indexes: Indexes<T>,
): Informer<T> {
  return new Informer<T>({
    client,
    kind,
    namespaces,
    ...(labelSelector !== undefined && { labelSelector }),
    indexes: { [BY_CLUSTER]: clusterOf, ...indexes },
    resyncPeriodMs,
    clock,
    random,
    onProblem: (problem, error) => onProblem(kind.plural, problem, error),
  });
}

function clusterOf({ metadata: { namespace = "", labels } }: KubeObject): readonly string[] {
  const name = labels?.[LABELS.cluster];
  return name === undefined ? [] : [keyText({ namespace, name })];
}
