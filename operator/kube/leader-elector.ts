import { pause, type Clock, type Timer } from "./clock.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError, isFault } from "./kube-error.ts";
import { leaseKind } from "./kinds.ts";
import { microTime } from "./micro-time.ts";
import type { ObjectKey } from "./object-key.ts";

type Lease = NonNullable<(typeof leaseKind)["objects"]>;

/** The times of an election; client-go's defaults. */
export interface ElectionTimes {
  /** So long after the last sign of a leader another may take over. */
  readonly leaseMs: number;
  /** So long after its last renewal a leader gives up by itself; less than `leaseMs`, or there may be two. */
  readonly renewDeadlineMs: number;
  /** Between two attempts. */
  readonly retryMs: number;
}

/** What client-go's leader election has by default. */
export const ELECTION_TIMES: ElectionTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** How much longer than `retryMs` a candidate may wait, so that candidates do not move in step (client-go: JitterFactor). */
const CANDIDATE_JITTER = 1.2;

/** What an elector works with. */
export interface ElectorOptions {
  /** A client of its own: election goes on while other calls queue up, and is the one thing that writes unasked. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lease: ObjectKey;
  /** Nobody else's, not even an earlier process's in the same pod. */
  readonly identity: string;
  readonly times?: ElectionTimes;
  readonly onAcquired: () => void;
  /** Called at most once, after which the elector is dead: everything that this process does has to stop at once. */
  readonly onLost: (reason: string) => void;
  readonly onProblem: (problem: string, error: KubeError) => void;
}

/**
 * Elects one of several processes by a Lease object, as client-go does. A lease is judged by this process's own clock,
 * from when it was last seen to change, so clocks need not agree. `isHolding` also turns false by time alone: a process
 * that was stopped for a while and goes on does nothing before it has looked at the clock.
 */
export class LeaderElector {
  readonly #options: ElectorOptions;
  readonly #times: ElectionTimes;
  readonly #stopped = new AbortController();
  #state: "candidate" | "leading" | "over" = "candidate";
  #seen: { readonly lease: Lease; readonly atMs: number } | undefined;
  /** When the request was sent that last renewed the lease. */
  #renewedMs = 0;
  #deadline: Timer | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#times = options.times ?? ELECTION_TIMES;
  }

  /** Whether this process is the leader at this moment. */
  isHolding(): boolean {
    const { clock } = this.#options;
    return this.#state === "leading" && clock.monotonicMs() < this.#renewedMs + this.#times.renewDeadlineMs;
  }

  /** Who holds the lease as far as is known. */
  holder(): string | undefined {
    return holderOf(this.#seen?.lease);
  }

  /** Begins to stand for election, until it is lost or `stop`. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Stops renewing and gives the lease away, so that another need not wait for it to end. Stop all work before. */
  async stop(): Promise<void> {
    const wasHolding = this.isHolding();
    this.#state = "over";
    this.#deadline?.cancel();
    this.#stopped.abort();
    await this.#loop;
    if (wasHolding) await this.#release();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#tryOnce();
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (!signal.aborted && !isFault(error, "Conflict", "AlreadyExists")) {
          this.#options.onProblem(`the lease ${this.#options.lease.name} cannot be read or written`, error);
        }
      }
      const jitter = this.#state === "leading" ? 0 : random() * CANDIDATE_JITTER;
      await pause(clock, this.#times.retryMs * (1 + jitter), signal);
    }
  }

  async #tryOnce(): Promise<void> {
    const { client, clock, lease: key, identity } = this.#options;
    if (this.#state === "leading" && this.#seen) {
      const sentMs = clock.monotonicMs();
      const renewed = await this.#update(this.#seen.lease, sentMs);
      if (renewed) return;
    }
    const found = await client.find(leaseKind, key, this.#limits());
    const sentMs = clock.monotonicMs();
    if (!found) return this.#create(sentMs);
    this.#see(found);
    const holder = holderOf(found);
    if (holder !== undefined && holder !== identity) {
      if (this.#state === "leading") return this.#lose(`${holder} holds the lease now`);
      if (sentMs < (this.#seen?.atMs ?? sentMs) + leaseMsOf(found, this.#times)) return;
    }
    await this.#update(found, sentMs);
  }

  async #create(sentMs: number): Promise<void> {
    const { client, lease } = this.#options;
    const object = { metadata: { ...lease }, spec: this.#spec(undefined) };
    this.#held(await client.create(leaseKind, object, this.#limits()), sentMs);
  }

  /** Writes our name into the lease; false if it has changed or gone since it was read. */
  async #update(lease: Lease, sentMs: number): Promise<boolean> {
    try {
      const object = { ...lease, spec: this.#spec(lease) };
      this.#held(await this.#options.client.update(leaseKind, object, this.#limits()), sentMs);
      return true;
    } catch (error) {
      if (isFault(error, "Conflict", "NotFound")) return false;
      throw error;
    }
  }

  #spec(before: Lease | undefined): NonNullable<Lease["spec"]> {
    const { clock, identity } = this.#options;
    const now = microTime(clock.unixMs());
    const isOurs = holderOf(before) === identity;
    const transitions = before?.spec?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#times.leaseMs / 1000),
      acquireTime: isOurs ? (before?.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || isOurs ? transitions : transitions + 1,
    };
  }

  #see(lease: Lease): void {
    const isSame = this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
    if (!isSame) this.#seen = { lease, atMs: this.#options.clock.monotonicMs() };
  }

  #held(lease: Lease, sentMs: number): void {
    if (this.#state === "over") return;
    this.#see(lease);
    this.#renewedMs = sentMs;
    this.#deadline?.cancel();
    const leftMs = sentMs + this.#times.renewDeadlineMs - this.#options.clock.monotonicMs();
    this.#deadline = this.#options.clock.after(leftMs, () => {
      this.#lose(`it could not be renewed for ${String(this.#times.renewDeadlineMs / 1000)} s`);
    });
    if (this.#state === "leading") return;
    this.#state = "leading";
    this.#options.onAcquired();
  }

  #lose(reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#deadline?.cancel();
    this.#stopped.abort();
    this.#options.onLost(reason);
  }

  async #release(): Promise<void> {
    const { client, clock } = this.#options;
    if (!this.#seen) return;
    const { lease } = this.#seen;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(clock.unixMs()) };
    const object = { ...lease, spec };
    try {
      await client.update(leaseKind, object, { timeoutMs: this.#times.retryMs, attemptsMax: 1 });
    } catch (error) {
      // It ends by itself then.
      if (!(error instanceof KubeError)) throw error;
    }
  }

  #limits(): { readonly timeoutMs: number; readonly attemptsMax: number; readonly signal: AbortSignal } {
    // Half the deadline: a request that hangs leaves time for another one.
    return { timeoutMs: this.#times.renewDeadlineMs / 2, attemptsMax: 1, signal: this.#stopped.signal };
  }
}

function holderOf(lease: Lease | undefined): string | undefined {
  return lease?.spec?.holderIdentity || undefined;
}

function leaseMsOf(lease: Lease, times: ElectionTimes): number {
  const seconds = lease.spec?.leaseDurationSeconds;
  return seconds === undefined ? times.leaseMs : seconds * 1000;
}
