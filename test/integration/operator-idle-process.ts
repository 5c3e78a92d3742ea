import { Applier } from "../../operator/kube/applier.ts";
import { byOwner } from "../../operator/kube/by-owner.ts";
import { systemClock } from "../../operator/kube/clock.ts";
import { Informer } from "../../operator/kube/informer.ts";
import {
  claimKind,
  disruptionBudgetKind,
  jobKind,
  podKind,
  serviceAccountKind,
  serviceKind,
  statefulSetKind,
} from "../../operator/kube/kinds.ts";
import { KubeClient } from "../../operator/kube/kube-client.ts";
import type { KubeObject, WantedObject } from "../../operator/kube/kube-object.ts";
import {
  backupKind,
  backupScheduleKind,
  backupStoreKind,
  clusterKind,
  restoreKind,
} from "../../operator/kube/kvorum-kinds.ts";
import { LeaderElector } from "../../operator/kube/leader-elector.ts";
import { keyText } from "../../operator/kube/object-key.ts";
import { patchStatus } from "../../operator/kube/patch-status.ts";
import type { ResourceKind } from "../../operator/kube/resource-kind.ts";
import { WorkQueue } from "../../operator/kube/work-queue.ts";
import { clientService } from "../../operator/resources/client-service.ts";
import { headlessService } from "../../operator/resources/headless-service.ts";
import { podDisruptionBudget } from "../../operator/resources/pod-disruption-budget.ts";
import { serviceAccount } from "../../operator/resources/service-account.ts";
import { statefulSet } from "../../operator/resources/stateful-set.ts";
import { LABELS } from "../../operator/types/names.ts";

/**
 * The process that `operator-idle.ts` looks at: everything of the operator that touches Kubernetes, informers of every
 * kind included, with a reconciliation that applies a cluster's objects and writes its status. Tells its parent how
 * often it has reconciled.
 */
const [server = "", resyncSeconds = "10"] = process.argv.slice(2);

const parts = { clock: systemClock, random: Math.random };
const connection = { server, namespace: "operators", credentials: async () => ({ headers: {}, tls: {} }) };
const newClient = (mayWrite: () => boolean) =>
  new KubeClient({ ...parts, connection, userAgent: "kvorum-operator/idle", mayWrite });

const elector = new LeaderElector({
  ...parts,
  client: newClient(() => true),
  lease: { namespace: "operators", name: "kvorum-operator" },
  identity: "idle",
  onAcquired: () => {},
  onLost: () => process.exit(1),
  onProblem: (problem, error) => console.error(problem, error.message),
});
const client = newClient(() => elector.isHolding());

function follow<T extends KubeObject>(kind: ResourceKind<T>): Informer<T> {
  const informer = new Informer<T>({
    ...parts,
    client,
    kind,
    namespaces: undefined,
    indexes: { owner: byOwner(clusterKind.apiVersion, "EtcdCluster"), label: byClusterLabel },
    resyncPeriodMs: Number(resyncSeconds) * 1000,
    onProblem: (problem, error) => console.error(problem, error.message),
  });
  informer.start();
  return informer;
}

function byClusterLabel({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[LABELS.cluster];
  return name === undefined ? [] : [keyText({ namespace: metadata.namespace ?? "", name })];
}

const clusters = follow(clusterKind);
const statefulSets = follow(statefulSetKind);
const services = follow(serviceKind);
const budgets = follow(disruptionBudgetKind);
const accounts = follow(serviceAccountKind);
const pods = follow(podKind);
const claims = follow(claimKind);
const others = [backupKind, backupScheduleKind, backupStoreKind, restoreKind, jobKind].map((kind) =>
  follow(kind as ResourceKind),
);

const applier = new Applier(client);
const platform = { image: "kvorum:0.1.0", version: "0.1.0", permitPublicKey: Buffer.alloc(32).toString("base64") };
let reconciled = 0;

async function reconcile(key: string): Promise<undefined> {
  const cluster = clusters.get(key);
  if (!cluster) return undefined;
  const apply = <T extends KubeObject>(kind: ResourceKind<T>, wanted: WantedObject, informer: Informer<T>) =>
    applier.apply(kind, wanted, informer.get(`${cluster.metadata.namespace}/${wanted.metadata?.name ?? ""}`), informer);
  await apply(statefulSetKind, statefulSet(cluster, platform, { replicas: 3 }), statefulSets);
  await apply(serviceKind, clientService(cluster), services);
  await apply(serviceKind, headlessService(cluster), services);
  await apply(serviceAccountKind, serviceAccount(cluster), accounts);
  const budget = podDisruptionBudget(cluster, 3);
  if (budget) await apply(disruptionBudgetKind, budget, budgets);
  const seen = pods.byIndex("label", key).length + claims.byIndex("label", key).length;
  const status = { observedGeneration: cluster.metadata.generation, replicas: 3, readyReplicas: seen / 2 };
  await patchStatus(client, clusterKind, cluster, status, clusters);
  reconciled++;
  return undefined;
}

const queue = new WorkQueue({
  ...parts,
  work: reconcile,
  concurrency: 4,
  onError: (key, error) => console.error(key, error),
});
clusters.onChange((key) => queue.add(key));
for (const informer of [statefulSets, services, budgets, accounts])
  informer.onIndexChange("owner", (key) => queue.add(key));
for (const informer of [pods, claims]) informer.onIndexChange("label", (key) => queue.add(key));

elector.start();
await Promise.all(
  [clusters, statefulSets, services, budgets, accounts, pods, claims, ...others].map((one) => one.synced()),
);
while (!elector.isHolding()) await new Promise((resolve) => setTimeout(resolve, 100));
queue.start();
process.on("message", () => {
  globalThis.gc?.();
  process.send?.({ reconciled, heapBytes: process.memoryUsage().heapUsed });
});
process.send?.("ready");
