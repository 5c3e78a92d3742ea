import type {
  EventsV1Event,
  V1Job,
  V1Lease,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { Stored } from "./kube-object.ts";
import { namespacedKind, type ResourceKind } from "./resource-kind.ts";

/** Kubernetes' own kinds that the operator deals with. */
export const podKind: ResourceKind<Stored<V1Pod>> = namespacedKind("v1", "Pod", "pods");
export const secretKind: ResourceKind<Stored<V1Secret>> = namespacedKind("v1", "Secret", "secrets");
export const serviceKind: ResourceKind<Stored<V1Service>> = namespacedKind("v1", "Service", "services");
export const serviceAccountKind: ResourceKind<Stored<V1ServiceAccount>> = namespacedKind(
  "v1",
  "ServiceAccount",
  "serviceaccounts",
);
export const claimKind: ResourceKind<Stored<V1PersistentVolumeClaim>> = namespacedKind(
  "v1",
  "PersistentVolumeClaim",
  "persistentvolumeclaims",
);
export const statefulSetKind: ResourceKind<Stored<V1StatefulSet>> = namespacedKind(
  "apps/v1",
  "StatefulSet",
  "statefulsets",
);
export const jobKind: ResourceKind<Stored<V1Job>> = namespacedKind("batch/v1", "Job", "jobs");
export const disruptionBudgetKind: ResourceKind<Stored<V1PodDisruptionBudget>> = namespacedKind(
  "policy/v1",
  "PodDisruptionBudget",
  "poddisruptionbudgets",
);
export const leaseKind: ResourceKind<Stored<V1Lease>> = namespacedKind("coordination.k8s.io/v1", "Lease", "leases");
export const eventKind: ResourceKind<Stored<EventsV1Event>> = namespacedKind("events.k8s.io/v1", "Event", "events");
