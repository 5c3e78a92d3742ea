import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../server/client/client.ts";
import { APPENDED } from "./appending-client.ts";

const RECONNECT_PAUSE_MS = 200;
/** After this time a watch is opened anew, at another member: also one that still works. */
const WATCH_TIMEOUT_MS = 30_000;

/** Watches all that is appended, at one member after the other, and keeps the revision of every event. */
export class RevisionWatcher {
  readonly #endpoints: () => readonly Client[];
  readonly #revisions: number[] = [];
  #isStopped = false;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(endpoints: () => readonly Client[]) {
    this.#endpoints = endpoints;
  }

  /** In the order in which they came. */
  get revisions(): readonly number[] {
    return this.#revisions;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#isStopped; n++) {
      const clients = this.#endpoints();
      const client = clients[n % Math.max(1, clients.length)];
      // A watch that breaks is opened anew; what was seen stays.
      if (client) await this.#watch(client).catch(() => undefined);
      await sleep(RECONNECT_PAUSE_MS);
    }
  }

  async #watch({ watch }: Client): Promise<void> {
    const stream = watch.watch({ timeoutMs: WATCH_TIMEOUT_MS });
    this.#cancel = () => stream.cancel();
    const value = {
      key: Buffer.from(APPENDED),
      rangeEnd: Buffer.from(`${APPENDED.slice(0, -1)}0`),
      startRevision: BigInt((this.#revisions.at(-1) ?? 0) + 1),
    };
    void stream.send({ requestUnion: { case: "createRequest", value } });
    for await (const { events, canceled } of stream) {
      for (const { kv } of events) if (kv) this.#revisions.push(Number(kv.modRevision));
      if (canceled || this.#isStopped) return;
    }
  }
}
