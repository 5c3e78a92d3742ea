import { keyText } from "../kube/object-key.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdRestore } from "../types/etcd-restore.ts";
import { LABELS, ordinalOfClaim, podName } from "../types/names.ts";
import type { StoredPod } from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { BY_CLUSTER } from "./informers.ts";
import type { RestoreObservation } from "./restore-decision.ts";
import { fetchOutcome } from "./restore-fetch-outcome.ts";
import { restoreSource } from "./restore-source.ts";

/** Everything that a decision about a restore rests on, from the caches. */
export function observeRestore({ informers, clock }: ControllerWorld, restore: EtcdRestore): RestoreObservation {
  const { namespace } = restore.metadata;
  const { clusterName, source } = restore.spec;
  const nowMs = clock.unixMs();
  const at = (name: string): string => keyText({ namespace, name });
  const cluster = informers.clusters.get(at(clusterName));
  return {
    nowMs,
    restore,
    source: restoreSource(restore, {
      nowMs,
      backup: source.backupRef && informers.backups.get(at(source.backupRef.name)),
      hasStore: (name) => informers.stores.get(at(name)) !== undefined,
    }),
    cluster,
    leftClaims: informers.claims
      .byIndex(BY_CLUSTER, at(clusterName))
      .filter(
        ({ metadata }) =>
          ordinalOfClaim(clusterName, metadata.name) !== undefined &&
          metadata.labels?.[LABELS.clusterUid] !== cluster?.metadata.uid,
      )
      .map(({ metadata }) => metadata.name)
      .toSorted(),
    fetch: fetchOutcome(seedOf(informers.pods.get(at(podName(clusterName, 0))), cluster)),
  };
}

/** The seed, unless it is the pod of an earlier cluster of that name. */
function seedOf(pod: StoredPod | undefined, cluster: EtcdCluster | undefined): StoredPod | undefined {
  if (!pod || !cluster) return undefined;
  const [made, clusterMade] = [pod.metadata.creationTimestamp ?? "", cluster.metadata.creationTimestamp ?? ""];
  return Date.parse(made) >= Date.parse(clusterMade) ? pod : undefined;
}
