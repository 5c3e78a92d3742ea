import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binFolder } from "../go-binaries.ts";
import { kubeconfigOf } from "./certificates.ts";
import { addresses, containerdSocket, logFolder, nodeName, pkiFolder, stateFolder } from "./places.ts";
import type { Program } from "./program.ts";
import { PAUSE_IMAGE } from "./program-image.ts";

const inState = (...parts: readonly string[]): string => join(stateFolder, ...parts);
const pki = (file: string): string => join(pkiFolder, file);

export const containerd: Program = {
  name: "containerd",
  command: ["containerd", "--config", inState("containerd", "config.toml")],
};

export const kubelet: Program = {
  name: "kubelet",
  command: [
    join(binFolder(), "kubelet"),
    `--config=${inState("kubelet.yaml")}`,
    `--kubeconfig=${kubeconfigOf("node")}`,
    `--node-ip=${addresses.node}`,
    `--hostname-override=${nodeName}`,
    `--root-dir=${inState("kubelet")}`,
    `--cert-dir=${inState("kubelet", "pki")}`,
  ],
};

export const kubeProxy: Program = {
  name: "kube-proxy",
  command: [
    join(binFolder(), "kube-proxy"),
    `--kubeconfig=${kubeconfigOf("proxy")}`,
    `--cluster-cidr=${addresses.pods}`,
    `--hostname-override=${nodeName}`,
    "--proxy-mode=iptables",
    // The limit belongs to the whole host, which is not ours.
    "--conntrack-max-per-core=0",
  ],
};

/** Writes what containerd, the network of the pods and kubelet are told. */
export function configureNode(): void {
  for (const folder of ["containerd", "cni", "kubelet"]) mkdirSync(inState(folder), { recursive: true });
  writeFileSync(inState("containerd", "config.toml"), containerdConfig());
  writeFileSync(inState("cni", "10-pods.conflist"), JSON.stringify(podNetwork, undefined, 2));
  writeFileSync(inState("kubelet.yaml"), JSON.stringify(kubeletConfig(), undefined, 2));
  // Not the host's: its servers may be on a loopback address that means something else in a pod.
  writeFileSync(inState("resolv.conf"), "nameserver 127.0.0.1\n");
}

function containerdConfig(): string {
  return `version = 2
root = "${inState("containerd", "root")}"
state = "${inState("containerd", "state")}"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Root in a sandbox may not be allowed to lower it, and then no pod would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${inState("cni")}"
`;
}

const podNetwork = {
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      // A cable per pod, not a bridge: all traffic is routed, so that services need no br_netfilter of the host.
      type: "ptp",
      ipMasq: true,
      ipam: { type: "host-local", ranges: [[{ subnet: addresses.pods }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

function kubeletConfig(): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki("node.crt"),
    tlsPrivateKeyFile: pki("node.key"),
    cgroupDriver: "cgroupfs",
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    clusterDNS: [addresses.dnsService],
    clusterDomain: "cluster.local",
    failSwapOn: false,
    resolvConf: inState("resolv.conf"),
    podLogsDir: join(logFolder, "pods"),
    volumePluginDir: inState("kubelet", "plugins-of-volumes"),
    // A full disk or little memory of a developer's machine is no reason to throw pods out.
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
  };
}
