import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launcher, NODE_FLAGS, OPERATOR_NODE_FLAGS } from "./launcher.ts";
import { repositoryRoot } from "./repository-root.ts";

/**
 * `npm run build`: compiles to dist/, writes the executables to dist/bin, and the npm package for clients to
 * dist/packages/client. With `-- --no-check` types are not checked, in half the time: `npm run check` does that too. With
 * `-- --no-packages` there are only the executables: an image needs no more.
 */
const dist = join(repositoryRoot, "dist");
/** Built beside and renamed: a build that fails leaves the last good one in place. */
const fresh = join(repositoryRoot, "dist.new");
/** Each executable and what it runs. */
const COMMANDS = {
  etcd: "server/cli/etcd-main.js",
  etcdutl: "server/cli/etcdutl-main.js",
  kvorum: "server/cli/kvorum-main.js",
  "kvorum-operator": "operator/cli/main.js",
} as const;

rmSync(fresh, { recursive: true, force: true });
const flags = process.argv.includes("--no-check") ? ["--noCheck"] : [];
execFileSync(
  join(repositoryRoot, "node_modules/.bin/tsc"),
  ["-p", "tsconfig.build.json", "--outDir", fresh, ...flags],
  {
    cwd: repositoryRoot,
    stdio: "inherit",
  },
);
// Generated code is JavaScript already, which the compiler does not copy.
cpSync(join(repositoryRoot, "server/proto/gen"), join(fresh, "server/proto/gen"), { recursive: true });
if (!process.argv.includes("--no-packages")) {
  const { buildClientPackage } = await import("./client-package.ts");
  buildClientPackage(join(fresh, "packages/client"), flags);
}
mkdirSync(join(fresh, "bin"), { recursive: true });
for (const [command, main] of Object.entries(COMMANDS)) {
  const path = join(fresh, "bin", command);
  writeFileSync(path, launcher(main, command === "kvorum-operator" ? OPERATOR_NODE_FLAGS : NODE_FLAGS));
  chmodSync(path, 0o755);
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
console.log(
  `built ${Object.keys(COMMANDS)
    .map((command) => join("dist/bin", command))
    .join(", ")}`,
);
