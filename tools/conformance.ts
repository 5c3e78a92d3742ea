import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "./cache-folder.ts";
import { etcdBinaries } from "./etcd-binaries.ts";
import { repositoryRoot } from "./repository-root.ts";

/**
 * `npm run conformance`: etcd's black-box suite `common` (3.6.16) against dist/bin/etcd. The cases that have to pass are
 * listed in test/conformance/etcd-common.txt; one that fails or is missing from the run fails it.
 */
const EXPECTED = join(repositoryRoot, "test/conformance/etcd-common.txt");

const { values: options } = parseArgs({
  options: {
    run: { type: "string", default: "." },
    record: { type: "boolean", default: false },
    bin: { type: "string", default: join(repositoryRoot, "dist/bin") },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run conformance [-- --run REGEX] [--bin FOLDER] [--record]

Runs etcd's suite "common" against FOLDER/etcd (default dist/bin) and compares with test/conformance/etcd-common.txt.
--run     only the tests that match; the list is not compared then
--record  writes the list of the cases that passed`);
} else {
  process.exitCode = run();
}

function run(): number {
  if (!existsSync(join(options.bin, "etcd"))) {
    console.error(`no ${join(options.bin, "etcd")}: run "npm run build" first`);
    return 2;
  }
  const reference = etcdBinaries();
  const folder = mkdtempSync(join(tmpdir(), "kvorum-suite-"));
  symlinkSync(join(options.bin, "etcd"), join(folder, "etcd"));
  for (const name of ["etcdctl", "etcdutl"]) symlinkSync(join(reference, name), join(folder, name));
  const work = join(cacheFolder(), "etcd-suite");
  mkdirSync(work, { recursive: true });
  const log = join(work, "common.jsonl");
  spawnSync(join(repositoryRoot, "tools/run-etcd-suite.sh"), [folder, options.run], {
    stdio: "inherit",
    env: { ...process.env, WORK: work, LOG: log },
  });
  execFileSync("rm", ["-rf", folder]);
  return judge(readFileSync(log, "utf8"));
}

function judge(log: string): number {
  const outcomes = new Map<string, string>();
  for (const line of log.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as { readonly Test?: string; readonly Action: string };
    if (event.Test !== undefined && ["run", "pass", "fail", "skip"].includes(event.Action)) {
      outcomes.set(event.Test, event.Action);
    }
  }
  const names = [...outcomes.keys()];
  const leaves = names.filter((name) => !names.some((other) => other.startsWith(`${name}/`)));
  const passed = leaves.filter((name) => outcomes.get(name) === "pass").toSorted();
  if (options.record) writeFileSync(EXPECTED, `${passed.join("\n")}\n`);
  const expected =
    options.run === "."
      ? readFileSync(EXPECTED, "utf8").trim().split("\n")
      : leaves.filter((name) => outcomes.get(name) !== "skip");
  const bad = expected.filter((name) => outcomes.get(name) !== "pass");
  for (const name of bad) console.log(`${outcomes.has(name) ? "FAILED " : "MISSING"} ${name}`);
  console.log(`${String(expected.length - bad.length)} passed, ${String(bad.length)} failed`);
  return bad.length === 0 && expected.length > 0 ? 0 : 1;
}
