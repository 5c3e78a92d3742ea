import { claimKind, disruptionBudgetKind, serviceAccountKind, serviceKind, statefulSetKind } from "../kube/kinds.ts";
import { deleteObject } from "../kube/delete-object.ts";
import type { Informer } from "../kube/informer.ts";
import type { KubeObject, WantedObject } from "../kube/kube-object.ts";
import { keyText } from "../kube/object-key.ts";
import type { ResourceKind } from "../kube/resource-kind.ts";
import { claimGrowth } from "../resources/claim-growth.ts";
import { clientService } from "../resources/client-service.ts";
import { headlessService } from "../resources/headless-service.ts";
import { podDisruptionBudget } from "../resources/pod-disruption-budget.ts";
import type { RestoreSource } from "../resources/pod-template.ts";
import { serviceAccount } from "../resources/service-account.ts";
import { statefulSet } from "../resources/stateful-set.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { statefulSetName } from "../types/names.ts";
import type { ClusterObjects } from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { templateChange } from "./template-change.ts";

/** Something that a cluster's spec names is not there; the message says what to make. */
export class MissingObjectError extends Error {
  override readonly name = "MissingObjectError";
}

/**
 * Makes a cluster's objects be what its spec says; what is so already costs no call. The StatefulSet keeps its number of
 * replicas, which is the plan's to change, and is made only by the plan.
 */
export async function applyObjects(
  world: ControllerWorld,
  cluster: EtcdCluster,
  objects: ClusterObjects,
): Promise<void> {
  const { serviceAccounts, services } = world.informers;
  await applyOne(world, serviceAccountKind, serviceAccount(cluster), serviceAccounts);
  await applyOne(world, serviceKind, headlessService(cluster), services);
  await applyOne(world, serviceKind, clientService(cluster), services);
  await applyDisruptionBudget(world, cluster);
  const replicas = objects.statefulSet?.spec?.replicas;
  if (replicas !== undefined) await applyStatefulSet(world, cluster, objects, replicas);
  await growClaims(world, cluster, objects);
}

/** Makes the StatefulSet be what the spec says, with that number of pods; while its template is held, only the latter. */
export async function applyStatefulSet(
  world: ControllerWorld,
  cluster: EtcdCluster,
  objects: ClusterObjects,
  replicas: number,
): Promise<void> {
  const change = templateChange(world, cluster, objects);
  if (change.kind === "Held") return scaleOnly(world, objects, replicas);
  const claimSize = objects.statefulSet?.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.["storage"];
  const restore = restoreSource(world, cluster);
  const wanted = statefulSet(cluster, world.platform, {
    replicas,
    cause: change.cause,
    ...(restore && { restore }),
    ...(claimSize !== undefined && { claimSize }),
  });
  // Its number of pods was decided upon what was seen, which the cache may have left behind: another operator may have
  // set another one.
  await world.applier.apply(statefulSetKind, wanted, objects.statefulSet, world.informers.statefulSets, "unchanged");
}

async function scaleOnly(
  { client, informers }: ControllerWorld,
  { statefulSet: live }: ClusterObjects,
  replicas: number,
): Promise<void> {
  if (!live || live.spec?.replicas === replicas) return;
  const { namespace = "", name, resourceVersion } = live.metadata;
  const patch = { metadata: { resourceVersion }, spec: { replicas } };
  informers.statefulSets.remember(await client.mergePatch(statefulSetKind, { namespace, name }, patch));
}

/** Only while the cluster has no id: later the snapshot is of no use to anybody. */
function restoreSource(
  { informers }: ControllerWorld,
  { metadata, spec, status }: EtcdCluster,
): RestoreSource | undefined {
  const restore = spec.bootstrap?.restore;
  if (!restore || status?.clusterID !== undefined) return undefined;
  const { name } = restore.storeRef;
  const store = informers.stores.get(keyText({ namespace: metadata.namespace, name }));
  if (!store)
    throw new MissingObjectError(`there is no EtcdBackupStore ${name} in namespace ${metadata.namespace}: make it`);
  return { store, key: restore.key, ...(restore.sha256 !== undefined && { sha256: restore.sha256 }) };
}

async function applyDisruptionBudget(world: ControllerWorld, cluster: EtcdCluster): Promise<void> {
  const { name, namespace } = cluster.metadata;
  const budgets = world.informers.disruptionBudgets;
  const live = budgets.get(keyText({ namespace, name: statefulSetName(name) }));
  const wanted = podDisruptionBudget(cluster, cluster.status?.voters ?? 0);
  if (wanted) await applyOne(world, disruptionBudgetKind, wanted, budgets);
  else if (live) await deleteObject(world.client, disruptionBudgetKind, live, "same-object");
}

async function growClaims(
  { client, informers }: ControllerWorld,
  cluster: EtcdCluster,
  objects: ClusterObjects,
): Promise<void> {
  for (const { claim } of objects.claims) {
    const growth = claimGrowth(cluster, claim);
    if (!growth || claim.metadata.deletionTimestamp !== undefined) continue;
    const { name } = claim.metadata;
    informers.claims.remember(
      await client.mergePatch(claimKind, { namespace: cluster.metadata.namespace, name }, growth),
    );
  }
}

async function applyOne<T extends KubeObject>(
  { applier }: ControllerWorld,
  kind: ResourceKind<T>,
  wanted: WantedObject & { readonly metadata: { readonly name: string; readonly namespace: string } },
  informer: Informer<T>,
): Promise<void> {
  const { name, namespace } = wanted.metadata;
  await applier.apply(kind, wanted, informer.get(keyText({ namespace, name })), informer);
}
