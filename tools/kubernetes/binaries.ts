import { join } from "node:path";
import { etcdBinaries } from "../etcd-binaries.ts";
import { goBinaries, type GoModule, type GoProgram } from "../go-binaries.ts";

/** 1.34 is the newest release whose kubelet also runs with cgroup v1, which many sandboxes still have. */
const KUBERNETES = "v1.34.4";
const COREDNS = "v1.12.4";
const HELM = "v3.22.0";
const VERSITYGW = "v1.8.0";

const kubernetes = (name: string, seconds: number): GoProgram => ({
  name,
  path: `k8s.io/kubernetes/cmd/${name}`,
  seconds,
});
const VERSION = "k8s.io/component-base/version";

const MODULES: readonly GoModule[] = [
  {
    name: "kubernetes",
    require: [`k8s.io/kubernetes@${KUBERNETES}`],
    staging: `k8s.io/kubernetes@${KUBERNETES}`,
    ldflags: `-s -w -X ${VERSION}.gitVersion=${KUBERNETES} -X ${VERSION}.gitMajor=1 -X ${VERSION}.gitMinor=34`,
    builds: [
      kubernetes("kube-apiserver", 220),
      kubernetes("kube-controller-manager", 30),
      kubernetes("kube-scheduler", 10),
      kubernetes("kubelet", 40),
      kubernetes("kube-proxy", 10),
      kubernetes("kubectl", 30),
    ],
  },
  {
    name: "coredns",
    require: [`github.com/coredns/coredns@${COREDNS}`],
    builds: [{ name: "coredns", path: "github.com/coredns/coredns", seconds: 90 }],
  },
  {
    name: "helm",
    require: [`helm.sh/helm/v3@${HELM}`],
    builds: [{ name: "helm", path: "helm.sh/helm/v3/cmd/helm", seconds: 60 }],
  },
  {
    name: "versitygw",
    require: [`github.com/versity/versitygw@${VERSITYGW}`],
    builds: [{ name: "versitygw", path: "github.com/versity/versitygw/cmd/versitygw", seconds: 60 }],
  },
  {
    name: "pause",
    require: [],
    sources: [join(import.meta.dirname, "pause.go")],
    builds: [{ name: "pause", path: ".", seconds: 10 }],
  },
];

/** The folder with Kubernetes' own programs, CoreDNS, Helm, an S3 gateway and etcd; builds what is missing, once. */
export function kubernetesBinaries(): string {
  goBinaries(MODULES);
  return etcdBinaries();
}

/** The program of the S3 gateway alone, for tests that need no Kubernetes. */
export function s3GatewayBinary(): string {
  return join(goBinaries(MODULES.filter(({ name }) => name === "versitygw")), "versitygw");
}

if (process.argv[1] === import.meta.filename) console.log(kubernetesBinaries());
