import type { JobWorld } from "../../operator/backup/job-world.ts";
import { nodeDisk } from "../../server/host/node-disk.ts";

/** A world for the work of a Job: the real disk with endless room, a clock that goes a second a look, no waiting. */
export function testWorld(overrides: Partial<JobWorld> = {}): JobWorld & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  let seconds = 0;
  return {
    disk: nodeDisk,
    freeBytes: () => Promise.resolve(Number.MAX_SAFE_INTEGER),
    now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds++)),
    pause: () => Promise.resolve(),
    log: (line) => lines.push(line),
    lines,
    ...overrides,
  };
}
