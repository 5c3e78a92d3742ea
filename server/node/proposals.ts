import { create, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DomainError, type Fault } from "../base/domain-error.ts";
import { InternalRaftRequestSchema } from "../proto/gen/raft_internal_pb.js";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Caller } from "../auth/caller.ts";
import type { Outcome } from "../apply/outcome.ts";
import { NodeTallies } from "./node-tallies.ts";

/** Log entries that may be committed and not applied before new proposals are turned away (etcd's maxGapBetweenApplyAndCommitIndex). */
const MAX_APPLY_LAG = 5000;
/** How often the waiters are looked through for ones that have waited too long. */
const SWEEP_MS = 250;

/** What a proposal looks like to its proposer. */
export type Command = Omit<MessageInitShape<typeof InternalRaftRequestSchema>, "header" | "ID" | "$typeName">;

interface Waiter {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
  readonly deadlineMs: number;
}

export interface ProposalsOptions {
  readonly clock: Clock;
  readonly nextId: () => bigint;
  readonly maxRequestBytes: number;
  readonly timeoutMs: number;
  /** Committed minus applied index. */
  readonly applyLag: () => number;
  /** Told that the queue is no longer empty: raft is offered all of it in one batch at the end of the turn. */
  readonly onQueued: () => void;
  /** Which fault a proposal that timed out ends with; depends on what the member has seen of its leader. */
  readonly timeoutFault: () => Fault;
  readonly tallies?: NodeTallies | undefined;
}

/** Requests on their way through the log: queued until the turn ends, then waiting for their outcome. */
export class Proposals {
  readonly #options: ProposalsOptions;
  readonly #waiters = new Map<bigint, Waiter>();
  readonly #tallies: NodeTallies;
  #queue: Uint8Array[] = [];
  #sweep: Timer | undefined;

  constructor(options: ProposalsOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
    this.#tallies.consensus.pendingProposals = () => this.#waiters.size;
  }

  get pending(): number {
    return this.#waiters.size;
  }

  /** Proposes a command, on behalf of whoever asked for it; resolves with what applying it gave, rejects if that did not happen in time. */
  propose(command: Command, caller?: Caller): Promise<Outcome> {
    if (this.#options.applyLag() > MAX_APPLY_LAG) return Promise.reject(new DomainError("too-many-requests"));
    const id = this.#options.nextId();
    const header = caller ? { ID: id, username: caller.username, authRevision: BigInt(caller.revision) } : { ID: id };
    const request = create(InternalRaftRequestSchema, { ...command, header });
    const bytes = toBinary(InternalRaftRequestSchema, request);
    if (bytes.length > this.#options.maxRequestBytes) return Promise.reject(new DomainError("request-too-large"));
    return new Promise<Outcome>((resolve, reject) => {
      const deadlineMs = this.#options.clock.monotonicMs() + this.#options.timeoutMs;
      this.#waiters.set(id, { resolve, reject, deadlineMs });
      this.#queue.push(bytes);
      this.#armSweep();
      if (this.#queue.length === 1) this.#options.onQueued();
    });
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** What came in since the last call, as entry data, in order. */
  takeQueue(): readonly Uint8Array[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  /** Raft did not take them (a transfer is under way): they go first the next time. */
  putBack(batch: readonly Uint8Array[]): void {
    this.#queue = [...batch, ...this.#queue];
  }

  /** Whether somebody on this member waits for the outcome of the request with this id. */
  isWaiting(id: bigint): boolean {
    return this.#waiters.has(id);
  }

  settle(id: bigint, outcome: Outcome): void {
    const waiter = this.#waiters.get(id);
    if (!waiter) return;
    this.#waiters.delete(id);
    waiter.resolve(outcome);
  }

  fail(fault: Fault): void {
    for (const waiter of this.#waiters.values()) waiter.reject(new DomainError(fault));
    this.#waiters.clear();
    this.#queue = [];
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  /** One timer for all waiters: they all wait equally long, so the oldest come first in the map. */
  #armSweep(): void {
    this.#sweep ??= this.#options.clock.after(SWEEP_MS, () => {
      this.#sweep = undefined;
      const nowMs = this.#options.clock.monotonicMs();
      for (const [id, waiter] of this.#waiters) {
        if (waiter.deadlineMs > nowMs) break;
        this.#waiters.delete(id);
        this.#tallies.consensus.failedProposals++;
        waiter.reject(new DomainError(this.#options.timeoutFault()));
      }
      if (this.#waiters.size > 0) this.#armSweep();
    });
  }
}
