import { setTimeout as sleep } from "node:timers/promises";
import { AwakeClock } from "./awake-clock.ts";
import { bytes, type EtcdClient } from "./etcd-client.ts";
import { waitUntil } from "./wait-until.ts";

/** How often new writes are begun. */
const TICK_MS = 10;
/** While a cluster is down no more than these are begun. */
const MAX_IN_FLIGHT = 500;
/** Before an attempt at the next endpoint. */
const RETRY_PAUSE_MS = 10;
const PAGE_KEYS = 1000;

export interface WriteLoadOptions {
  /** Asked for every attempt, so that a cluster may change under the load. */
  readonly endpoints: () => readonly EtcdClient[];
  readonly perSecond: number;
  readonly prefix: string;
  readonly valueBytes: number;
  readonly attemptTimeoutMs?: number;
  /** Writes under way at most; 1 makes it one client that writes one after the other. */
  readonly maxInFlight?: number;
  /** Keys that are written over and over; without it every write has a key of its own, which no other write can hide. */
  readonly keySpace?: number;
}

/** The newest acknowledged write of a key. */
interface Acknowledged {
  readonly write: number;
  readonly revision: bigint;
  readonly attempts: number;
}

/** What was found of the acknowledged writes. */
export interface Verification {
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** There, but with another value, or written at another revision than was answered. */
  readonly wrong: readonly string[];
}

/**
 * Writes at a steady rate, every write its own key, each tried at one endpoint after the other until one
 * acknowledges it. The client's own log of what was acknowledged is the truth that a cluster is held against.
 */
export class WriteLoad {
  readonly #options: WriteLoadOptions;
  /** By key. */
  readonly #newest = new Map<number, Acknowledged>();
  #acknowledged = 0;
  #newestWrite = -1;
  readonly #inFlight = new Set<Promise<void>>();
  #begun = 0;
  #failedAttempts = 0;
  #isStopped = false;
  /** Gaps are the cluster's, not the machine's. */
  readonly #clock = new AwakeClock();
  #lastAckMs = this.#clock.nowMs();
  #longestGapMs = 0;
  #startedMs = 0;
  #stoppedMs = 0;
  #pacing: Promise<void> = Promise.resolve();

  constructor(options: WriteLoadOptions) {
    this.#options = options;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get failedAttempts(): number {
    return this.#failedAttempts;
  }

  /** Of the time since the last call, or since the start. */
  takeLongestGapMs(): number {
    const gap = Math.max(this.#longestGapMs, this.#clock.nowMs() - this.#lastAckMs);
    this.#longestGapMs = 0;
    return gap;
  }

  /** Acknowledged writes per second, from start to stop. */
  get rate(): number {
    return (this.acknowledged * 1000) / ((this.#stoppedMs || performance.now()) - this.#startedMs);
  }

  start(): void {
    this.#clock.start();
    this.#startedMs = performance.now();
    this.#lastAckMs = this.#clock.nowMs();
    this.#pacing = this.#pace();
  }

  /** Begins no more, and waits a while for those under way; what is not acknowledged then may or may not be there. */
  async stop(graceMs = 10_000): Promise<void> {
    this.#isStopped = true;
    this.#stoppedMs = performance.now();
    this.#clock.stop();
    await this.#pacing;
    await Promise.race([Promise.all(this.#inFlight), sleep(graceMs)]);
  }

  /** Resolves once a write that was begun after this call has been acknowledged. */
  async progress(timeoutMs: number): Promise<void> {
    const from = this.#begun;
    const deadlineMs = performance.now() + timeoutMs;
    while (performance.now() < deadlineMs) {
      if (this.#newestWrite >= from) return;
      await sleep(20);
    }
    throw new Error(`no write was acknowledged within ${String(timeoutMs)} ms`);
  }

  /** Reads every key, linearizably, and compares it with the log of acknowledged writes. */
  async verify(client: EtcdClient): Promise<Verification> {
    const left = new Map(this.#newest);
    const wrong: string[] = [];
    const end = bytes(`${this.#options.prefix}:`);
    let from = bytes(`${this.#options.prefix}/`);
    for (;;) {
      const request = { key: from, rangeEnd: end, limit: BigInt(PAGE_KEYS) };
      // Again, if the leader has just changed.
      const { kvs, more } = await waitUntil("a page of keys is read", () => client.range(request, 20_000));
      for (const kv of kvs) {
        const key = Buffer.from(kv.key).toString();
        const place = Number(key.slice(this.#options.prefix.length + 1));
        const newest = left.get(place);
        if (!newest) continue;
        left.delete(place);
        if (!this.#fits(newest, kv.modRevision, Buffer.from(kv.value).toString())) {
          wrong.push(`${key}: acknowledged at ${String(newest.revision)}, found at ${String(kv.modRevision)}`);
        }
      }
      const last = kvs.at(-1);
      if (!more || !last) break;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
    return { acknowledged: this.acknowledged, lost: [...left.keys()].map((place) => this.#key(place)), wrong };
  }

  /** A later revision is right only if a write that was not acknowledged, or not at its first attempt, may have made it. */
  #fits({ write, revision, attempts }: Acknowledged, found: bigint, value: string): boolean {
    if (found === revision) return value === this.#value(write);
    const mayBeLater = attempts > 1 || this.#options.keySpace !== undefined;
    return mayBeLater && found > revision && (this.#options.keySpace !== undefined || value === this.#value(write));
  }

  async #pace(): Promise<void> {
    const most = this.#options.maxInFlight ?? MAX_IN_FLIGHT;
    let due = 0;
    let lastMs = performance.now();
    while (!this.#isStopped) {
      const nowMs = performance.now();
      due = Math.min(due + ((nowMs - lastMs) * this.#options.perSecond) / 1000, this.#options.perSecond);
      lastMs = nowMs;
      for (; due >= 1 && this.#inFlight.size < most; due--) this.#begin(this.#begun++);
      await sleep(TICK_MS);
    }
  }

  #begin(n: number): void {
    const write = this.#write(n).finally(() => this.#inFlight.delete(write));
    this.#inFlight.add(write);
  }

  async #write(n: number): Promise<void> {
    const place = n % (this.#options.keySpace ?? Number.MAX_SAFE_INTEGER);
    const key = this.#key(place);
    const value = this.#value(n);
    // Never given up while the load runs; afterwards, one attempt more.
    for (let attempts = 1; ; attempts++) {
      const wasStopped = this.#isStopped;
      const endpoints = this.#options.endpoints();
      const endpoint = endpoints[(n + attempts) % endpoints.length];
      try {
        if (!endpoint) throw new Error("there is no endpoint to write to");
        const { header } = await endpoint.put(key, value, this.#options.attemptTimeoutMs ?? 1000);
        this.#onAcknowledged(place, { write: n, revision: header?.revision ?? 0n, attempts });
        return;
      } catch {
        this.#failedAttempts++;
        if (wasStopped) return;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  #onAcknowledged(place: number, acknowledged: Acknowledged): void {
    this.#acknowledged++;
    this.#newestWrite = Math.max(this.#newestWrite, acknowledged.write);
    const newest = this.#newest.get(place);
    if (newest === undefined || newest.revision < acknowledged.revision) this.#newest.set(place, acknowledged);
    const nowMs = this.#clock.nowMs();
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastAckMs);
    this.#lastAckMs = nowMs;
  }

  #key(place: number): string {
    return `${this.#options.prefix}/${String(place).padStart(9, "0")}`;
  }

  #value(n: number): string {
    return `value of ${String(n)}`.padEnd(this.#options.valueBytes, ".");
  }
}
