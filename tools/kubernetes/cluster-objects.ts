import { addresses } from "./places.ts";
import { COREDNS_IMAGE } from "./program-image.ts";

/** The provisioner's name, as claims and volumes carry it. */
export const PROVISIONER = "kvorum.io/folder";

/** What a fresh API server is told first: cluster DNS and the default storage class. */
export function clusterObjects(): readonly object[] {
  return [...storage(), ...dnsAccess(), ...dns()];
}

function storage(): readonly object[] {
  return [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: PROVISIONER,
      reclaimPolicy: "Delete",
      volumeBindingMode: "WaitForFirstConsumer",
    },
  ];
}

const system = { name: "coredns", namespace: "kube-system" } as const;
const labels = { "k8s-app": "kube-dns" } as const;

function dnsAccess(): readonly object[] {
  const rbac = "rbac.authorization.k8s.io";
  const verbs = ["list", "watch"];
  const role = { apiGroup: rbac, kind: "ClusterRole", name: "system:coredns" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: system },
    {
      apiVersion: `${rbac}/v1`,
      kind: role.kind,
      metadata: { name: role.name },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: role.name },
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", ...system }],
    },
  ];
}

/** No forwarding: the cluster knows its own names only, and nothing in it depends on the world. */
const COREFILE = `.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    ttl 5
  }
  cache 5
  reload
}
`;

function dns(): readonly object[] {
  const container = {
    name: "coredns",
    image: COREDNS_IMAGE,
    imagePullPolicy: "Never",
    args: ["-conf", "/etc/coredns/Corefile"],
    securityContext: { runAsUser: 0 },
    readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
    volumeMounts: [{ name: "config", mountPath: "/etc/coredns" }],
  };
  const spec = {
    serviceAccountName: system.name,
    dnsPolicy: "Default",
    priorityClassName: "system-cluster-critical",
    containers: [container],
    volumes: [{ name: "config", configMap: { name: system.name } }],
  };
  const port = { port: 53, targetPort: 53 };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: system, data: { Corefile: COREFILE } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: system,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: system.namespace },
      spec: {
        clusterIP: addresses.dnsService,
        selector: labels,
        ports: [
          { name: "dns", protocol: "UDP", ...port },
          { name: "dns-tcp", protocol: "TCP", ...port },
        ],
      },
    },
  ];
}
