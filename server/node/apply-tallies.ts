import { Distribution, doublingBounds } from "../base/distribution.ts";
import type { Fault } from "../base/domain-error.ts";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";

/** etcd's default for --warning-apply-duration. */
const SLOW_APPLY_MS = 100;
const BOUNDS_S = doublingBounds(0.0001, 20);
/** Fields of a request that say nothing of what is asked for. */
const NO_OPERATION = new Set(["$typeName", "$unknown", "header", "ID"]);

/** Hears of everything that took longer than --warning-apply-duration. */
export type OnSlow = (operation: string, tookMs: number) => void;

/** How long one kind of operation took. */
export interface OperationTally {
  readonly operation: string;
  readonly succeeded: Distribution;
  readonly failed: Distribution;
}

/** How long applying and reading took, by operation. A put is found without a look into any map: it is the hot path. */
export class ApplyTallies {
  readonly #slowMs: number;
  readonly #onSlow: OnSlow;
  readonly #put = tallyOf("Put");
  readonly #others = new Map<string, OperationTally>();
  readonly rangeSucceeded = new Distribution(BOUNDS_S);
  readonly rangeFailed = new Distribution(BOUNDS_S);
  slow = 0;

  constructor(slowMs: number = SLOW_APPLY_MS, onSlow: OnSlow = () => undefined) {
    this.#slowMs = slowMs;
    this.#onSlow = onSlow;
  }

  /** A request of the log was applied. */
  onApplied(request: InternalRaftRequest, fault: Fault | undefined, tookMs: number): void {
    const tally = request.put ? this.#put : this.#tallyOf(operationName(request));
    // As etcd sees it: a revision that is compacted is an answer.
    const { succeeded, failed } = tally;
    (fault === undefined || fault === "compacted" ? succeeded : failed).observe(tookMs / 1000);
    this.#judge(tally.operation, tookMs);
  }

  onRange(isAnswered: boolean, tookMs: number): void {
    (isAnswered ? this.rangeSucceeded : this.rangeFailed).observe(tookMs / 1000);
    this.#judge("Range", tookMs);
  }

  /** The operations that have been applied so far. */
  get operations(): readonly OperationTally[] {
    return this.#put.succeeded.count + this.#put.failed.count > 0
      ? [this.#put, ...this.#others.values()]
      : [...this.#others.values()];
  }

  #judge(operation: string, tookMs: number): void {
    if (tookMs <= this.#slowMs) return;
    this.slow++;
    this.#onSlow(operation, tookMs);
  }

  #tallyOf(name: string): OperationTally {
    const known = this.#others.get(name);
    if (known) return known;
    const tally = tallyOf(name);
    this.#others.set(name, tally);
    return tally;
  }
}

function tallyOf(operation: string): OperationTally {
  return { operation, succeeded: new Distribution(BOUNDS_S), failed: new Distribution(BOUNDS_S) };
}

/** etcd's name of the one operation that a request holds: its field, with a capital. */
function operationName(request: InternalRaftRequest): string {
  for (const [field, value] of Object.entries(request)) {
    if (value === undefined || NO_OPERATION.has(field)) continue;
    return field.charAt(0).toUpperCase() + field.slice(1);
  }
  return "unknown";
}
