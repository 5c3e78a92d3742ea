import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";

/** All that a running cluster keeps: certificates, data, logs, images, volumes. `down` removes it. */
export const stateFolder = join(cacheFolder(), "kubernetes");
/** Image archives and build layers: made once, kept when the cluster goes. */
export const imageFolder = join(cacheFolder(), "images");

/** The administrator's kubeconfig, readable by its owner alone. */
export const kubeconfigPath = join(stateFolder, "kubeconfig");
/** One folder per claim, named as its PersistentVolume. */
export const volumesFolder = join(stateFolder, "volumes");
export const logFolder = join(stateFolder, "log");
export const pkiFolder = join(stateFolder, "pki");
export const containerdSocket = join(stateFolder, "containerd", "containerd.sock");

/**
 * Addresses: one range for everything, so that there is one route to look at. The host reaches pods and services through
 * the node, as it would reach a machine on its network.
 */
export const addresses = {
  range: "10.250.0.0/16",
  rangePrefix: "10.250.",
  host: "10.250.0.254",
  node: "10.250.0.1",
  linkBits: 24,
  pods: "10.250.64.0/20",
  services: "10.250.128.0/20",
  apiService: "10.250.128.1",
  dnsService: "10.250.128.10",
} as const;

/** The host's end of the cable to the node. */
export const linkName = "kvorum0";
export const nodeName = "node1";
export const apiUrl = `https://${addresses.node}:6443`;
