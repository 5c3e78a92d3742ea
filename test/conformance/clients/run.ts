import { spawn, spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { SERVER_HELP, serverBinary } from "../../support/server-binary.ts";
import { cacheOf, CLIENT_PROGRAMS, type ClientProgram } from "./client-programs.ts";
import { runRustSuite } from "./own-suites.ts";
import { startSecuredCluster, type SecuredCluster } from "./secured-cluster.ts";

/** `npm run clients`: clients of other languages against three members with TLS and auth. */
const CHECKS_TIMEOUT_MS = 180_000;

const { values: options } = parseArgs({
  options: {
    server: { type: "string", default: "kvorum" },
    only: { type: "string", default: "" },
    "allow-missing": { type: "boolean", default: false },
    suites: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Counts {
  passed: number;
  failed: number;
}

if (options.help) {
  console.log(`npm run clients [-- --server NAME] [--only LANGUAGE] [--allow-missing] [--suites] [--verbose]

Runs the clients of test/conformance/clients against a cluster of three with TLS and auth: for each its features, a line each.
What they need is downloaded and built once, and kept in the user's cache folder.
--server         ${SERVER_HELP}
--only           go, java, python, rust or node
--allow-missing  a language whose tools are not on this machine is named, and does not count as failed
--suites         runs the tests that the Rust client brings along, too; they want port 2379
--verbose        shows what the clients log, too`);
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const programs = CLIENT_PROGRAMS.filter(({ name }) => name.startsWith(options.only));
  const counts: Counts = { passed: 0, failed: 0 };
  const built = programs.filter((program) => isBuilt(program, counts));
  if (built.length > 0) {
    const cluster = await startSecuredCluster(serverBinary(options.server));
    try {
      for (const program of built) await runChecks(program, cluster, counts);
    } finally {
      await cluster.destroy();
    }
  }
  const rust = built.find(({ name }) => name.startsWith("rust"));
  if (options.suites && rust !== undefined) {
    const suite = await runRustSuite(serverBinary(options.server), cacheOf(rust));
    counts.passed += suite.passed;
    counts.failed += suite.failed;
  }
  console.log(`${String(counts.passed)} passed, ${String(counts.failed)} failed`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

/** Whether its checks can be run; why not is said, and counted. */
function isBuilt(program: ClientProgram, counts: Counts): boolean {
  const missing = program.needs.filter((command) => spawnSync("sh", ["-c", `command -v ${command}`]).status !== 0);
  if (missing.length > 0) {
    const isAllowed = options["allow-missing"];
    console.log(`${isAllowed ? "none" : "FAIL"} ${program.name}: ${missing.join(" and ")} not found on this machine`);
    if (!isAllowed) counts.failed++;
    return false;
  }
  const startMs = performance.now();
  try {
    program.build(cacheOf(program));
    console.log(`built ${program.name} in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    return true;
  } catch (error) {
    console.log(`FAIL ${program.name}: ${error instanceof Error ? error.message : String(error)}`);
    counts.failed++;
    return false;
  }
}

async function runChecks(program: ClientProgram, cluster: SecuredCluster, counts: Counts): Promise<void> {
  const cache = cacheOf(program);
  const [command, ...args] = program.command(cache);
  const { CHECK_MODULES = "" } = program.environment?.(cache) ?? {};
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", options.verbose ? "inherit" : "ignore"],
    timeout: CHECKS_TIMEOUT_MS,
    env: {
      ...process.env,
      CHECK_MODULES,
      CHECK_ENDPOINTS: cluster.endpoints.join(","),
      CHECK_CA: cluster.caFile,
      CHECK_USER: cluster.user,
      CHECK_PASSWORD: cluster.password,
      CHECK_PREFIX: `${cluster.prefix}${program.name.split(" ")[0] ?? ""}/`,
    },
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
    child.once("error", (error) => {
      console.log(String(error));
      resolve(1);
    });
  });
  let text = "";
  child.stdout.setEncoding("utf8");
  for await (const piece of child.stdout as AsyncIterable<string>) text += piece;
  const lines = text.split("\n").filter((line) => line !== "");
  for (const line of lines) console.log(`${line.slice(0, 4)} ${program.name}: ${line.slice(5)}`);
  const passed = lines.filter((line) => line.startsWith("ok ")).length;
  counts.passed += passed;
  counts.failed += lines.length - passed;
  const end = await ended;
  if (lines.length > 0 && end === 0) return;
  counts.failed++;
  console.log(`FAIL ${program.name}: ended with ${String(end)} after ${String(lines.length)} checks`);
}
