import { spawnSync } from "node:child_process";

/** Any real-time priority comes before all ordinary processes. */
const PRIORITY = "10";

/**
 * Lets a process, with all its threads, run before everything else on this machine. How late a member's event loop is then
 * tells of the member alone; otherwise it tells how the machine's cores are shared among the members, the proxy and the
 * clients of the test, which in earnest have machines of their own. Needs root; without it that is said and nothing done.
 */
export function runFirst(pid: number): void {
  const { status, stderr, error } = spawnSync("chrt", ["--all-tasks", "--fifo", "--pid", PRIORITY, String(pid)]);
  if (status === 0) console.log(`process ${String(pid)} runs before everything else on this machine`);
  else console.log(`the member shares the machine's cores with all others: ${error?.message ?? String(stderr).trim()}`);
}
