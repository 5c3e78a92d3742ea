import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ServerBinary } from "../../support/server-binary.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** Where the suite looks for its server; it cannot be told another place. */
const CLIENT_URL = "http://127.0.0.1:2379";
const SUITE_TIMEOUT_MS = 10 * 60_000;
const RUST = join(import.meta.dirname, "rust");

/**
 * The tests that the Rust crate etcd-client brings along, against one member without TLS on etcd's own port. They are the
 * only ones among the clients' own tests that come with the package and need nothing but an endpoint; two of them, which
 * turn auth on and add members that nobody starts, are marked as ignored by the crate.
 */
export async function runRustSuite(binary: ServerBinary, cache: string): Promise<{ passed: number; failed: number }> {
  if (await isServed()) throw new Error(`${CLIENT_URL} is taken: the suite of the Rust crate can use no other port`);
  const dataDir = mkdtempSync(join(tmpdir(), "kvorum-rust-suite-"));
  const [program, ...args] = binary.command;
  const member = spawn(program, [...args, "--data-dir", dataDir], { stdio: "ignore" });
  const ended = new Promise((resolve) => member.once("exit", resolve));
  try {
    await waitUntil("the member serves", async () => ((await isServed()) ? true : undefined));
    return countsOf(runTests(cache));
  } finally {
    member.kill("SIGTERM");
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function isServed(): Promise<boolean> {
  const answer = await fetch(`${CLIENT_URL}/health`).catch(() => undefined);
  return answer?.ok === true;
}

/** The crate lies in cargo's registry, where nothing may be written: its tests are built in a copy. */
function runTests(cache: string): string {
  const folder = join(cache, "suite");
  cpSync(crateFolder(), folder, { recursive: true });
  const env = { ...process.env, CARGO_TARGET_DIR: cache };
  const finder = [
    "run",
    "--quiet",
    "--locked",
    "--no-default-features",
    "--features",
    "protoc",
    "--bin",
    "protoc-path",
  ];
  const protoc = execFileSync("cargo", finder, { cwd: RUST, encoding: "utf8", env }).trim();
  const tests = [
    "test",
    "--quiet",
    "--features",
    "tls",
    "--test",
    "client",
    "--",
    "--test-threads=1",
    "--format=pretty",
  ];
  const { stdout, stderr, status } = spawnSync("cargo", tests, {
    cwd: folder,
    encoding: "utf8",
    timeout: SUITE_TIMEOUT_MS,
    env: { ...env, PROTOC: protoc },
  });
  if (status !== 0) console.log(stdout + stderr);
  return stdout;
}

interface CargoMetadata {
  readonly packages: readonly { readonly name: string; readonly manifest_path: string }[];
}

function crateFolder(): string {
  const text = execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], {
    cwd: RUST,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const crate = (JSON.parse(text) as CargoMetadata).packages.find(({ name }) => name === "etcd-client");
  if (crate === undefined) throw new Error("the checks in Rust do not depend on etcd-client any more");
  return dirname(crate.manifest_path);
}

function countsOf(text: string): { passed: number; failed: number } {
  const lines = [...text.matchAll(/^test (\S+) \.\.\. (ok|FAILED|ignored)/gm)];
  for (const [, name = "", outcome] of lines) {
    const mark = outcome === "ok" ? "ok  " : outcome === "ignored" ? "none" : "FAIL";
    console.log(`${mark} rust (etcd-client's own tests): ${name}`);
  }
  const passed = lines.filter(([, , outcome]) => outcome === "ok").length;
  const failed = lines.filter(([, , outcome]) => outcome === "FAILED").length;
  // Without a line nothing was built.
  return { passed, failed: lines.length === 0 ? 1 : failed };
}
