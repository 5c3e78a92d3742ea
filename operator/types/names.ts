/** What the operator signs its server-side applies with. */
export const FIELD_MANAGER = "kvorum-operator";

/** Labels of every object that the operator makes. */
export const LABELS = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  managedBy: "app.kubernetes.io/managed-by",
  /** The cluster that an object belongs to. */
  cluster: "kvorum.io/cluster",
  /** On a claim: UID of the EtcdCluster that it was made for; an earlier one of the same name had another. */
  clusterUid: "kvorum.io/cluster-uid",
  /** The EtcdBackup that a Job belongs to. */
  backup: "kvorum.io/backup",
  /** The EtcdBackupSchedule that an EtcdBackup comes from. */
  schedule: "kvorum.io/schedule",
  /** The EtcdRestore that an EtcdCluster was made by. */
  restore: "kvorum.io/restore",
} as const;

/** The component that a member's pod is, by its label. */
export const MEMBER_COMPONENT = "member";

/** Annotations that the operator writes. */
export const ANNOTATIONS = {
  /** On a pod: which template it was made from. Pods whose value differs from the template's are out of date. */
  templateHash: "kvorum.io/template-hash",
  /** On a StatefulSet: which spec its template was made of. */
  templateSource: "kvorum.io/template-source",
  /** On a StatefulSet: whether the spec or another operator changed its template last. */
  rolloutCause: "kvorum.io/rollout-cause",
  /** On an EtcdCluster: UID of the EtcdRestore that made it, so that the restore knows its own work again. */
  restoreUid: "kvorum.io/restore-uid",
  /** On an EtcdBackup: the time of the schedule that it was made for, as RFC 3339. */
  scheduledFor: "kvorum.io/scheduled-for",
} as const;

/** Finalizers that hold an object until the operator has done what its deletion asks for. */
export const FINALIZERS = {
  cluster: "kvorum.io/cluster",
  backup: "kvorum.io/backup",
} as const;

/** Ports of a member. */
export const PORTS = { client: 2379, peer: 2380 } as const;

/** Secret with the key that signs permits, in the operator's own namespace. */
export const PERMIT_KEY_SECRET = "kvorum-permit-key";

/** Name of the StatefulSet, the PodDisruptionBudget and the ServiceAccount of a cluster. */
export function statefulSetName(cluster: string): string {
  return cluster;
}

/** Name of the headless Service: every pod, ready or not, under a name of its own. */
export function peerServiceName(cluster: string): string {
  return `${cluster}-peers`;
}

/** Name of the Service for clients: the pods that serve. */
export function clientServiceName(cluster: string): string {
  return `${cluster}-client`;
}

/** Name of a member's pod. */
export function podName(cluster: string, ordinal: number): string {
  return `${cluster}-${String(ordinal)}`;
}

/** Name of a member's claim. */
export function claimName(cluster: string, ordinal: number): string {
  return `data-${podName(cluster, ordinal)}`;
}

/** The ordinal in the name of a pod; undefined for a pod that is none of the cluster's. Numeric: x-10 is after x-9. */
export function ordinalOfPod(cluster: string, pod: string): number | undefined {
  if (!pod.startsWith(`${cluster}-`)) return undefined;
  const digits = pod.slice(cluster.length + 1);
  return /^(0|[1-9][0-9]{0,8})$/.test(digits) ? Number(digits) : undefined;
}

/** The ordinal in the name of a claim; undefined for a claim that is none of the cluster's. */
export function ordinalOfClaim(cluster: string, claim: string): number | undefined {
  return claim.startsWith("data-") ? ordinalOfPod(cluster, claim.slice("data-".length)) : undefined;
}

/** A cluster by name and namespace. */
export interface ClusterAddress {
  readonly name: string;
  readonly namespace: string;
}

/** What a pod's name is followed by in its host name. */
export function peerHostSuffix({ name, namespace }: ClusterAddress): string {
  return `${peerServiceName(name)}.${namespace}.svc`;
}

/** The URL under which the other members reach a member. */
export function peerUrl(cluster: ClusterAddress, ordinal: number): string {
  return `http://${podName(cluster.name, ordinal)}.${peerHostSuffix(cluster)}:${String(PORTS.peer)}`;
}

/** The URL under which clients reach one certain member. */
export function memberClientUrl(cluster: ClusterAddress, ordinal: number): string {
  return `http://${podName(cluster.name, ordinal)}.${peerHostSuffix(cluster)}:${String(PORTS.client)}`;
}

/** The URL under which clients reach whichever member serves: what a user types. */
export function clientUrl({ name, namespace }: ClusterAddress): string {
  return `http://${clientServiceName(name)}.${namespace}.svc:${String(PORTS.client)}`;
}

/** The ordinal of the member with that peer URL; undefined for a member that is none of the cluster's pods. */
export function ordinalOfPeerUrl(cluster: ClusterAddress, url: string): number | undefined {
  const host = /^https?:\/\/([^/:]+)(:[0-9]+)?\/?$/.exec(url)?.[1];
  const suffix = `.${peerHostSuffix(cluster)}`;
  return host?.endsWith(suffix) ? ordinalOfPod(cluster.name, host.slice(0, -suffix.length)) : undefined;
}

/** The labels that select a cluster's pods. They can never change: a StatefulSet's selector is immutable. */
export function memberSelector(cluster: string): Readonly<Record<string, string>> {
  return {
    [LABELS.name]: "kvorum",
    [LABELS.instance]: cluster,
    [LABELS.component]: MEMBER_COMPONENT,
  };
}

/** The labels of every object of a cluster. */
export function clusterLabels(cluster: string): Readonly<Record<string, string>> {
  return { ...memberSelector(cluster), [LABELS.managedBy]: FIELD_MANAGER, [LABELS.cluster]: cluster };
}

/** Labels as one selector, as the scale subresource and list calls take them. */
export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** What a Job of a backup is for. */
export type BackupJobPurpose = "upload" | "verify" | "delete";

/** Name of a Job of a backup. */
export function backupJobName(backup: string, purpose: BackupJobPurpose): string {
  return `${backup}-${purpose}`;
}

/** Name of the backup that a schedule takes at a time. The same time gives the same name, so that it is taken once. */
export function scheduledBackupName(schedule: string, timeMs: number): string {
  const digits = new Date(timeMs).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  return `${schedule}-${digits}`;
}

/** Name of the last backup of a cluster that is being deleted; of its own for each life of a cluster's name. */
export function finalBackupName(cluster: string, clusterUid: string): string {
  return `${cluster.slice(0, 41).replace(/-+$/, "")}-final-${clusterUid.replaceAll("-", "").slice(0, 8)}`;
}
