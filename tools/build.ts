import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launcher } from "./launcher.ts";
import { repositoryRoot } from "./repository-root.ts";

/** `npm run build`: compiles to dist/ and writes the executables to dist/bin. */
const dist = join(repositoryRoot, "dist");
/** Built beside and renamed: a build that fails leaves the last good one in place. */
const fresh = join(repositoryRoot, "dist.new");
const COMMANDS = ["etcd", "etcdutl", "kvorum"] as const;

rmSync(fresh, { recursive: true, force: true });
execFileSync(join(repositoryRoot, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json", "--outDir", fresh], {
  cwd: repositoryRoot,
  stdio: "inherit",
});
// Generated code is JavaScript already, which the compiler does not copy.
cpSync(join(repositoryRoot, "server/proto/gen"), join(fresh, "server/proto/gen"), { recursive: true });
mkdirSync(join(fresh, "bin"), { recursive: true });
for (const command of COMMANDS) {
  const path = join(fresh, "bin", command);
  writeFileSync(path, launcher(`server/cli/${command}-main.js`));
  chmodSync(path, 0o755);
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
console.log(`built ${COMMANDS.map((command) => join("dist/bin", command)).join(", ")}`);
