import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdBackupStore } from "../types/etcd-backup-store.ts";
import type { EtcdClusterSpec } from "../types/etcd-cluster-spec.ts";
import { backupJobName, FIELD_MANAGER, LABELS } from "../types/names.ts";
import { backupCommand } from "./backup-commands.ts";
import type { BackupTask } from "./backup-commands.ts";
import type { Job, Labels, PodFailureRule, PodSpec } from "./kubernetes-objects.ts";
import { nodeChoice } from "./placement.ts";
import type { Platform } from "./platform.ts";
import { CONTAINER_SECURITY, POD_SECURITY } from "./pod-security.ts";
import { storeAccess } from "./store-access.ts";
import { ownerReference } from "./written-meta.ts";

/** How often a Job is tried again before the backup has failed; a pod that its node had to give up is not counted. */
const RETRIES = 3;
/** What a command ends with when only a person can help. */
const EXIT_HOPELESS = 2;
/** A backup that takes longer has failed: a schedule would wait behind it for ever. */
const DEADLINE_SECONDS = 6 * 3600;

/** What a backup's Job works on. */
export interface BackupWork {
  readonly backup: EtcdBackup;
  readonly store: EtcdBackupStore;
  readonly task: BackupTask;
  /** The cluster's spec as long as there is a cluster: its Jobs run where its members may run. */
  readonly cluster?: EtcdClusterSpec;
}

/**
 * Tells Kubernetes to run one piece of work of a backup in a pod of its own, so that it outlives a restart of the
 * operator. It runs the operator's image, whatever the members run: its command is the operator's. Its pod speaks to
 * nobody but the member and the store, and works without the cluster's ServiceAccount, which may be gone by then.
 */
export function backupJob({ backup, store, task, cluster }: BackupWork, platform: Platform): Job {
  const { name, namespace } = backup.metadata;
  const labels: Labels = {
    [LABELS.name]: "kvorum",
    [LABELS.instance]: backup.spec.clusterRef.name,
    [LABELS.component]: "backup",
    [LABELS.managedBy]: FIELD_MANAGER,
    [LABELS.cluster]: backup.spec.clusterRef.name,
    [LABELS.backup]: name,
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: backupJobName(name, task.purpose),
      namespace,
      labels,
      ownerReferences: [ownerReference(backup)],
    },
    spec: {
      backoffLimit: RETRIES,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      podFailurePolicy: { rules: failureRules(task.purpose) },
      template: { metadata: { labels }, spec: jobPod(store, task, cluster, platform) },
    },
  };
}

/** A drained node is no failure of the backup; a store that refuses the keys will refuse them again. */
function failureRules(containerName: string): readonly PodFailureRule[] {
  return [
    { action: "FailJob", onExitCodes: { containerName, operator: "In", values: [EXIT_HOPELESS] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  ];
}

function jobPod(
  store: EtcdBackupStore,
  task: BackupTask,
  cluster: EtcdClusterSpec | undefined,
  platform: Platform,
): PodSpec {
  const access = storeAccess(store, task.purpose === "verify" ? "Read" : "Write");
  const pullSecrets = cluster?.image.pullSecrets ?? [];
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Each try is a pod of its own, so that its last words can be read.
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 10,
    securityContext: POD_SECURITY,
    ...(cluster && nodeChoice(cluster.scheduling)),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
    containers: [
      {
        name: task.purpose,
        image: platform.image,
        imagePullPolicy: cluster?.image.pullPolicy ?? "IfNotPresent",
        command: backupCommand(task, access),
        ...(access.env.length > 0 && { env: access.env }),
        resources: { requests: { cpu: "50m", memory: "128Mi" } },
        securityContext: CONTAINER_SECURITY,
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, ...access.volumeMounts],
      },
    ],
    volumes: [{ name: "tmp", emptyDir: {} }, ...access.volumes],
  };
}
