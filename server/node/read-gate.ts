import { DomainError, type Fault } from "../base/domain-error.ts";
import type { Index } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { AppliedIndex } from "./applied-index.ts";
import { NodeTallies } from "./node-tallies.ts";

/** How often an unanswered ReadIndex is asked again, with a new id (etcd's readIndexRetryTime). */
const RETRY_MS = 500;

interface Reader {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What the gate asks raft for; the answer comes back through `onReadState`. */
export type AskReadIndex = (context: Uint8Array) => void;

/**
 * Lets linearizable reads through: all that wait share one ReadIndex (Raft thesis 6.4), one is under way at a time,
 * and each reader goes on when the state machine has applied up to the index that came back.
 */
export class ReadGate {
  readonly #ask: AskReadIndex;
  readonly #applied: AppliedIndex;
  readonly #clock: Clock;
  readonly #nextId: () => bigint;
  readonly #timeoutMs: number;
  readonly #tallies: NodeTallies;
  #waiting: Reader[] = [];
  #underWay: Reader[] | undefined;
  /** Ids asked for the batch under way; an old one may still be answered. */
  #ids = new Set<bigint>();
  #retry: Timer | undefined;
  #startedMs = 0;
  #isScheduled = false;

  constructor(options: {
    readonly ask: AskReadIndex;
    readonly applied: AppliedIndex;
    readonly clock: Clock;
    readonly nextId: () => bigint;
    readonly timeoutMs: number;
    readonly tallies?: NodeTallies | undefined;
  }) {
    this.#ask = options.ask;
    this.#applied = options.applied;
    this.#clock = options.clock;
    this.#nextId = options.nextId;
    this.#timeoutMs = options.timeoutMs;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  /** Resolves when a read of the state machine is linearizable as of this call. */
  pass(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** Raft's answer: everything up to `index` was committed when the context was asked. */
  onReadState(context: Uint8Array, index: Index): void {
    if (!this.#underWay || context.length !== 8) return;
    const id = new DataView(context.buffer, context.byteOffset, 8).getBigUint64(0);
    if (!this.#ids.has(id)) return;
    const batch = this.#finish();
    if (this.#applied.value >= index) {
      for (const reader of batch) reader.resolve();
    } else {
      this.#applied.atLeast(index).then(
        () => {
          for (const reader of batch) reader.resolve();
        },
        (error: unknown) => {
          for (const reader of batch) reader.reject(error as Error);
        },
      );
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** The leader changed: what it was asked will not be answered. Whoever came later is asked for anew. */
  onLeaderChanged(): void {
    if (!this.#underWay) return;
    this.#tallies.consensus.failedReads++;
    this.#failBatch("leader-changed");
  }

  fail(fault: Fault): void {
    if (this.#underWay) this.#failBatch(fault);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) reader.reject(new DomainError(fault));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay) return;
    this.#isScheduled = true;
    // Everybody who arrives in this turn shares the round.
    this.#clock.nextTurn(() => {
      this.#isScheduled = false;
      if (this.#underWay || this.#waiting.length === 0) return;
      this.#underWay = this.#waiting;
      this.#waiting = [];
      this.#startedMs = this.#clock.monotonicMs();
      this.#askOnce();
    });
  }

  #askOnce(): void {
    const id = this.#nextId();
    this.#ids.add(id);
    const context = new Uint8Array(8);
    new DataView(context.buffer).setBigUint64(0, id);
    this.#retry = this.#clock.after(RETRY_MS, () => {
      if (this.#clock.monotonicMs() - this.#startedMs >= this.#timeoutMs) {
        this.#tallies.consensus.slowReads++;
        this.#failBatch("timeout");
      } else this.#askOnce();
    });
    this.#ask(context);
  }

  #finish(): readonly Reader[] {
    const batch = this.#underWay ?? [];
    this.#underWay = undefined;
    this.#ids = new Set();
    this.#retry?.cancel();
    this.#retry = undefined;
    return batch;
  }

  #failBatch(fault: Fault): void {
    for (const reader of this.#finish()) reader.reject(new DomainError(fault));
    if (this.#waiting.length > 0) this.#schedule();
  }
}
