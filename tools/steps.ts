import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { join } from "node:path";
import { repositoryRoot } from "./repository-root.ts";

/** One command of a test run. Its counts are read from its closing lines; without any it counts as one test. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** More than one only where the verdict is about time, which other work on the machine can spoil; each is shown. */
  readonly attempts?: number;
}

interface Counts {
  passed: number;
  failed: number;
}

/** vitest's summary, and the plain line that our own runners end with. */
const VITEST = /^\s*Tests\s+(?:(\d+) failed \| )?(?:(\d+) passed)?/;
const PLAIN = /^(\d+) passed, (\d+) failed$/;

/**
 * Runs the steps one after the other, all of them even if one fails, and prints the true sum of their counts alone on
 * the last line. The exit code says whether everything passed.
 */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const sum: Counts = { passed: 0, failed: 0 };
  const rows: string[] = [];
  for (const step of steps) {
    console.log(`\n=== ${step.name}: ${step.command.join(" ")}`);
    const startMs = performance.now();
    let { code, counts } = await runStep(step);
    for (let attempt = 2; code !== 0 && attempt <= (step.attempts ?? 1); attempt++) {
      console.log(`${step.name}: attempt ${String(attempt)}, because it judges time`);
      ({ code, counts } = await runStep(step));
    }
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    if (code === 0 && counts.passed + counts.failed === 0) counts.passed = 1;
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    const verdict = counts.failed === 0 ? "ok  " : "FAIL";
    rows.push(
      `${verdict} ${step.name}: ${String(counts.passed)} passed, ${String(counts.failed)} failed (${seconds} s)`,
    );
    console.log(rows.at(-1));
  }
  console.log(`\n${rows.join("\n")}`);
  console.log(`${String(sum.passed)} passed, ${String(sum.failed)} failed`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

function runStep(step: Step): Promise<{ readonly code: number; readonly counts: Counts }> {
  const [command = "", ...args] = step.command;
  const child = spawn(command, args, {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PATH: `${join(repositoryRoot, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      FORCE_COLOR: "0",
      NO_COLOR: "1",
    },
  });
  const counts: Counts = { passed: 0, failed: 0 };
  let rest = "";
  child.stdout.on("data", (data: Buffer) => {
    process.stdout.write(data);
    const lines = (rest + data.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) count(stripVTControlCharacters(line), counts);
  });
  return new Promise((resolve) => {
    child.on("close", (code) => {
      count(stripVTControlCharacters(rest), counts);
      resolve({ code: code ?? 1, counts });
    });
  });
}

function count(line: string, counts: Counts): void {
  const vitest = VITEST.exec(line);
  const plain = PLAIN.exec(line.trim());
  if (vitest) {
    counts.failed += Number(vitest[1] ?? 0);
    counts.passed += Number(vitest[2] ?? 0);
  } else if (plain) {
    // A runner's own sum: it replaces what was counted before.
    counts.passed = Number(plain[1]);
    counts.failed = Number(plain[2]);
  }
}
