import { join } from "node:path";
import { goBinaries, goModuleSource, type GoModule } from "./go-binaries.ts";

/** The etcd that we are held against, and the release whose load generator we use. */
const ETCD = "v3.6.16";
const BENCHMARK = "v3.6.8";
/** The last release that serves etcd's v2 API. */
const ETCD_WITH_V2 = "v3.5.35";

const MODULES: readonly GoModule[] = [
  {
    name: "etcd",
    require: ["server", "etcdctl", "etcdutl"].map((part) => `go.etcd.io/etcd/${part}/v3@${ETCD}`),
    builds: [
      { name: "etcd", path: "go.etcd.io/etcd/server/v3", seconds: 40 },
      { name: "etcdctl", path: "go.etcd.io/etcd/etcdctl/v3", seconds: 8 },
      { name: "etcdutl", path: "go.etcd.io/etcd/etcdutl/v3", seconds: 6 },
    ],
  },
  {
    name: "benchmark",
    require: [`go.etcd.io/etcd/v3@${BENCHMARK}`],
    builds: [{ name: "benchmark", path: "go.etcd.io/etcd/v3/tools/benchmark", seconds: 30 }],
  },
];

const WITH_V2: GoModule = {
  name: "etcd-3.5",
  require: [`go.etcd.io/etcd/server/v3@${ETCD_WITH_V2}`],
  builds: [{ name: "etcd-3.5", path: "go.etcd.io/etcd/server/v3", seconds: 60 }],
};

/** The folder with etcd, etcdctl, etcdutl and benchmark; builds what is missing from the Go module proxy (a minute or two, once). */
export function etcdBinaries(): string {
  return goBinaries(MODULES);
}

/** etcd 3.5, built if it is missing: with --enable-v2 it is a discovery service of the old kind. */
export function etcdWithV2(): string {
  return join(goBinaries([WITH_V2]), "etcd-3.5");
}

/** The folder with the sources of etcd's root module, where its sample of a configuration file is. */
export function etcdSource(): string {
  return goModuleSource(`go.etcd.io/etcd/v3@${BENCHMARK}`);
}

if (process.argv[1] === import.meta.filename) {
  console.log(etcdBinaries());
  etcdWithV2();
}
