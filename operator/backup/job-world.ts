import { setTimeout as sleep } from "node:timers/promises";
import { freeBytes } from "../../server/host/free-space.ts";
import { nodeDisk } from "../../server/host/node-disk.ts";
import type { Disk } from "../../server/ports/disk.ts";

/** What a Job needs of the machine, so that tests can give it another one. */
export interface JobWorld {
  readonly disk: Disk;
  /** Bytes that can still be written below a folder. */
  readonly freeBytes: (folder: string) => Promise<number>;
  readonly now: () => Date;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: (line: string) => void;
}

/** The machine that we run on. */
export function jobWorld(log: (line: string) => void): JobWorld {
  return { disk: nodeDisk, freeBytes, now: () => new Date(), pause: (ms) => sleep(ms), log };
}
