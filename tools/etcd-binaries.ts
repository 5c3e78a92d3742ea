import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The etcd that we are held against, and the release whose load generator we use. */
const ETCD = "v3.6.16";
const BENCHMARK = "v3.6.8";

/** Each in a module of its own: their requirements collide. */
const MODULES = [
  {
    name: "etcd",
    require: ["server", "etcdctl", "etcdutl"].map((part) => `go.etcd.io/etcd/${part}/v3@${ETCD}`),
    builds: [
      ["etcd", "go.etcd.io/etcd/server/v3"],
      ["etcdctl", "go.etcd.io/etcd/etcdctl/v3"],
      ["etcdutl", "go.etcd.io/etcd/etcdutl/v3"],
    ],
  },
  {
    name: "benchmark",
    require: [`go.etcd.io/etcd/v3@${BENCHMARK}`],
    builds: [["benchmark", "go.etcd.io/etcd/v3/tools/benchmark"]],
  },
] as const;

/** Where downloads and builds of this project are kept. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kvorum");
}

/** The folder with etcd, etcdctl, etcdutl and benchmark; builds what is missing from the Go module proxy (a minute or two, once). */
export function etcdBinaries(): string {
  const folder = join(cacheFolder(), "bin");
  for (const module of MODULES) {
    const missing = module.builds.filter(([name]) => !existsSync(join(folder, name)));
    if (missing.length > 0) build(folder, module, missing);
  }
  return folder;
}

function build(
  folder: string,
  module: (typeof MODULES)[number],
  missing: readonly (readonly [name: string, path: string])[],
): void {
  const source = join(cacheFolder(), "go", module.name);
  mkdirSync(source, { recursive: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(source, "go.mod"), `module ${module.name}-tools\n\ngo 1.24.0\n`);
  const go = (...args: readonly string[]): void => {
    execFileSync("go", args, {
      cwd: source,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
    });
  };
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch (error) {
    throw new Error("Go 1.24 or newer is needed to build etcd's own binaries: install it from https://go.dev/dl", {
      cause: error,
    });
  }
  console.log(`building ${missing.map(([name]) => name).join(", ")} (once, kept in ${folder})`);
  go("get", ...module.require);
  for (const [name, path] of missing) {
    // Built beside its place and renamed, so that an interrupted build leaves nothing that looks finished.
    go("build", "-trimpath", "-o", join(folder, `${name}.new`), path);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  }
}

if (process.argv[1] === import.meta.filename) console.log(etcdBinaries());
