/** The parts of Kubernetes' own objects that the operator writes. What it does not write it leaves to their defaults. */
export interface WrittenMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations?: Labels;
  readonly ownerReferences: readonly OwnerReference[];
}

export type Labels = Readonly<Record<string, string>>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
  readonly blockOwnerDeletion: true;
}

export interface LabelSelector {
  readonly matchLabels: Labels;
}

export interface StatefulSet {
  readonly apiVersion: "apps/v1";
  readonly kind: "StatefulSet";
  readonly metadata: WrittenMeta;
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly podManagementPolicy: "Parallel";
    readonly updateStrategy: { readonly type: "OnDelete" };
    readonly revisionHistoryLimit: number;
    readonly persistentVolumeClaimRetentionPolicy: { readonly whenDeleted: "Retain"; readonly whenScaled: "Retain" };
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly volumeClaimTemplates: readonly ClaimTemplate[];
  };
}

export interface ClaimTemplate {
  readonly apiVersion: "v1";
  readonly kind: "PersistentVolumeClaim";
  readonly metadata: { readonly name: string; readonly labels: Labels };
  readonly spec: {
    readonly accessModes: readonly ["ReadWriteOnce"];
    readonly volumeMode: "Filesystem";
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels; readonly annotations?: Labels };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken: false;
  readonly enableServiceLinks: false;
  readonly restartPolicy?: "Always" | "Never";
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: PodSecurity;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly affinity?: Affinity;
  readonly topologySpreadConstraints?: readonly TopologySpread[];
  readonly nodeSelector?: Labels;
  readonly tolerations?: readonly Toleration[];
  readonly priorityClassName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

export interface PodSecurity {
  readonly runAsNonRoot: true;
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly fsGroup: number;
  readonly fsGroupChangePolicy: "OnRootMismatch";
  readonly seccompProfile: { readonly type: "RuntimeDefault" };
}

export interface ContainerSecurity {
  readonly allowPrivilegeEscalation: false;
  readonly readOnlyRootFilesystem: true;
  readonly capabilities: { readonly drop: readonly ["ALL"] };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: "IfNotPresent" | "Always" | "Never";
  readonly command: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol: "TCP" }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly resources?: Resources;
  readonly securityContext: ContainerSecurity;
  readonly terminationMessagePolicy: "FallbackToLogsOnError";
  readonly volumeMounts: readonly VolumeMount[];
}

export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } } }
  | {
      readonly name: string;
      readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
    };

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface Resources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

export type Quantities = Readonly<Record<string, string>>;

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: true;
}

export type Volume =
  | { readonly name: string; readonly emptyDir: Readonly<Record<string, never>> }
  | { readonly name: string; readonly persistentVolumeClaim: { readonly claimName: string; readonly readOnly?: true } };

export interface PodAffinityTerm {
  readonly topologyKey: string;
  readonly labelSelector: LabelSelector;
}

export interface Affinity {
  readonly podAntiAffinity: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
      readonly weight: number;
      readonly podAffinityTerm: PodAffinityTerm;
    }[];
  };
}

export interface TopologySpread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly whenUnsatisfiable: "ScheduleAnyway" | "DoNotSchedule";
  readonly labelSelector: LabelSelector;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: "Equal" | "Exists";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly tolerationSeconds?: number;
}

export interface Service {
  readonly apiVersion: "v1";
  readonly kind: "Service";
  readonly metadata: WrittenMeta;
  readonly spec: {
    readonly type: "ClusterIP";
    readonly clusterIP?: "None";
    readonly publishNotReadyAddresses?: true;
    readonly selector: Labels;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string;
      readonly protocol: "TCP";
    }[];
  };
}

export interface ServiceAccount {
  readonly apiVersion: "v1";
  readonly kind: "ServiceAccount";
  readonly metadata: WrittenMeta;
  readonly automountServiceAccountToken: false;
}

export interface PodDisruptionBudget {
  readonly apiVersion: "policy/v1";
  readonly kind: "PodDisruptionBudget";
  readonly metadata: WrittenMeta;
  readonly spec: {
    readonly minAvailable: number;
    readonly unhealthyPodEvictionPolicy: "AlwaysAllow" | "IfHealthyBudget";
    readonly selector: LabelSelector;
  };
}

export interface Job {
  readonly apiVersion: "batch/v1";
  readonly kind: "Job";
  readonly metadata: WrittenMeta;
  readonly spec: {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds: number;
    readonly podFailurePolicy: { readonly rules: readonly PodFailureRule[] };
    readonly template: PodTemplate;
  };
}

/** What a Job does about a pod that failed: the first rule that fits counts. */
export type PodFailureRule =
  | {
      readonly action: "FailJob";
      readonly onExitCodes: {
        readonly containerName: string;
        readonly operator: "In";
        readonly values: readonly number[];
      };
    }
  | {
      readonly action: "Ignore";
      readonly onPodConditions: readonly { readonly type: "DisruptionTarget"; readonly status: "True" }[];
    };
