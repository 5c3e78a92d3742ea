import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { logFolder, stateFolder } from "./places.ts";
import { runInMachine } from "./machine.ts";
import { until } from "./until.ts";

/** A program of the cluster: what `start` and `stop` need to know. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

const STOP_LIMIT_MS = 60_000;
const pidFolder = join(stateFolder, "pid");
/** A session of its own and all output to a log: it outlives whoever starts it. */
const START = 'log=$1; pid=$2; shift 2; setsid "$@" >>"$log" 2>&1 </dev/null & echo $! >"$pid"';

/** Starts a program inside the machine. */
export function startProgram({ name, command }: Program): void {
  mkdirSync(pidFolder, { recursive: true });
  runInMachine("sh", "-c", START, "sh", logFile(name), join(pidFolder, name), ...command);
}

/** Whether the program runs. Its process id counts inside the machine only, and the machine never gave it to another yet. */
export function isRunning(name: string): boolean {
  const pid = pidOf(name);
  return pid !== undefined && signal(pid, "0");
}

/** Ends a program: gently, or as `kill -9` does. */
export async function stopProgram(name: string, how: "TERM" | "KILL" = "TERM"): Promise<void> {
  const pid = pidOf(name);
  if (pid === undefined || !signal(pid, how)) return;
  await until(`${name} ends`, STOP_LIMIT_MS, () => (signal(pid, "0") ? undefined : true));
}

/** Where a program writes its log. */
export function logFile(name: string): string {
  return join(logFolder, `${name}.log`);
}

function pidOf(name: string): number | undefined {
  const file = join(pidFolder, name);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

function signal(pid: number, name: string): boolean {
  try {
    runInMachine("sh", "-c", 'kill "-$0" "$1"', name, String(pid));
    return true;
  } catch {
    return false;
  }
}
