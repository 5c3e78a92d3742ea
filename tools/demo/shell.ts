import { spawn } from "node:child_process";
import { repositoryRoot } from "../repository-root.ts";
import { DemoError } from "./demo-error.ts";

/** Longer than any step of the demo takes on a slow machine. */
const COMMAND_LIMIT_MS = 15 * 60_000;

const startMs = performance.now();

/** How the demo shows where it is: since its start, in minutes and seconds. */
function clock(): string {
  const seconds = Math.floor((performance.now() - startMs) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Announces a part of the demo. */
export function say(text: string): void {
  console.log(`\n[${clock()}] ${text}`);
}

/** What a command is run with beside its arguments. */
export interface CommandOptions {
  /** Given to its standard input. */
  readonly input?: string;
  /** Neither the command nor its output is shown. */
  readonly isQuiet?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Prints a command as a user would type it, runs it, shows what it prints, and returns that. */
export async function type(
  program: { readonly shown: string; readonly path: string; readonly args?: readonly string[] },
  args: readonly string[],
  { input, isQuiet = false, env = {} }: CommandOptions = {},
): Promise<string> {
  const line = [program.shown, ...args].map(quoted).join(" ");
  if (!isQuiet) console.log(`$ ${line}${input === undefined ? "" : ` <<'EOF'\n${input.trimEnd()}\nEOF`}`);
  const child = spawn(program.path, [...(program.args ?? []), ...args], {
    // Paths of the repository are shown, and typed, from its root on.
    cwd: repositoryRoot,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    timeout: COMMAND_LIMIT_MS,
  });
  child.stdin.end(input ?? "");
  let output = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
    if (!isQuiet) process.stdout.write(data);
  });
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
    if (!isQuiet) process.stderr.write(data);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
  if (code !== 0)
    throw new DemoError(`"${line}" failed with exit code ${String(code)}: ${errors.trim() || output.trim()}`);
  return output;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
