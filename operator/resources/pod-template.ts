import type { EtcdBackupStore } from "../types/etcd-backup-store.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdClusterSpec } from "../types/etcd-cluster-spec.ts";
import { ANNOTATIONS, clusterLabels, peerHostSuffix, PORTS, statefulSetName } from "../types/names.ts";
import { DATA_FOLDER, restoreCommand } from "./backup-commands.ts";
import type { StoredSnapshot } from "./backup-commands.ts";
import type { Container, EnvVar, PodSpec, PodTemplate, Probe, Quantities, Resources } from "./kubernetes-objects.ts";
import { memberImage } from "./member-image.ts";
import { memberPlacement } from "./placement.ts";
import type { Platform } from "./platform.ts";
import { CONTAINER_SECURITY, POD_SECURITY } from "./pod-security.ts";
import { serverArguments } from "./server-arguments.ts";
import { storeAccess } from "./store-access.ts";
import { templateHash } from "./template-hash.ts";

/** Name of the volume and of the claim template that holds a member's data. */
export const DATA_VOLUME = "data";

/** A snapshot to begin with, and the store that it is in. */
export interface RestoreSource extends StoredSnapshot {
  readonly store: EtcdBackupStore;
}

/**
 * Tells Kubernetes what a member's pod is. `restore` is for the time until the cluster has its id: the seed is founded
 * from it, and later it would only make every restart depend on the store. It is not part of the template's hash, so
 * nobody is restarted because it has gone.
 */
export function podTemplate(cluster: EtcdCluster, platform: Platform, restore?: RestoreSource): PodTemplate {
  const { name } = cluster.metadata;
  const spec = podSpec(cluster, platform);
  return {
    metadata: {
      labels: clusterLabels(name),
      annotations: { [ANNOTATIONS.templateHash]: templateHash(spec) },
    },
    spec: restore ? withRestore(cluster, platform, spec, restore) : spec,
  };
}

function podSpec(cluster: EtcdCluster, platform: Platform): PodSpec {
  const { metadata, spec } = cluster;
  const { pullSecrets } = spec.image;
  return {
    serviceAccountName: statefulSetName(metadata.name),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Time for a leader to hand over and for the last batch to reach the disk.
    terminationGracePeriodSeconds: 30,
    securityContext: POD_SECURITY,
    ...memberPlacement(metadata.name, spec.scheduling),
    ...(pullSecrets && pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
    containers: [memberContainer(cluster, platform)],
    // The data volume comes from the claim template.
    volumes: [{ name: "tmp", emptyDir: {} }],
  };
}

function memberContainer(cluster: EtcdCluster, platform: Platform): Container {
  const { spec } = cluster;
  const resources = written(spec.resources);
  return {
    name: "member",
    image: memberImage(spec, platform),
    imagePullPolicy: spec.image.pullPolicy,
    command: memberCommand(cluster, platform),
    env: POD_ENV,
    ports: [
      { name: "client", containerPort: PORTS.client, protocol: "TCP" },
      { name: "peer", containerPort: PORTS.peer, protocol: "TCP" },
    ],
    ...PROBES,
    ...(resources && { resources }),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: DATA_VOLUME, mountPath: DATA_FOLDER },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function memberCommand({ metadata, spec }: EtcdCluster, { permitPublicKey }: Platform): readonly string[] {
  return [
    "/kvorum/dist/bin/kvorum",
    "member",
    `--cluster-uid=${metadata.uid}`,
    `--permit-public-key=${permitPublicKey}`,
    `--peer-host-suffix=${peerHostSuffix(metadata)}`,
    `--data-dir=${DATA_FOLDER}`,
    "--",
    ...serverArguments(spec),
  ];
}

function withRestore(cluster: EtcdCluster, platform: Platform, spec: PodSpec, restore: RestoreSource): PodSpec {
  const access = storeAccess(restore.store, "Read");
  const fetch: Container = {
    name: "restore",
    // The members' image: they have to read what it writes.
    image: memberImage(cluster.spec, platform),
    imagePullPolicy: cluster.spec.image.pullPolicy,
    command: restoreCommand(cluster, restore, access),
    env: [...POD_ENV, ...access.env],
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: DATA_VOLUME, mountPath: DATA_FOLDER },
      { name: "tmp", mountPath: "/tmp" },
      ...access.volumeMounts,
    ],
  };
  return { ...spec, initContainers: [fetch], volumes: [...spec.volumes, ...access.volumes] };
}

const POD_ENV: readonly EnvVar[] = [
  { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
  { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
];

const probe = (path: string, periodSeconds: number, failureThreshold: number): Probe => ({
  httpGet: { path, port: "client" },
  periodSeconds,
  timeoutSeconds: 5,
  failureThreshold,
});

/**
 * Readiness takes a member out of the client Service within seconds. Liveness ends a process only after a minute without
 * any answer: a restart heals neither a slow disk nor a lost quorum, and costs an election.
 */
const PROBES = {
  startupProbe: probe("/livez", 2, 90),
  livenessProbe: probe("/livez", 10, 6),
  readinessProbe: probe("/readyz", 5, 2),
} as const;

function written(resources: EtcdClusterSpec["resources"]): Resources | undefined {
  if (!resources) return undefined;
  const { requests, limits } = resources;
  return { ...(requests && { requests: texts(requests) }), ...(limits && { limits: texts(limits) }) };
}

/** Quantities as text, as the API server stores them: a number would look like a change at every comparison. */
function texts(quantities: Readonly<Record<string, number | string>>): Quantities {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, String(quantity)]));
}
