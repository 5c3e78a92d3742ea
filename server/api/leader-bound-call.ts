import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import type { StreamCall } from "../rpc/service.ts";

/** How long a stream that asked for a leader goes on without one, in election timeouts (etcd's v3rpc interceptor). */
const LEADERLESS_ELECTIONS = 3;

/** What is asked of a node to know how long it has been without a leader. */
export type LeaderSource = Pick<Node, "leadership" | "clock" | "config">;

/**
 * A stream that ends with its client, or with the fault no-leader once there has been no leader for too long. Whoever
 * handles it sees a call that was cancelled: its requests end, and what waits for the client stops waiting.
 */
export class LeaderBoundCall implements StreamCall<unknown, unknown> {
  readonly requests: AsyncIterable<unknown>;
  readonly #call: StreamCall<unknown, unknown>;
  readonly #lost = Promise.withResolvers<never>();
  readonly #timer: { cancel(): void };
  readonly #onCancelled: (() => void)[] = [];
  #isLost = false;
  #endRequests: () => void = () => undefined;

  constructor(node: LeaderSource, call: StreamCall<unknown, unknown>) {
    this.#call = call;
    this.requests = this.#untilLost(call.requests);
    // Whoever awaits it hears of it; that nobody does any more is no bug.
    this.#lost.promise.catch(() => undefined);
    const { tickMs, electionTicks } = node.config;
    const electionMs = tickMs * electionTicks;
    this.#timer = node.clock.every(electionMs, () => {
      const sinceMs = node.leadership.leaderlessSinceMs;
      if (sinceMs === undefined) return;
      if (node.clock.monotonicMs() - sinceMs >= LEADERLESS_ELECTIONS * electionMs) this.#lose();
    });
  }

  /** Rejects with no-leader. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  get isCancelled(): boolean {
    return this.#isLost || this.#call.isCancelled;
  }

  /** The stream has ended: nobody needs to look for a leader any more. */
  release(): void {
    this.#timer.cancel();
  }

  onCancelled(run: () => void): void {
    let hasRun = false;
    const once = (): void => {
      if (!hasRun) run();
      hasRun = true;
    };
    if (this.#isLost) once();
    else this.#onCancelled.push(once);
    this.#call.onCancelled(once);
  }

  metadata(key: string): string | undefined {
    return this.#call.metadata(key);
  }

  peerCommonName(): string | undefined {
    return this.#call.peerCommonName();
  }

  send(message: unknown): boolean {
    return this.#isLost || this.#call.send(message);
  }

  drained(): Promise<void> {
    return this.#isLost ? Promise.resolve() : this.#call.drained();
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#timer.cancel();
    this.#lost.reject(new DomainError("no-leader"));
    this.#endRequests();
    for (const run of this.#onCancelled) run();
  }

  /** One promise for each request: racing them against one that lives as long as the stream would keep them all. */
  async *#untilLost(requests: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const iterator = requests[Symbol.asyncIterator]();
    while (!this.#isLost) {
      const next = await new Promise<IteratorResult<unknown>>((resolve, reject) => {
        this.#endRequests = () => {
          resolve({ done: true, value: undefined });
        };
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  }
}
