import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./repository-root.ts";

/** `npm run check`: types, lint, format, layers and tidiness, all of them even if one fails. */
const bin = (name: string): string => join(repositoryRoot, "node_modules/.bin", name);

const STEPS: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  [
    "lint",
    bin("oxlint"),
    ["--type-aware", "--deny-warnings", "-c", ".oxlintrc.json", "server", "operator", "tools", "test"],
  ],
  ["format", bin("prettier"), ["--check", "--log-level", "warn", "."]],
  ["layers", bin("depcruise"), ["--config", ".dependency-cruiser.cjs", "--output-type", "err", "server", "operator"]],
  ["tidy", bin("vitest"), ["run", "--reporter=dot", "test/unit/tidy.test.ts"]],
];

let failed = 0;
for (const [name, command, args] of STEPS) {
  const startMs = performance.now();
  const { status } = spawnSync(command, args, { cwd: repositoryRoot, stdio: "inherit" });
  if (status !== 0) failed++;
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
}
process.exitCode = failed === 0 ? 0 : 1;
