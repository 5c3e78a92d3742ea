import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { imageFolder } from "./places.ts";

const BUILD_LIMIT_MS = 400_000;
/** Layers that are kept to make the next build quick; each build of changed sources adds about ten, 25 MB each. */
const LAYER_LIMIT = 200;
/** How much of its output is shown when it fails. */
const SHOWN_LINES = 40;
/** Processes and mounts of its own: whatever buildah started ends with it, also when it is stopped midway. */
const SPACE = ["--pid", "--mount", "--mount-proc", "--fork", "--kill-child"] as const;
const storage = join(imageFolder, "storage");

/** Runs buildah on storage of our own, apart from that of podman and of buildah's other users; gives what it printed. */
export async function buildah(command: string, ...args: readonly string[]): Promise<string> {
  mkdirSync(imageFolder, { recursive: true });
  // What it remembers of its mounts: they end with it.
  const runFolder = mkdtempSync(join(imageFolder, "run-"));
  try {
    const options = ["--root", storage, "--runroot", runFolder, "--storage-driver", "overlay"];
    return await run("unshare", [...SPACE, "--", "buildah", ...options, command, ...args]);
  } finally {
    rmSync(runFolder, { recursive: true, force: true });
  }
}

/** Begins anew when old layers have piled up: buildah cannot tell those that the next build wants from the others. */
export function forgetManyLayers(): void {
  const layers = join(storage, "overlay");
  if (existsSync(layers) && readdirSync(layers).length > LAYER_LIMIT) rmSync(storage, { recursive: true, force: true });
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BUILD_LIMIT_MS,
    killSignal: "SIGKILL",
    // A chroot needs no more rights than root has in a container, and it has the host's network.
    env: { ...process.env, BUILDAH_ISOLATION: "chroot" },
  });
  let all = "";
  let printed = "";
  child.stdout.on("data", (data: Buffer) => {
    printed += data.toString();
    all += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => (all += data.toString()));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return printed;
  throw new Error(`buildah failed:\n${all.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}`);
}
