import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "./cache-folder.ts";
import { etcdBinaries, etcdSource, etcdWithV2 } from "./etcd-binaries.ts";
import { repositoryRoot } from "./repository-root.ts";
import { parseSkipList, skipRegex, type Skipped } from "./skip-list.ts";
import { suiteOutcomes, type SuiteOutcomes } from "./suite-outcomes.ts";

/**
 * `npm run conformance`: etcd's own black-box suites (3.6.16) against dist/bin/etcd. The cases that have to pass are
 * listed in test/conformance/etcd-SUITE.txt; one that fails or is missing from the run fails it. What only etcd's own
 * binary can pass is left out by test/conformance/etcd-SUITE-skip.txt, each with its reason.
 */
const SUITES = ["common", "e2e"] as const;
type Suite = (typeof SUITES)[number];

const { values: options } = parseArgs({
  options: {
    suite: { type: "string", default: "common" },
    run: { type: "string", default: "." },
    record: { type: "boolean", default: false },
    bin: { type: "string", default: join(repositoryRoot, "dist/bin") },
    help: { type: "boolean", default: false },
  },
});
const chosen = SUITES.find((name) => name === options.suite);

if (options.help) {
  console.log(`npm run conformance [-- --suite common|e2e] [--run REGEX] [--bin FOLDER] [--record]

Runs one of etcd's suites against FOLDER/etcd (default dist/bin) and compares with test/conformance/etcd-SUITE.txt.
--run     only the tests that match; the list is not compared then
--record  writes the list of the cases that passed`);
} else if (chosen === undefined) {
  console.error(`there is no suite ${JSON.stringify(options.suite)}: give ${SUITES.join(" or ")}`);
  process.exitCode = 2;
} else {
  process.exitCode = run(chosen);
}

function run(suite: Suite): number {
  if (!existsSync(join(options.bin, "etcd"))) {
    console.error(`no ${join(options.bin, "etcd")}: run "npm run build" first`);
    return 2;
  }
  const skipped = skipList(suite);
  const folder = binFolder(suite);
  const work = join(cacheFolder(), "etcd-suite");
  mkdirSync(work, { recursive: true });
  if (suite === "e2e") layOutSources(work);
  const log = join(work, `${suite}.jsonl`);
  const skip = skipRegex(skipped);
  const { status } = spawnSync(join(repositoryRoot, "tools/run-etcd-suite.sh"), [folder, options.run], {
    stdio: "inherit",
    env: { ...process.env, SUITE: suite, WORK: work, LOG: log, ...(skip !== undefined && { SKIP: skip }) },
  });
  rmSync(folder, { recursive: true });
  // The log would be an earlier run's.
  if (status === 2) return 2;
  for (const { pattern, reason } of skipped) console.log(`left out ${pattern}: ${reason}`);
  return judge(suite, suiteOutcomes(readFileSync(log, "utf8")));
}

function skipList(suite: Suite): readonly Skipped[] {
  const file = join(repositoryRoot, `test/conformance/etcd-${suite}-skip.txt`);
  return existsSync(file) ? parseSkipList(readFileSync(file, "utf8")) : [];
}

/** Our server and our etcdutl, where data folders are read, with etcd's own etcdctl; for e2e an etcd 3.5 to discover by, too. */
function binFolder(suite: Suite): string {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-suite-"));
  const reference = etcdBinaries();
  const own = existsSync(join(options.bin, "etcdutl")) ? options.bin : reference;
  symlinkSync(join(options.bin, "etcd"), join(folder, "etcd"));
  symlinkSync(join(reference, "etcdctl"), join(folder, "etcdctl"));
  symlinkSync(join(own, "etcdutl"), join(folder, "etcdutl"));
  if (suite === "e2e") symlinkSync(etcdWithV2(), join(folder, "etcd-last-release"));
  return folder;
}

/** One of its tests starts etcd's sample of a configuration file, which is not in the module of the tests, and with a data dir there. */
function layOutSources(work: string): void {
  copyFileSync(join(etcdSource(), "etcd.conf.yml.sample"), join(work, "etcd.conf.yml.sample"));
  for (const version of readdirSync(work).filter((name) => name.startsWith("tests-"))) {
    rmSync(join(work, version, "e2e/default.etcd"), { recursive: true, force: true });
  }
}

function judge(suite: Suite, { leaves }: SuiteOutcomes): number {
  const list = join(repositoryRoot, `test/conformance/etcd-${suite}.txt`);
  const passed = [...leaves.keys()].filter((name) => leaves.get(name) === "pass");
  if (options.record) writeFileSync(list, `${passed.join("\n")}\n`);
  const expected =
    options.run === "."
      ? readFileSync(list, "utf8").trim().split("\n")
      : [...leaves.keys()].filter((name) => leaves.get(name) !== "skip");
  const bad = expected.filter((name) => leaves.get(name) !== "pass");
  for (const name of bad) console.log(`${leaves.has(name) ? "FAILED " : "MISSING"} ${name}`);
  const isNew = (name: string): boolean => !expected.includes(name) && leaves.get(name) !== "skip";
  for (const name of leaves.keys()) if (isNew(name)) console.log(`UNLISTED ${name}: ${String(leaves.get(name))}`);
  console.log(`${String(expected.length - bad.length)} passed, ${String(bad.length)} failed`);
  return bad.length === 0 && expected.length > 0 ? 0 : 1;
}
