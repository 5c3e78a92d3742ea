import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../server/client/client.ts";
import { AwakeClock } from "../../support/awake-clock.ts";
import { longestGap } from "./longest-gap.ts";
import type { AcknowledgedWrite, FoundKey } from "./no-write-lost.ts";

const ATTEMPT_TIMEOUT_MS = 1000;
const FAILURE_PAUSE_MS = 20;
const MADE_UP_MS = 1000;
const PAGE_KEYS = 1000;
const VALUE_BYTES = 64;
/** Few, so that the rate is kept while answers take long. */
const WRITES_PER_SECOND_AND_LANE = 2;

/** Where its keys are. */
export const APPENDED = "appended/";

/** How it writes, and to whom. */
export interface AppendOptions {
  /** 0 for a client that only reads at the end. */
  readonly perSecond: number;
  /** Members that may be asked at this moment, asked for before every write. */
  readonly endpoints: () => readonly Client[];
}

/**
 * A client that appends: in each lane one write after the other, each sent once and under a key of its own. What is not
 * acknowledged may or may not be there; it is not sent again, so every answer means exactly one revision.
 */
export class AppendingClient {
  readonly #options: AppendOptions;
  readonly #writes: AcknowledgedWrite[] = [];
  readonly #acknowledged: { readonly atMs: number; readonly awakeMs: number }[] = [];
  /** Gaps are the cluster's, not the machine's. */
  readonly #clock = new AwakeClock();
  readonly #lanes: Promise<void>[] = [];
  #failures = 0;
  #isStopped = false;

  constructor(options: AppendOptions) {
    this.#options = options;
  }

  start(): void {
    this.#clock.start();
    const count = Math.ceil(this.#options.perSecond / WRITES_PER_SECOND_AND_LANE);
    const everyMs = (1000 * count) / this.#options.perSecond;
    for (let lane = 0; lane < count; lane++) this.#lanes.push(this.#append(lane, everyMs));
  }

  /** In their order of acknowledgement. */
  get writes(): readonly AcknowledgedWrite[] {
    return this.#writes;
  }

  get failures(): number {
    return this.#failures;
  }

  get perSecond(): number {
    const [first = 0, last = 0] = [this.#acknowledged[0]?.atMs, this.#acknowledged.at(-1)?.atMs];
    return last > first ? (this.#acknowledged.length * 1000) / (last - first) : 0;
  }

  /** The longest time without an acknowledgement, of what was acknowledged from a moment on, in which this process ran. */
  longestGapMs(sinceMs = 0): number {
    return longestGap(this.#acknowledged.filter(({ atMs }) => atMs >= sinceMs).map(({ awakeMs }) => awakeMs));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    this.#clock.stop();
  }

  async #append(lane: number, everyMs: number): Promise<void> {
    let [endpoint, dueMs] = [lane, performance.now() + (lane * everyMs) / 7];
    for (let n = 0; !this.#isStopped; n++) {
      await sleep(Math.max(0, dueMs - performance.now()));
      // What slow answers cost is made up for, an outage is not.
      dueMs = Math.max(dueMs + everyMs, performance.now() - MADE_UP_MS);
      const clients = this.#options.endpoints();
      const client = clients[endpoint % Math.max(1, clients.length)];
      if (client && (await this.#write(client, lane, n))) continue;
      endpoint++;
      await sleep(FAILURE_PAUSE_MS);
    }
  }

  async #write({ kv }: Client, lane: number, n: number): Promise<boolean> {
    const key = `${APPENDED}${String(lane)}/${String(n).padStart(7, "0")}`;
    const value = key.padEnd(VALUE_BYTES, ".");
    try {
      const request = { key: Buffer.from(key), value: Buffer.from(value) };
      const { header } = await kv.put(request, { timeoutMs: ATTEMPT_TIMEOUT_MS });
      this.#writes.push({ lane, key, value, revision: Number(header?.revision) });
      this.#acknowledged.push({ atMs: performance.now(), awakeMs: this.#clock.nowMs() });
      return true;
    } catch {
      this.#failures++;
      return false;
    }
  }
}

/** All of its keys, as a linearizable read gives them. */
export async function readAppended({ kv }: Client): Promise<ReadonlyMap<string, FoundKey>> {
  const found = new Map<string, FoundKey>();
  const rangeEnd = Buffer.from(`${APPENDED.slice(0, -1)}0`);
  let revision = 0n;
  for (let from = Buffer.from(APPENDED); ;) {
    const page = await kv.range({ key: from, rangeEnd, limit: BigInt(PAGE_KEYS), revision }, { timeoutMs: 10_000 });
    // All pages are of one moment.
    if (revision === 0n) revision = page.header?.revision ?? 0n;
    for (const { key, value, createRevision, modRevision } of page.kvs) {
      found.set(Buffer.from(key).toString(), {
        value: Buffer.from(value).toString(),
        createRevision: Number(createRevision),
        modRevision: Number(modRevision),
      });
    }
    const last = page.kvs.at(-1);
    if (!page.more || !last) return found;
    from = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
