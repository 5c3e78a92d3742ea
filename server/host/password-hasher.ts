import { Worker } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { DomainError } from "../base/domain-error.ts";
import type { PasswordHasher } from "../ports/password-hasher.ts";

/** Passwords that may wait for their turn; at bcrypt's usual cost that is some ten seconds of work. */
const MAX_WAITING = 128;
/** The same module is TypeScript in the repository and JavaScript when built. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./password-hasher-worker.ts" : "./password-hasher-worker.js",
  import.meta.url,
);

/** What the worker is asked. */
export type HashingJob =
  | { readonly kind: "hash"; readonly password: string; readonly cost: number }
  | { readonly kind: "compare"; readonly password: string; readonly hash: string };

/** What it answers. */
export interface HashingResult {
  readonly hash?: string;
  readonly isSame?: boolean;
}

interface Waiting {
  readonly job: HashingJob;
  readonly isWanted: () => boolean;
  readonly resolve: (result: HashingResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Bcrypt in a thread of its own, one password after the other: its JavaScript would hold the event loop for tens of
 * milliseconds at a time. The thread starts with the first password and does not keep the process alive.
 */
export class WorkerPasswordHasher implements PasswordHasher {
  readonly #cost: number;
  readonly #waiting: Waiting[] = [];
  #running: Waiting | undefined;
  #worker: Worker | undefined;

  constructor(cost: number) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    const { hash } = await this.#run({ kind: "hash", password, cost: this.#cost }, () => true);
    assert(hash !== undefined, "the worker answers a password with its hash");
    return hash;
  }

  async matches(password: string, hash: string, isWanted: () => boolean): Promise<boolean> {
    return (await this.#run({ kind: "compare", password, hash }, isWanted)).isSame ?? false;
  }

  /** Ends the thread; who still waits is told so. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new DomainError("stopped"));
    await worker?.terminate();
  }

  #run(job: HashingJob, isWanted: () => boolean): Promise<HashingResult> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new DomainError("too-many-requests"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, isWanted, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running) return;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!next.isWanted()) {
        next.reject(new DomainError("canceled"));
        continue;
      }
      this.#running = next;
      this.#worker ??= this.#start();
      this.#worker.postMessage(next.job, []);
      return;
    }
  }

  #start(): Worker {
    const worker = new Worker(WORKER_FILE);
    worker.unref();
    worker.on("message", (result: HashingResult) => {
      const done = this.#running;
      this.#running = undefined;
      done?.resolve(result);
      this.#next();
    });
    worker.on("error", (error) => {
      this.#fail(error as Error);
    });
    return worker;
  }

  #fail(error: Error): void {
    const all = [...(this.#running ? [this.#running] : []), ...this.#waiting.splice(0)];
    this.#running = undefined;
    this.#worker = undefined;
    for (const { reject } of all) reject(error);
  }
}
