import type { claimKind, podKind, statefulSetKind } from "../kube/kinds.ts";
import { keyOf, keyText } from "../kube/object-key.ts";
import type { Claim, Pod, StatefulSet } from "../plan/observation.ts";
import { isFromTemplate } from "../resources/template-hash.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { LABELS, MEMBER_COMPONENT, ordinalOfClaim, ordinalOfPod, statefulSetName } from "../types/names.ts";
import { BY_CLUSTER, type Informers } from "./informers.ts";
import { kubeletTrouble } from "./kubelet-trouble.ts";

export type StoredPod = NonNullable<(typeof podKind)["objects"]>;
export type StoredClaim = NonNullable<(typeof claimKind)["objects"]>;
export type StoredStatefulSet = NonNullable<(typeof statefulSetKind)["objects"]>;

/** A cluster's objects as last seen, ordered by ordinal. */
export interface ClusterObjects {
  readonly statefulSet: StoredStatefulSet | undefined;
  readonly pods: readonly { readonly ordinal: number; readonly pod: StoredPod }[];
  readonly claims: readonly { readonly ordinal: number; readonly claim: StoredClaim }[];
}

/** A pod as the plan sees it, but for what its process says. */
export type PodObject = Omit<Pod, "process">;

/** Reads a cluster's objects from the caches. */
export function clusterObjects({ statefulSets, pods, claims }: Informers, cluster: EtcdCluster): ClusterObjects {
  const { name, namespace } = cluster.metadata;
  const key = keyOf(cluster);
  const set = statefulSets.get(keyText({ namespace, name: statefulSetName(name) }));
  return {
    // One of an earlier cluster of that name is about to be collected, and none of ours.
    statefulSet: set?.metadata.ownerReferences?.some(({ uid }) => uid === cluster.metadata.uid) ? set : undefined,
    pods: pods
      .byIndex(BY_CLUSTER, key)
      // The pods of Jobs belong to the cluster, too, and may have the name of a member.
      .filter(({ metadata }) => metadata.labels?.[LABELS.component] === MEMBER_COMPONENT)
      .flatMap((pod) => withOrdinal(ordinalOfPod(name, pod.metadata.name), (ordinal) => ({ ordinal, pod })))
      .toSorted((a, b) => a.ordinal - b.ordinal),
    claims: claims
      .byIndex(BY_CLUSTER, key)
      .flatMap((claim) => withOrdinal(ordinalOfClaim(name, claim.metadata.name), (ordinal) => ({ ordinal, claim })))
      .toSorted((a, b) => a.ordinal - b.ordinal),
  };
}

function withOrdinal<T>(ordinal: number | undefined, make: (ordinal: number) => T): readonly T[] {
  return ordinal === undefined ? [] : [make(ordinal)];
}

/** The StatefulSet as the plan sees it. */
export function observedStatefulSet(set: StoredStatefulSet | undefined): StatefulSet | undefined {
  if (!set) return undefined;
  const seen = (set.status as { readonly observedGeneration?: number } | undefined)?.observedGeneration ?? 0;
  const { generation = 0 } = set.metadata as { readonly generation?: number };
  return { replicas: set.spec?.replicas ?? 0, templateObserved: seen >= generation };
}

/** A pod as the plan sees it. */
export function observedPod(ordinal: number, pod: StoredPod, set: StoredStatefulSet | undefined): PodObject {
  const { name, uid, creationTimestamp, deletionTimestamp } = pod.metadata;
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  const since = ready?.lastTransitionTime ?? creationTimestamp;
  const trouble = kubeletTrouble(pod);
  return {
    ordinal,
    name,
    uid,
    terminating: deletionTimestamp !== undefined,
    ready: ready?.status === "True" && deletionTimestamp === undefined,
    upToDate: isFromTemplate(pod.metadata, set?.spec?.template),
    sinceMs: since === undefined ? 0 : Date.parse(since),
    ...(trouble !== undefined && { trouble }),
  };
}

/** A claim as the plan sees it. */
export function observedClaim(ordinal: number, claim: StoredClaim, cluster: EtcdCluster): Claim {
  const { uid, deletionTimestamp, labels } = claim.metadata;
  return {
    ordinal,
    uid,
    terminating: deletionTimestamp !== undefined,
    isOurs: labels?.[LABELS.clusterUid] === cluster.metadata.uid,
  };
}
