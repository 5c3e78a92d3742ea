import { keyOf } from "../kube/object-key.ts";
import { upgradeTurn, type UpgradeCandidate } from "../plan/upgrade-turn.ts";
import { podTemplate } from "../resources/pod-template.ts";
import { isFromTemplate } from "../resources/template-hash.ts";
import { isSpecOf, type RolloutCause } from "../resources/template-source.ts";
import { isTrue } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { ANNOTATIONS } from "../types/names.ts";
import { clusterObjects, type ClusterObjects, type StoredStatefulSet } from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";

type Caches = Pick<ControllerWorld, "informers" | "platform">;

/**
 * What a StatefulSet's template is to become. `Held`: it stays as it is until that other cluster has been rolled, because
 * only the operator has changed, and an upgrade of it rolls one cluster at a time.
 */
export type TemplateChange =
  { readonly kind: "Apply"; readonly cause: RolloutCause } | { readonly kind: "Held"; readonly turn: string };

/** Decides about the template of a cluster whose StatefulSet there is. What its own spec changes waits for nobody. */
export function templateChange(world: Caches, cluster: EtcdCluster, objects: ClusterObjects): TemplateChange {
  const { statefulSet } = objects;
  if (!statefulSet || isUpToDate(world, cluster, statefulSet)) return { kind: "Apply", cause: causeOf(statefulSet) };
  if (!isByOperator(cluster, statefulSet)) return { kind: "Apply", cause: "Spec" };
  const key = keyOf(cluster);
  const turn = objects.pods.length === 0 ? key : upgradeTurn(candidates(world));
  return turn === undefined || turn === key ? { kind: "Apply", cause: "Operator" } : { kind: "Held", turn };
}

/** A cluster that is paused or about to go is not rolled, and nobody waits for it. */
function candidates(world: Caches): readonly UpgradeCandidate[] {
  return world.informers.clusters
    .list()
    .filter(({ metadata, spec }) => metadata.deletionTimestamp === undefined && !spec.paused)
    .map((cluster) => candidate(world, cluster));
}

function candidate(world: Caches, cluster: EtcdCluster): UpgradeCandidate {
  const objects = clusterObjects(world.informers, cluster);
  const { status } = cluster;
  const isWell = isTrue(status?.conditions, "Available") && status?.operation === undefined;
  return { key: keyOf(cluster), state: stateOf(world, cluster, objects), isWell };
}

function stateOf(
  world: Caches,
  cluster: EtcdCluster,
  { statefulSet, pods }: ClusterObjects,
): UpgradeCandidate["state"] {
  if (!statefulSet || pods.length === 0) return "UpToDate";
  if (!isUpToDate(world, cluster, statefulSet)) return isByOperator(cluster, statefulSet) ? "Waiting" : "UpToDate";
  if (causeOf(statefulSet) !== "Operator") return "UpToDate";
  const isRolling =
    cluster.status?.operation?.type === "Rollout" ||
    pods.some(({ pod }) => !isFromTemplate(pod.metadata, statefulSet.spec?.template));
  return isRolling ? "Rolling" : "UpToDate";
}

function isUpToDate({ platform }: Caches, cluster: EtcdCluster, { spec }: StoredStatefulSet): boolean {
  return isFromTemplate(podTemplate(cluster, platform).metadata, spec?.template);
}

function isByOperator(cluster: EtcdCluster, { metadata }: StoredStatefulSet): boolean {
  const source = annotationsOf(metadata)[ANNOTATIONS.templateSource];
  return source === undefined || isSpecOf(cluster, source);
}

function causeOf(set: StoredStatefulSet | undefined): RolloutCause {
  return set && annotationsOf(set.metadata)[ANNOTATIONS.rolloutCause] === "Operator" ? "Operator" : "Spec";
}

function annotationsOf(metadata: StoredStatefulSet["metadata"]): Readonly<Record<string, string>> {
  return (metadata as { readonly annotations?: Readonly<Record<string, string>> }).annotations ?? {};
}
