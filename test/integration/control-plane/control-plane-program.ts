import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesBinaries } from "../../../tools/kubernetes/binaries.ts";
import { processMark } from "../../../tools/kubernetes/process-start.ts";

const STOP_TIMEOUT_MS = 30_000;

/** Every program that was started and has not ended: none outlives the run. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One program, which must run from its start to `stop`. */
export class ControlPlaneProgram {
  readonly name: string;
  readonly logPath: string;
  readonly #child: ChildProcess;
  readonly #mark: string | undefined;
  #isEnded = false;

  constructor(folder: string, name: string, flags: readonly string[]) {
    this.name = name;
    this.logPath = join(folder, `${name}.log`);
    const log = openSync(this.logPath, "w");
    this.#child = spawn(join(kubernetesBinaries(), name), flags, { stdio: ["ignore", log, log] });
    closeSync(log);
    running.add(this.#child);
    this.#child.once("exit", () => {
      running.delete(this.#child);
      this.#isEnded = true;
    });
    this.#mark = processMark(this.#child.pid ?? 0);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): string {
    return readFileSync(this.logPath, "utf8");
  }

  /** Whether it is still the process that was started. */
  get isOriginal(): boolean {
    return !this.#isEnded && this.#mark !== undefined && processMark(this.pid) === this.#mark;
  }

  async stop(): Promise<void> {
    if (this.#isEnded) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }
}
