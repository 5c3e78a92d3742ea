import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "./cache-folder.ts";
import { etcdBinaries } from "./etcd-binaries.ts";
import { repositoryRoot } from "./repository-root.ts";

/**
 * `npm run robustness`: etcd's robustness suite against dist/bin/etcd. Clients write while members are killed, cut off
 * and slowed down; porcupine then checks linearizability, and a model checks every watch event.
 */
const SCENARIOS = 8;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    run: { type: "string", default: "TestRobustnessExploratory" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run robustness [-- --rounds N] [--run REGEX]

Runs the ${String(SCENARIOS)} scenarios of etcd's robustness suite N times (default 3) against dist/bin/etcd.`);
} else {
  process.exitCode = run();
}

function run(): number {
  const etcd = join(repositoryRoot, "dist/bin/etcd");
  if (!existsSync(etcd)) {
    console.error(`no ${etcd}: run "npm run build" first`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "kvorum-robustness-"));
  symlinkSync(etcd, join(folder, "etcd"));
  for (const name of ["etcdctl", "etcdutl"]) symlinkSync(join(etcdBinaries(), name), join(folder, name));
  // The suite calls it with the data dir as the only argument.
  const dump = join(folder, "dump-log");
  writeFileSync(dump, `#!/bin/sh\nexec ${join(repositoryRoot, "dist/bin/kvorum")} dump-log "$1"\n`);
  chmodSync(dump, 0o755);
  const work = join(cacheFolder(), "etcd-robustness");
  spawnSync(join(repositoryRoot, "tools/run-robustness.sh"), [folder, options.rounds, options.run], {
    stdio: "inherit",
    env: { ...process.env, WORK: work, ROBUSTNESS_DUMP_CMD: dump },
  });
  const log = readFileSync(join(work, "last.log"), "utf8");
  const leaves = [...log.matchAll(/^ {4}--- (PASS|FAIL): (\S+)/gm)];
  const passed = leaves.filter(([, verdict]) => verdict === "PASS").length;
  const wanted = options.run === "TestRobustnessExploratory" ? SCENARIOS * Number(options.rounds) : leaves.length;
  const failed = Math.max(leaves.length - passed, wanted - passed);
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
