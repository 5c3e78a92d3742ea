import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ClusterMember } from "./cluster.ts";
import { eventLoopDelay, type EventLoopDelay } from "./event-loop-delay.ts";
import { runFirst } from "./run-first.ts";

/** Design decision 12. */
const P999_MAX_MS = 10;
const MAX_MS = 50;

/** What of it there is to say. */
export interface Lateness {
  readonly isInTime: boolean;
  readonly text: string;
}

/**
 * How late a member's event loop is, beside that of a process that does nothing. A virtual machine whose host takes its
 * cores or its memory away stands still as a whole, for hundreds of milliseconds at times; by as much as the idle process
 * is late meanwhile the member may be late, too. Both get computing time before everything else if that is wished for.
 */
export class LatenessWatch {
  readonly #member: ClusterMember;
  readonly #idle: ChildProcess;

  private constructor(member: ClusterMember, idle: ChildProcess) {
    this.#member = member;
    this.#idle = idle;
  }

  static async start(member: ClusterMember, options: { readonly isPreferred: boolean }): Promise<LatenessWatch> {
    const idle = fork(join(import.meta.dirname, "idle-process.ts"), { stdio: "inherit" });
    const watch = new LatenessWatch(member, idle);
    await watch.#idleDelay();
    for (const pid of options.isPreferred ? [member.pid, idle.pid] : []) if (pid !== undefined) runFirst(pid);
    return watch;
  }

  /** What was before does not count. */
  async begin(): Promise<void> {
    await Promise.all([eventLoopDelay(this.#member.clientUrl), this.#idleDelay()]);
  }

  /** Since `begin`. */
  async end(): Promise<Lateness> {
    const [delay, idle] = await Promise.all([eventLoopDelay(this.#member.clientUrl), this.#idleDelay()]);
    const isInTime =
      delay !== undefined && delay.p999Ms <= P999_MAX_MS + idle.p999Ms && delay.maxMs <= MAX_MS + idle.maxMs;
    const text =
      `late by ${textOf(delay)}; an idle process beside it by ${textOf(idle)}; ` +
      `limits ${String(P999_MAX_MS)} and ${String(MAX_MS)} ms beyond that`;
    return { isInTime, text };
  }

  stop(): void {
    this.#idle.kill("SIGKILL");
  }

  async #idleDelay(): Promise<Pick<EventLoopDelay, "p999Ms" | "maxMs">> {
    const answer = once(this.#idle, "message");
    this.#idle.send("how late?");
    const [delay] = (await answer) as [EventLoopDelay];
    return delay;
  }
}

function textOf(delay: Pick<EventLoopDelay, "p999Ms" | "maxMs"> | undefined): string {
  return delay ? `${delay.p999Ms.toFixed(1)} ms (p99.9) and ${delay.maxMs.toFixed(1)} ms (longest)` : "unknown times";
}
