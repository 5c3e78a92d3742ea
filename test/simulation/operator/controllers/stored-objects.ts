import type { JsonObject, StoredObject } from "../../../support/fake-kube/json-object.ts";
import type { ObjectStore, Target } from "../../../support/fake-kube/object-store.ts";

/** The one namespace of a simulation. */
export const NAMESPACE = "ns";

/** The kinds in a simulation, as the API server calls them. */
export const RESOURCES = {
  clusters: "kvorum.io/v1alpha1/etcdclusters",
  backups: "kvorum.io/v1alpha1/etcdbackups",
  schedules: "kvorum.io/v1alpha1/etcdbackupschedules",
  stores: "kvorum.io/v1alpha1/etcdbackupstores",
  restores: "kvorum.io/v1alpha1/etcdrestores",
  statefulSets: "apps/v1/statefulsets",
  jobs: "batch/v1/jobs",
  pods: "v1/pods",
  claims: "v1/persistentvolumeclaims",
  services: "v1/services",
  serviceAccounts: "v1/serviceaccounts",
  disruptionBudgets: "policy/v1/poddisruptionbudgets",
} as const;

/** One of these kinds. */
export type Resource = keyof typeof RESOURCES;

/** What users, controllers of Kubernetes and kubelets do to objects: the operator is none of them. */
export class StoredObjects {
  readonly store: ObjectStore;

  constructor(store: ObjectStore) {
    this.store = store;
  }

  list(kind: Resource): readonly StoredObject[] {
    return this.store.list({ resource: RESOURCES[kind], namespace: NAMESPACE });
  }

  find(kind: Resource, name: string): StoredObject | undefined {
    return this.store.find(targetOf(kind, name));
  }

  get(kind: Resource, name: string): StoredObject {
    return this.store.get(targetOf(kind, name));
  }

  create(kind: Resource, object: object): StoredObject {
    const body = structuredClone(object) as JsonObject;
    const { name = "" } = body["metadata"] as { readonly name?: string };
    return this.store.create(targetOf(kind, name), body, { manager: "somebody", isStatus: false });
  }

  patch(kind: Resource, name: string, patch: object): void {
    const body = structuredClone(patch) as JsonObject;
    this.store.mergePatch(targetOf(kind, name), body, { manager: "somebody", isStatus: false });
  }

  setStatus(kind: Resource, name: string, status: object): void {
    const body = structuredClone({ status }) as JsonObject;
    this.store.mergePatch(targetOf(kind, name), body, { manager: "somebody", isStatus: true });
  }

  delete(kind: Resource, name: string): void {
    this.store.delete(targetOf(kind, name), {});
  }
}

function targetOf(kind: Resource, name: string): Target {
  const resource = RESOURCES[kind];
  const apiVersion = resource.slice(0, resource.lastIndexOf("/"));
  return { resource, apiVersion, namespace: NAMESPACE, name, subresource: undefined };
}
