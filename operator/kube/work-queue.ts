import type { Clock, Timer } from "./clock.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Wait after a key's first failure, doubled with each further one. */
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 60_000;
/** Retries of all keys together: a broken world is not made worse by hurry. */
const RETRIES = { burst: 100, perSecond: 10 } as const;
/** Far more keys than objects that one operator can have; a key above is refused, and comes again with the resync. */
const KEYS_MAX = 100_000;

/** How handling a key ended, if it did not throw: `requeueAfterMs` asks to be called again. */
export interface WorkResult {
  readonly requeueAfterMs?: number;
}

/** What is told of a queue's life, for metrics. */
export interface QueueObserver {
  added(): void;
  /** Every change of how many keys wait, not counting those that wait for their time. */
  depth(keys: number): void;
  started(waitedMs: number): void;
  finished(workedMs: number, result: "success" | "requeued" | "error"): void;
  retried(): void;
}

/** What a work queue works with. */
export interface WorkQueueOptions {
  /** Handles one key. It throws to be called again after a growing wait. */
  readonly work: (key: string, signal: AbortSignal) => Promise<WorkResult | undefined>;
  /** Keys handled at the same time; never one key twice. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Hears of each failure, with how many there were in a row and the wait that follows. */
  readonly onError: (key: string, error: unknown, failures: number, retryMs: number) => void;
  /** A wait that an error itself asks for; the queue waits at least so long. */
  readonly retryAfterOf?: (error: unknown) => number | undefined;
  readonly observer?: QueueObserver;
}

/**
 * Keys that want handling. A key waits at most once, however often it is added; it is handled by one worker at a time, and
 * again if it was added meanwhile; it comes again after a growing wait if handling it failed. Nothing happens before
 * `start`.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #retries: TokenBucket;
  readonly #waiting = new Map<string, { readonly sinceMs: number }>();
  readonly #running = new Map<string, { isWantedAgain: boolean }>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #abort = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #state: "created" | "started" | "stopped" = "created";

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#retries = new TokenBucket(RETRIES, options.clock.monotonicMs());
  }

  /** Handle this key soon. */
  add(key: string): void {
    if (this.#state === "stopped") return;
    const running = this.#running.get(key);
    if (running) {
      running.isWantedAgain = true;
    } else if (!this.#waiting.has(key) && this.#waiting.size < KEYS_MAX) {
      this.#waiting.set(key, { sinceMs: this.#options.clock.monotonicMs() });
      this.#options.observer?.added();
      this.#pump();
    }
  }

  /** Handle this key after that time. Of several such wishes for a key the earliest counts: no wish comes too late. */
  addAfter(key: string, delayMs: number): void {
    if (this.#state === "stopped") return;
    const dueMs = this.#options.clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known && known.dueMs <= dueMs) return;
    known?.timer.cancel();
    if (!known && this.#delayed.size >= KEYS_MAX) return;
    const timer = this.#options.clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  /** From now on keys are handled. */
  start(): void {
    if (this.#state !== "created") return;
    this.#state = "started";
    this.#pump();
  }

  /**
   * No further key is begun; ends when those that are being handled are done. After `graceMs` they are told by their signal
   * to give up; with 0 at once.
   */
  async stop(graceMs: number): Promise<void> {
    this.#state = "stopped";
    this.#waiting.clear();
    this.#options.observer?.depth(0);
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    if (this.#running.size === 0) return;
    if (graceMs === 0) this.#abort.abort();
    const timer = this.#options.clock.after(graceMs, () => this.#abort.abort());
    await this.#idle.promise;
    timer.cancel();
  }

  #pump(): void {
    for (const [key, { sinceMs }] of this.#waiting) {
      if (this.#state !== "started" || this.#running.size >= this.#options.concurrency) break;
      this.#waiting.delete(key);
      this.#options.observer?.started(this.#options.clock.monotonicMs() - sinceMs);
      this.#running.set(key, { isWantedAgain: false });
      void this.#handle(key);
    }
    this.#options.observer?.depth(this.#waiting.size);
  }

  async #handle(key: string): Promise<void> {
    const { work, clock, observer } = this.#options;
    const startMs = clock.monotonicMs();
    const finished = (result: "success" | "requeued" | "error"): void =>
      observer?.finished(clock.monotonicMs() - startMs, result);
    try {
      const result = await work(key, this.#abort.signal);
      this.#failures.delete(key);
      finished(result?.requeueAfterMs === undefined ? "success" : "requeued");
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      finished("error");
      this.#failed(key, error);
    }
    this.#done(key);
  }

  #failed(key: string, error: unknown): void {
    if (this.#state === "stopped") return;
    const { clock, random, onError, retryAfterOf, observer } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (failures - 1)) * (0.75 + random() / 4);
    const retryMs = Math.max(backoffMs, this.#retries.reserve(clock.monotonicMs()), retryAfterOf?.(error) ?? 0);
    observer?.retried();
    onError(key, error, failures, retryMs);
    this.addAfter(key, retryMs);
  }

  #done(key: string): void {
    const isWantedAgain = this.#running.get(key)?.isWantedAgain ?? false;
    this.#running.delete(key);
    if (isWantedAgain) this.add(key);
    this.#pump();
    if (this.#state === "stopped" && this.#running.size === 0) this.#idle.resolve();
  }
}
