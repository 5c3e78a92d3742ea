/** A resource of the API: where it is listed and watched, and where the API server keeps it in its store. */
export interface WatchedResource {
  readonly name: string;
  readonly path: string;
  readonly registry: string;
}

const of = (name: string, group = "/api/v1", registry = name): WatchedResource => ({
  name,
  path: `${group}/${name}`,
  registry: `/registry/${registry}/`,
});

/** Everything that the run changes; events have no watch cache, so their watch is one of the store itself. */
export const WATCHED_RESOURCES: readonly WatchedResource[] = [
  of("pods"),
  of("nodes", "/api/v1", "minions"),
  of("configmaps"),
  of("secrets"),
  of("events"),
  of("namespaces"),
  of("serviceaccounts"),
  of("services", "/api/v1", "services/specs"),
  of("deployments", "/apis/apps/v1"),
  of("replicasets", "/apis/apps/v1"),
  of("leases", "/apis/coordination.k8s.io/v1"),
];
