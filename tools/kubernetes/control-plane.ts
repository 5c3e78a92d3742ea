import { existsSync } from "node:fs";
import { join } from "node:path";
import { binFolder } from "../go-binaries.ts";
import { repositoryRoot } from "../repository-root.ts";
import { kubeconfigOf } from "./certificates.ts";
import { addresses, pkiFolder, stateFolder } from "./places.ts";
import type { Program } from "./program.ts";

/** Which server keeps what the API server stores: etcd 3.6, or the one of this project. */
export const STORES = ["etcd", "kvorum"] as const;
export type Store = (typeof STORES)[number];

const pki = (file: string): string => join(pkiFolder, file);
const bin = (name: string): string => join(binFolder(), name);

/** The store under the API server. */
export function storeProgram(store: Store): Program {
  const ours = join(repositoryRoot, "dist/bin/etcd");
  if (store === "kvorum" && !existsSync(ours))
    throw new Error("dist/bin/etcd is not there: build it with `npm run build`");
  return {
    name: "etcd",
    command: [
      store === "kvorum" ? ours : bin("etcd"),
      `--data-dir=${join(stateFolder, "etcd")}`,
      "--listen-client-urls=http://127.0.0.1:2379",
      "--advertise-client-urls=http://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--initial-cluster=default=http://127.0.0.1:2380",
    ],
  };
}

export const apiServer: Program = {
  name: "kube-apiserver",
  command: [
    bin("kube-apiserver"),
    "--etcd-servers=http://127.0.0.1:2379",
    "--secure-port=6443",
    `--advertise-address=${addresses.node}`,
    `--client-ca-file=${pki("ca.crt")}`,
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${pki("sa.pub")}`,
    `--service-account-signing-key-file=${pki("sa.key")}`,
    `--service-cluster-ip-range=${addresses.services}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged",
    `--kubelet-client-certificate=${pki("admin.crt")}`,
    `--kubelet-client-key=${pki("admin.key")}`,
    // By its name the node could not be found, and `kubectl logs` and `exec` would fail.
    "--kubelet-preferred-address-types=InternalIP",
  ],
};

export const controllerManager: Program = {
  name: "kube-controller-manager",
  command: [
    bin("kube-controller-manager"),
    `--kubeconfig=${kubeconfigOf("controller-manager")}`,
    "--use-service-account-credentials",
    `--service-account-private-key-file=${pki("sa.key")}`,
    `--root-ca-file=${pki("ca.crt")}`,
    `--cluster-signing-cert-file=${pki("ca.crt")}`,
    `--cluster-signing-key-file=${pki("ca.key")}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ],
};

export const scheduler: Program = {
  name: "kube-scheduler",
  command: [
    bin("kube-scheduler"),
    `--kubeconfig=${kubeconfigOf("scheduler")}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ],
};
