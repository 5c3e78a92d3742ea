import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { clientServiceName, memberSelector, PORTS } from "../types/names.ts";
import type { Service } from "./kubernetes-objects.ts";
import { metaOf } from "./written-meta.ts";

/** Tells Kubernetes to lead clients to the members that serve: ready ones, which learners never are. */
export function clientService(cluster: EtcdCluster): Service {
  const { name } = cluster.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metaOf(cluster, clientServiceName(name)),
    spec: {
      type: "ClusterIP",
      selector: memberSelector(name),
      ports: [{ name: "client", port: PORTS.client, targetPort: "client", protocol: "TCP" }],
    },
  };
}
