import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { memberSelector, peerServiceName, PORTS } from "../types/names.ts";
import type { Service } from "./kubernetes-objects.ts";
import { metaOf } from "./written-meta.ts";

/** Tells Kubernetes to give every pod a name of its own, also before it is ready: members have to meet to become ready. */
export function headlessService(cluster: EtcdCluster): Service {
  const { name } = cluster.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metaOf(cluster, peerServiceName(name)),
    spec: {
      type: "ClusterIP",
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: memberSelector(name),
      ports: [
        { name: "client", port: PORTS.client, targetPort: "client", protocol: "TCP" },
        { name: "peer", port: PORTS.peer, targetPort: "peer", protocol: "TCP" },
      ],
    },
  };
}
