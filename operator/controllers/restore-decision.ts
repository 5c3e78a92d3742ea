import { findCondition, isTrue } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdRestore, EtcdRestoreStatus } from "../types/etcd-restore.ts";
import { ANNOTATIONS, podName } from "../types/names.ts";
import { clipped } from "./backup-message.ts";
import type { JobTrouble } from "./backup-job-outcome.ts";
import type { FetchOutcome } from "./restore-fetch-outcome.ts";
import type { ResolvedSource, RestoreSnapshot } from "./restore-source.ts";

/** So long a seed that is in trouble (no store, no node, no image) is waited for. */
const TROUBLE_LIMIT_MS = 3_600_000;

/** What a decision about a restore rests on. */
export interface RestoreObservation {
  readonly nowMs: number;
  readonly restore: EtcdRestore;
  readonly source: ResolvedSource;
  /** The EtcdCluster of the name that the restore is to make. */
  readonly cluster: EtcdCluster | undefined;
  /** Claims that an earlier cluster of that name has left. */
  readonly leftClaims: readonly string[];
  readonly fetch: FetchOutcome;
}

type Phase = NonNullable<EtcdRestoreStatus["phase"]>;

/** How far a restore is whose cluster exists. */
export interface RestoreProgress extends JobTrouble {
  readonly phase: Exclude<Phase, "Completed" | "Failed">;
  readonly clusterUid?: string;
  readonly restoredRevision?: number;
}

/** What comes next for a restore. Every one may be repeated, also after a crash at any line. */
export type RestoreStep =
  | { readonly kind: "None" }
  /** It is seen for the first time. */
  | { readonly kind: "Start" }
  | ({ readonly kind: "Wait" } & RestoreProgress)
  /** Write down which snapshot it is: the backup may be gone later. */
  | { readonly kind: "Latch"; readonly snapshot: RestoreSnapshot }
  | { readonly kind: "CreateCluster"; readonly snapshot: RestoreSnapshot }
  | { readonly kind: "Complete"; readonly clusterUid: string; readonly restoredRevision?: number }
  | ({ readonly kind: "Fail" } & JobTrouble);

/** Decides about a restore. A cluster that it did not make is never touched. */
export function restoreStep(observation: RestoreObservation): RestoreStep {
  const { restore, cluster } = observation;
  const { status } = restore;
  if (status?.phase === "Completed" || status?.phase === "Failed") return { kind: "None" };
  if (status?.phase === undefined) return { kind: "Start" };
  if (status.clusterUID !== undefined) return made(observation, status.clusterUID);
  if (!cluster) return toMake(observation);
  if (cluster.metadata.annotations?.[ANNOTATIONS.restoreUid] === restore.metadata.uid)
    return follow(observation, cluster);
  const message = `there is an EtcdCluster ${cluster.metadata.name} already, which this restore did not make: nothing was touched. Write an EtcdRestore with another clusterName`;
  return { kind: "Fail", reason: "ClusterExists", message };
}

function toMake({ restore, source, leftClaims }: RestoreObservation): RestoreStep {
  const { spec, status } = restore;
  if (spec.template.replicas === 0) {
    const message = "spec.template.replicas is 0: a cluster is restored into at least one member. Write 1, 3 or 5";
    return { kind: "Fail", reason: "NoMembers", message };
  }
  if (leftClaims.length > 0) {
    const message = `an earlier EtcdCluster ${spec.clusterName} has left ${leftClaims.join(", ")}, which are not touched: delete these claims if their data may go, or write another clusterName`;
    return { kind: "Fail", reason: "ClaimsExist", message };
  }
  if (status?.snapshot) return { kind: "CreateCluster", snapshot: status.snapshot };
  switch (source.kind) {
    case "Wait":
      return { kind: "Wait", phase: "Validating", reason: source.reason, message: source.message };
    case "Fail":
      return { kind: "Fail", reason: source.reason, message: source.message };
    case "Resolved":
      return { kind: "Latch", snapshot: source.snapshot };
  }
}

function made(observation: RestoreObservation, clusterUid: string): RestoreStep {
  const { cluster, restore } = observation;
  if (cluster?.metadata.uid === clusterUid && cluster.metadata.deletionTimestamp === undefined)
    return follow(observation, cluster);
  const message = `EtcdCluster ${restore.spec.clusterName} was deleted before the restore was complete`;
  return { kind: "Fail", reason: "ClusterDeleted", message };
}

function follow(observation: RestoreObservation, cluster: EtcdCluster): RestoreStep {
  const { restore, fetch } = observation;
  const { status, metadata } = cluster;
  const revision =
    fetch.kind === "Restored" ? fetch.revision : (restore.status?.restoredRevision ?? knownRevision(observation));
  const known = {
    clusterUid: metadata.uid,
    ...(revision !== undefined && { restoredRevision: revision }),
  };
  if (status?.clusterID === undefined) return founding(observation, cluster, known);
  if (isComplete(cluster)) return { kind: "Complete", ...known };
  const joined = `${String(status.readyReplicas ?? 0)} of ${String(cluster.spec.replicas)} members serve`;
  return {
    kind: "Wait",
    phase: "Joining",
    reason: "Joining",
    message: `${metadata.name}: ${joined}${progressOf(cluster)}`,
    ...known,
  };
}

/** A seed that was replaced after it had begun no longer says what it was restored from. */
function knownRevision({ restore, cluster, fetch }: RestoreObservation): number | undefined {
  const isFounded = cluster?.status?.clusterID !== undefined || fetch.kind === "Owned";
  return isFounded ? restore.status?.snapshot?.revision : undefined;
}

function founding(
  { nowMs, fetch }: RestoreObservation,
  cluster: EtcdCluster,
  known: Pick<RestoreProgress, "clusterUid" | "restoredRevision">,
): RestoreStep {
  const { name } = cluster.metadata;
  const seed = podName(name, 0);
  const degraded = findCondition(cluster.status?.conditions, "Degraded");
  if (degraded?.status === "True" && degraded.reason === "ForeignVolume")
    return fail(cluster, { reason: "VolumeOccupied", message: degraded.message });
  switch (fetch.kind) {
    case "Failed":
      return fail(cluster, fetch);
    case "NotBegun":
      return fetching(`EtcdCluster ${name} is made; ${seed} is to fetch the snapshot${progressOf(cluster)}`, known);
    case "Running": {
      const { trouble } = fetch;
      if (!trouble) return fetching(`${seed} fetches the snapshot`, known);
      const madeMs = Date.parse(cluster.metadata.creationTimestamp ?? "");
      if (nowMs - madeMs >= TROUBLE_LIMIT_MS)
        return fail(cluster, { ...trouble, message: `for an hour in vain: ${trouble.message}` });
      return {
        ...fetching(`${seed} tries again to fetch the snapshot: ${trouble.message}`, known),
        reason: trouble.reason,
      };
    }
    case "Restored":
    case "Owned":
      return {
        kind: "Wait",
        phase: "Seeding",
        reason: "Seeding",
        message: `${seed} has the data and is to found the cluster${progressOf(cluster)}`,
        ...known,
      };
  }
}

function fetching(
  message: string,
  known: Pick<RestoreProgress, "clusterUid" | "restoredRevision">,
): { readonly kind: "Wait" } & RestoreProgress {
  return { kind: "Wait", phase: "Fetching", reason: "Fetching", message, ...known };
}

/** What was made stays, for whoever wants to see why; only a person deletes it. */
function fail({ metadata: { name } }: EtcdCluster, { reason, message }: JobTrouble): RestoreStep {
  const left = `EtcdCluster ${name}, which was made for it, has no data: delete it and its claims, then write another EtcdRestore`;
  return { kind: "Fail", reason, message: `${clipped(message)}. ${left}` };
}

function isComplete({ metadata, spec, status }: EtcdCluster): boolean {
  const isSeen = status?.observedGeneration === metadata.generation;
  const isWhole = status?.voters === spec.replicas && status.readyReplicas === spec.replicas;
  return isSeen && isWhole && isTrue(status.conditions, "Available");
}

function progressOf({ status }: EtcdCluster): string {
  const progressing = findCondition(status?.conditions, "Progressing");
  return progressing ? ` (${progressing.message})` : "";
}
