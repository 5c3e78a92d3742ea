import { keyText } from "../kube/object-key.ts";
import type { Deletion, Latched, Observation } from "../plan/observation.ts";
import type { Operation } from "../plan/operation.ts";
import type { Step } from "../plan/step.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { finalBackupName } from "../types/names.ts";
import {
  clusterObjects,
  observedClaim,
  observedPod,
  observedStatefulSet,
  type ClusterObjects,
} from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { templateChange } from "./template-change.ts";
import { lookAtPod, readMembers } from "./look-at-members.ts";

/** An observation, and the objects that it was made of. */
export interface Observed {
  readonly observation: Observation;
  readonly objects: ClusterObjects;
}

/** Looks at everything that a decision about a cluster rests on: the caches, and each member anew. */
export async function observeCluster(world: ControllerWorld, cluster: EtcdCluster): Promise<Observed> {
  const objects = clusterObjects(world.informers, cluster);
  const latched = latchedOf(cluster);
  const looks = await Promise.all(
    objects.pods.map(async ({ ordinal, pod }) => ({ ordinal, pod, process: await lookAtPod(world, pod) })),
  );
  const members = await readMembers(world.members, cluster.metadata, looks, latched.clusterId);
  const deletion = deletionOf(world, cluster);
  const change = templateChange(world, cluster, objects);
  const { name, uid, generation = 0 } = cluster.metadata;
  const observation: Observation = {
    nowMs: world.clock.unixMs(),
    cluster: {
      name,
      uid,
      generation,
      wanted: cluster.spec.replicas,
      paused: cluster.spec.paused,
      restore: cluster.spec.bootstrap?.restore !== undefined,
      ...(deletion && { deletion }),
      ...(change.kind === "Held" && { upgradeAfter: change.turn }),
    },
    latched,
    statefulSet: observedStatefulSet(objects.statefulSet),
    pods: looks.map(({ ordinal, pod, process }) => ({ ...observedPod(ordinal, pod, objects.statefulSet), process })),
    claims: objects.claims.map(({ ordinal, claim }) => observedClaim(ordinal, claim, cluster)),
    members,
  };
  return { observation, objects };
}

function latchedOf({ status }: EtcdCluster): Latched {
  const { clusterID, seed, operation } = status ?? {};
  return {
    ...(clusterID !== undefined && { clusterId: clusterID }),
    ...(seed && { seed: { podUid: seed.podUid, started: seed.started } }),
    ...(operation && { operation: operationOf(operation) }),
  };
}

function operationOf(written: NonNullable<NonNullable<EtcdCluster["status"]>["operation"]>): Operation {
  const { type, phase, target, memberID, podUid, startedAt, attempt } = written;
  return {
    type,
    phase: phase as Step["kind"],
    target,
    startedMs: Date.parse(startedAt),
    attempt,
    ...(memberID !== undefined && { memberId: memberID }),
    ...(podUid !== undefined && { podUid }),
  };
}

function deletionOf({ informers }: ControllerWorld, { metadata, spec }: EtcdCluster): Deletion | undefined {
  const { name, namespace, uid, deletionTimestamp } = metadata;
  if (deletionTimestamp === undefined) return undefined;
  const backup = informers.backups.get(keyText({ namespace, name: finalBackupName(name, uid) }));
  return {
    policy: spec.deletionPolicy,
    startedMs: Date.parse(deletionTimestamp),
    finalBackup: backup ? finalBackupState(backup.status?.phase) : "None",
  };
}

/** Stored is not enough: it counts as taken when it has been read back. */
function finalBackupState(phase: string | undefined): Deletion["finalBackup"] {
  if (phase === "Verified") return "Done";
  return phase === "Failed" ? "Failed" : "Pending";
}
