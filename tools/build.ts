import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launcher } from "./launcher.ts";
import { repositoryRoot } from "./repository-root.ts";

/** `npm run build`: compiles to dist/ and writes the executables to dist/bin. */
const dist = join(repositoryRoot, "dist");
const COMMANDS = ["etcd", "etcdutl", "kvorum"] as const;

rmSync(dist, { recursive: true, force: true });
execFileSync(join(repositoryRoot, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
  cwd: repositoryRoot,
  stdio: "inherit",
});
// Generated code is JavaScript already, which the compiler does not copy.
cpSync(join(repositoryRoot, "server/proto/gen"), join(dist, "server/proto/gen"), { recursive: true });
mkdirSync(join(dist, "bin"), { recursive: true });
for (const command of COMMANDS) {
  const path = join(dist, "bin", command);
  writeFileSync(path, launcher(`server/cli/${command}-main.js`));
  chmodSync(path, 0o755);
}
console.log(`built ${COMMANDS.map((command) => join("dist/bin", command)).join(", ")}`);
