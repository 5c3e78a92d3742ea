import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { inMachine } from "./machine.ts";
import { containerdSocket, stateFolder } from "./places.ts";

const IMPORT_LIMIT_MS = 300_000;
const run = promisify(execFile);

/** Gives the node the images of an archive, unless it has them. Pods name them with `imagePullPolicy: Never`. */
export async function importImages(archive: string): Promise<void> {
  const { mtimeMs, size } = statSync(archive);
  const version = `${String(mtimeMs)} ${String(size)}`;
  const imported = join(stateFolder, "imported", basename(archive));
  if (existsSync(imported) && readFileSync(imported, "utf8") === version) return;
  await ctr("images", "import", archive);
  mkdirSync(dirname(imported), { recursive: true });
  writeFileSync(imported, version);
}

/** Whether containerd answers. */
export async function containerdAnswers(): Promise<boolean> {
  return ctr("version").then(
    () => true,
    () => false,
  );
}

async function ctr(...args: readonly string[]): Promise<string> {
  const [program, ...rest] = inMachine(["ctr", "--address", containerdSocket, "--namespace", "k8s.io", ...args]);
  return (await run(program, rest, { timeout: IMPORT_LIMIT_MS })).stdout;
}
