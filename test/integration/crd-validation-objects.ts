import { backupJob } from "../../operator/resources/backup-job.ts";
import { clientService } from "../../operator/resources/client-service.ts";
import { headlessService } from "../../operator/resources/headless-service.ts";
import { podDisruptionBudget } from "../../operator/resources/pod-disruption-budget.ts";
import { podTemplate, type RestoreSource } from "../../operator/resources/pod-template.ts";
import type { PodTemplate } from "../../operator/resources/kubernetes-objects.ts";
import { finalBackup, scheduledBackup } from "../../operator/resources/requested-backup.ts";
import { restoredCluster } from "../../operator/resources/restored-cluster.ts";
import { serviceAccount } from "../../operator/resources/service-account.ts";
import { statefulSet } from "../../operator/resources/stateful-set.ts";
import type { EtcdClusterSpecInput } from "../../operator/types/etcd-cluster-spec.ts";
import { FIELD_MANAGER } from "../../operator/types/names.ts";
import type { Answer, BareApiServer } from "../support/bare-api-server.ts";
import {
  BUCKET,
  etcdBackup,
  etcdBackupSchedule,
  etcdBackupStore,
  etcdCluster,
  etcdRestore,
  VOLUME,
} from "../support/operator-objects.ts";
import { PLATFORM } from "../support/operator-platform.ts";
import type { Verdicts } from "../support/verdicts.ts";

const RICH: EtcdClusterSpecInput = {
  version: "0.2.0",
  image: { digest: `sha256:${"a".repeat(64)}`, pullSecrets: [{ name: "registry" }] },
  storage: { size: "20Gi", storageClassName: "fast" },
  resources: { requests: { cpu: 1, memory: "1Gi" }, limits: { memory: "2Gi" } },
  scheduling: {
    podAntiAffinity: "Required",
    topologySpread: [{ topologyKey: "rack", maxSkew: 2, whenUnsatisfiable: "DoNotSchedule" }],
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 }],
  },
  disruption: { unhealthyPodEvictionPolicy: "IfHealthyBudget" },
};

/** Where the API server refuses pods that break the restricted profile of the Pod Security Standards. */
const RESTRICTED_NAMESPACE = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "ns", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

/**
 * Everything that the builders make, applied as the operator does it: server-side and strictly, twice, because the second
 * apply must be taken too and change nothing.
 */
export function checkBuiltObjects(server: BareApiServer, verdicts: Verdicts): void {
  const apply = (object: object) =>
    server.kubectl(
      ["apply", "--server-side", "--validate=strict", `--field-manager=${FIELD_MANAGER}`, "-f", "-", "-o", "json"],
      JSON.stringify(object),
    );
  apply(RESTRICTED_NAMESPACE);
  for (const [title, object] of builtObjects()) {
    const first = apply(object);
    const second = apply(object);
    const isSame = generationOf(second.text) === generationOf(first.text);
    const fault = !first.isDone
      ? first.text
      : !second.isDone
        ? second.text
        : isSame
          ? ""
          : "the second apply changed it";
    verdicts.check(fault === "", `built and applied: ${title}${fault && `\n       ${fault}`}`);
  }
  const asRoot = { securityContext: { runAsUser: 0 }, containers: [{ name: "c", image: "i" }] };
  verdicts.check(!createPod(server, asRoot).isDone, "a restricted namespace refuses a pod that runs as root");
  for (const [title, template] of podTemplates()) {
    const { isDone, text } = createPod(server, template.spec);
    verdicts.check(isDone, `a restricted namespace takes ${title}${isDone ? "" : `\n       ${text}`}`);
  }
}

/** A claim template becomes a volume only in a StatefulSet's pods. */
function withVolume(template: PodTemplate): PodTemplate {
  const volumes = [...template.spec.volumes, { name: "data", emptyDir: {} }];
  return { ...template, spec: { ...template.spec, volumes } };
}

function createPod(server: BareApiServer, spec: object): Answer {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "ns" }, spec };
  return server.kubectl(["create", "--validate=strict", "--dry-run=server", "-f", "-"], JSON.stringify(pod));
}

function builtObjects(): readonly (readonly [title: string, object: object])[] {
  const plain = etcdCluster();
  const rich = etcdCluster(RICH, "rich");
  const restore: RestoreSource = { store: etcdBackupStore(VOLUME), key: "a.db" };
  const budget = podDisruptionBudget(plain, 3);
  const backup = etcdBackup();
  const upload = {
    purpose: "upload",
    key: "k",
    endpoint: "http://e:2379",
    backup: "b",
    clusterUid: "u",
    clusterId: "c0de",
  } as const;
  return [
    ["StatefulSet", statefulSet(plain, PLATFORM, { replicas: 1 })],
    ["StatefulSet with another number of pods", statefulSet(plain, PLATFORM, { replicas: 3 })],
    [
      "StatefulSet whose volumes have grown",
      statefulSet(etcdCluster({ storage: { size: "40Gi" } }), PLATFORM, { replicas: 3, claimSize: "10Gi" }),
    ],
    ["StatefulSet with all that a spec can say", statefulSet(rich, PLATFORM, { replicas: 3 })],
    ["StatefulSet of a restore", statefulSet(etcdCluster({}, "restored"), PLATFORM, { replicas: 1, restore })],
    ["headless Service", headlessService(plain)],
    ["client Service", clientService(plain)],
    ["PodDisruptionBudget", budget ?? {}],
    ["ServiceAccount", serviceAccount(plain)],
    ["Job with a bucket", backupJob({ backup, store: etcdBackupStore(BUCKET), task: upload }, PLATFORM)],
    ["EtcdBackup of a schedule", scheduledBackup(etcdBackupSchedule(), Date.UTC(2026, 10, 21))],
    [
      "EtcdBackup of a cluster that is deleted",
      finalBackup(etcdCluster({ finalBackup: { storeRef: { name: "s" } } })) ?? {},
    ],
    ["EtcdCluster of a restore", restoredCluster(etcdRestore(), { storeRef: { name: "s" }, key: "a.db" })],
    [
      "Job with a volume",
      backupJob({ backup, store: etcdBackupStore(VOLUME), task: { purpose: "verify", key: "k" } }, PLATFORM),
    ],
  ];
}

function podTemplates(): readonly (readonly [title: string, template: PodTemplate])[] {
  const store = etcdBackupStore(VOLUME);
  const job = backupJob({ backup: etcdBackup(), store, task: { purpose: "delete", key: "k" } }, PLATFORM);
  return [
    ["the pod of a member", withVolume(podTemplate(etcdCluster(), PLATFORM))],
    ["the pod of a seed that restores", withVolume(podTemplate(etcdCluster(), PLATFORM, { store, key: "a.db" }))],
    ["the pod of a Job", job.spec.template],
  ];
}

function generationOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly metadata: { readonly resourceVersion: string } }).metadata.resourceVersion;
  } catch {
    return undefined;
  }
}
