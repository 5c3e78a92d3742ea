import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";

/**
 * Gives a process, with all its threads, nearly all the computing time that it wants. How late a member's event loop is then
 * tells of the member alone; otherwise it tells how the machine's cores are shared among the members, the proxy and the
 * clients of the test, which in earnest have machines of their own. Among its own threads nothing is preferred, as there.
 * Needs root; without it that is said and nothing done.
 */
export function runFirst(pid: number): void {
  try {
    const threads = readdirSync(`/proc/${String(pid)}/task`);
    for (const thread of threads) setPriority(Number(thread), constants.priority.PRIORITY_HIGHEST);
    console.log(`process ${String(pid)} runs before everything else on this machine`);
  } catch (error) {
    console.log(`the member shares the machine's cores with all others: ${(error as Error).message}`);
  }
}
