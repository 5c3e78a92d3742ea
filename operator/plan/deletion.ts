import { RETRY_MS, act, operation, since, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Deletion, Observation } from "./observation.ts";
import { hasQuorum } from "./quorum.ts";

/** So long a cluster that is being deleted may take to be able to give its last backup. */
const QUORUM_LIMIT_MS = 600_000;
/** So long the last backup may take. */
const BACKUP_LIMIT_MS = 3_600_000;

/**
 * The EtcdCluster goes, and its claims with it if they are to. It never hangs on a dead cluster: what can no longer be
 * backed up is kept instead, and the object is let go.
 */
export function deletion(observation: Observation): Decision | undefined {
  const { deletion: asked } = observation.cluster;
  if (!asked) return undefined;
  switch (asked.policy) {
    case "Retain":
      return letGo(observation, "Deleting", "the claims are kept: deletionPolicy is Retain");
    case "Delete":
      return deleteClaims(observation);
    case "SnapshotThenDelete":
      return asked.finalBackup === "Done" ? deleteClaims(observation) : backUp(observation, asked);
  }
}

function backUp(observation: Observation, { finalBackup, startedMs }: Deletion): Decision {
  const { nowMs } = observation;
  const deleting = operation(observation, "Delete", observation.cluster.name);
  if (finalBackup === "None" && hasQuorum(observation)) {
    return act({ kind: "FinalBackup" }, "FinalBackup", "a last backup is taken before the claims go", deleting);
  }
  if (finalBackup === "None" && nowMs - startedMs < QUORUM_LIMIT_MS) {
    const message = `the last backup needs a healthy cluster, waited for ${since(startedMs)}; after 10 minutes the claims are kept`;
    return wait("FinalBackup", message, RETRY_MS.pod, deleting);
  }
  if (finalBackup === "Pending" && nowMs - startedMs < BACKUP_LIMIT_MS) {
    return wait("FinalBackup", `the last backup is being taken ${since(startedMs)}`, RETRY_MS.pod, deleting);
  }
  const message = "no last backup could be taken: the claims are kept, delete them by hand if their data may go";
  return letGo(observation, "FinalBackupFailed", message);
}

/** The StatefulSet first, or it would make a claim anew. Pods that hang are not waited for: their claims go with them. */
function deleteClaims(observation: Observation): Decision {
  const { cluster, statefulSet, claims } = observation;
  const deleting = operation(observation, "Delete", cluster.name);
  if (statefulSet && statefulSet.replicas > 0) {
    return act({ kind: "ScaleStatefulSet", replicas: 0 }, "Deleting", "the pods are stopped", deleting);
  }
  const claim = claims.find(({ isOurs, terminating }) => isOurs && !terminating);
  if (!claim) return letGo(observation, "Deleting", "the claims are deleted");
  const message = `the claims are deleted: deletionPolicy is ${cluster.deletion?.policy ?? "Delete"}`;
  return act({ kind: "DeleteClaim", ordinal: claim.ordinal, uid: claim.uid }, "Deleting", message, deleting);
}

function letGo(observation: Observation, reason: "Deleting" | "FinalBackupFailed", message: string): Decision {
  return act({ kind: "RemoveFinalizer" }, reason, message, operation(observation, "Delete", observation.cluster.name));
}
