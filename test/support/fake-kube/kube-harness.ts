import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../operator/kube/connection.ts";
import type { CallerOptions } from "../../../operator/kube/caller.ts";
import { KubeClient } from "../../../operator/kube/kube-client.ts";
import { ManualClock } from "../manual-clock.ts";
import { waitUntil } from "../wait-until.ts";
import { FakeKube } from "./fake-kube.ts";

/** A fake API server, a clock that stands, and clients that work with both. */
export class KubeHarness {
  readonly kube = new FakeKube();
  readonly clock = new ManualClock();
  readonly #clients: KubeClient[] = [];
  /** Requests that clients have begun and that have neither been answered nor failed. */
  #open = 0;

  static async start(): Promise<KubeHarness> {
    const harness = new KubeHarness();
    await harness.kube.start();
    return harness;
  }

  get connection(): Connection {
    return {
      server: this.kube.url,
      namespace: "operator",
      credentials: async () => {
        this.#open++;
        return { headers: {}, tls: {} };
      },
    };
  }

  /** A client. Its waits are the longest that they can be. */
  client(options: Partial<CallerOptions> = {}): KubeClient {
    const client = new KubeClient({
      connection: this.connection,
      clock: this.clock,
      random: () => 1,
      userAgent: "test/1",
      ...options,
      observe: (call) => {
        this.#open--;
        options.observe?.(call);
      },
    });
    this.#clients.push(client);
    return client;
  }

  /** Lets time pass until a promise is settled; as much as it takes. */
  async pass<T>(promise: Promise<T>, stepMs = 50): Promise<T> {
    const state = { isSettled: false };
    const settled = (): void => {
      state.isSettled = true;
    };
    promise.then(settled, settled);
    // The network is real: give it its time between two steps of the clock.
    await sleep(5);
    while (!state.isSettled) {
      this.clock.advance(stepMs);
      await sleep(1);
    }
    return promise;
  }

  /** Waits for what the network brings, while the clock stands. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await waitUntil(what, () => (condition() ? true : undefined), { timeoutMs: 10_000, everyMs: 1 });
  }

  /** Lets time pass until something has happened. */
  async untilInTime(what: string, condition: () => boolean, stepMs = 50): Promise<void> {
    await waitUntil(
      what,
      () => {
        if (condition()) return true;
        this.clock.advance(stepMs);
        return undefined;
      },
      { timeoutMs: 10_000, everyMs: 2 },
    );
  }

  /** Time in which anything that was under way would have arrived. */
  async settle(): Promise<void> {
    await sleep(30);
  }

  /** Waits until every request is answered that will be. */
  async answered(): Promise<void> {
    do {
      // What follows from an answer may be the next request.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (this.#open > this.kube.hanging);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.kube.down();
  }
}

/** The target of an object for reading or writing the store directly. */
export function target(resource: string, namespace: string, name: string) {
  const apiVersion = resource.slice(0, resource.lastIndexOf("/"));
  return { resource, apiVersion, namespace, name, subresource: undefined };
}
