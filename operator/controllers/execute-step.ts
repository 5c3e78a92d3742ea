import { failpoint } from "../config/failpoint.ts";
import { deleteObject } from "../kube/delete-object.ts";
import { claimKind, podKind } from "../kube/kinds.ts";
import { isFault } from "../kube/kube-error.ts";
import { backupKind, clusterKind } from "../kube/kvorum-kinds.ts";
import { setFinalizer } from "../kube/set-finalizer.ts";
import type { DeleteClaim, DeletePod, GrantSeed, Step } from "../plan/step.ts";
import { finalBackup } from "../resources/requested-backup.ts";
import { timestamp } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdClusterStatus } from "../types/etcd-cluster-status.ts";
import { FINALIZERS } from "../types/names.ts";
import { applyStatefulSet } from "./apply-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { grantJoin, grantSeed } from "./grant-permit.ts";
import { latch } from "./latch.ts";
import { changeMembers, DONE, type StepOutcome } from "./member-steps.ts";
import type { Observed } from "./observe-cluster.ts";
import { StepError } from "./step-error.ts";

/**
 * Does one step. It decides nothing: what it finds different from what was observed makes it fail, and the next look
 * decides anew. A StepError says in words why.
 */
export async function executeStep(
  world: ControllerWorld,
  cluster: EtcdCluster,
  step: Step,
  observed: Observed,
): Promise<StepOutcome> {
  switch (step.kind) {
    case "None":
    case "Wait":
      return DONE;
    case "ScaleStatefulSet":
      await applyStatefulSet(world, cluster, observed.objects, step.replicas);
      await failpoint("after-scale-stateful-set");
      return DONE;
    case "GrantSeed":
      return foundCluster(world, cluster, step, observed);
    case "LatchSeedStarted":
      await latch(world, cluster, startedSeed(cluster));
      await failpoint("after-latch-seed-started");
      return DONE;
    case "LatchCluster":
      await latch(world, cluster, { clusterID: step.clusterId, ...(cluster.status?.seed && startedSeed(cluster)) });
      await failpoint("after-latch-cluster");
      return DONE;
    case "GrantJoin": {
      const { members = [], latched } = observed.observation;
      if (latched.clusterId === undefined) throw new StepError("nobody joins a cluster whose id is not known");
      await grantJoin(world, cluster, step, { objects: observed.objects, members, clusterId: latched.clusterId });
      await failpoint("after-grant-join");
      return DONE;
    }
    case "AddLearner":
    case "Promote":
    case "MoveLeader":
    case "RemoveMember":
    case "StartReplace":
    case "FinishReplace": {
      const outcome = await changeMembers(world, cluster, step, observed);
      await failpoint(AFTER[step.kind]);
      return outcome;
    }
    case "DeletePod":
      await deletePod(world, step, observed);
      await failpoint("after-delete-pod");
      return DONE;
    case "DeleteClaim":
      await deleteClaim(world, step, observed);
      await failpoint("after-delete-claim");
      return DONE;
    case "FinalBackup":
      await requestFinalBackup(world, cluster);
      await failpoint("after-final-backup");
      return DONE;
    case "RemoveFinalizer":
      await failpoint("before-remove-finalizer");
      await setFinalizer(
        world.client,
        clusterKind,
        cluster,
        { name: FINALIZERS.cluster, isWanted: false },
        world.informers.clusters,
      );
      return DONE;
  }
}

const AFTER = {
  AddLearner: "after-add-learner",
  Promote: "after-promote",
  MoveLeader: "after-move-leader",
  RemoveMember: "after-remove-member",
  StartReplace: "after-start-replace",
  FinishReplace: "after-finish-replace",
} as const;

/** Written down first: whatever happens then, nobody else is given leave to found this cluster. */
async function foundCluster(
  world: ControllerWorld,
  cluster: EtcdCluster,
  step: GrantSeed,
  { objects }: Observed,
): Promise<StepOutcome> {
  const seed = { podUid: step.podUid, grantedAt: timestamp(world.clock.unixMs()), started: false };
  const latched = await latch(world, cluster, { seed });
  await failpoint("after-latch-seed");
  await grantSeed(world, latched, step, objects);
  await failpoint("after-grant-seed");
  return DONE;
}

function startedSeed({ status }: EtcdCluster): Pick<EtcdClusterStatus, "seed"> {
  if (!status?.seed) throw new StepError("there is no seed to be latched");
  return { seed: { ...status.seed, started: true } };
}

/** That very pod and no successor of it. */
async function deletePod({ client }: ControllerWorld, { uid }: DeletePod, { objects }: Observed): Promise<void> {
  const found = objects.pods.find(({ pod }) => pod.metadata.uid === uid);
  if (found) await deleteObject(client, podKind, found.pod, "same-object");
}

async function deleteClaim({ client }: ControllerWorld, { uid }: DeleteClaim, { objects }: Observed): Promise<void> {
  const found = objects.claims.find(({ claim }) => claim.metadata.uid === uid);
  if (found) await deleteObject(client, claimKind, found.claim, "same-object");
}

async function requestFinalBackup({ client, informers }: ControllerWorld, cluster: EtcdCluster): Promise<void> {
  const wanted = finalBackup(cluster);
  if (!wanted) throw new StepError("spec.finalBackup names no store for the last backup");
  try {
    informers.backups.remember(await client.create(backupKind, wanted));
  } catch (error) {
    // Made before a crash.
    if (!isFault(error, "AlreadyExists")) throw error;
  }
}
