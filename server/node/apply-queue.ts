import { must } from "../base/assert.ts";
import type { ConfOutcome, Fact } from "../apply/outcome.ts";
import type { Clock } from "../ports/clock.ts";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";
import { decodeEntryRequest } from "../proto/nested-requests.ts";
import { decodeConfChange, decodeConfChangeV2 } from "../proto/raft-codec-confchange.ts";
import { EntryType, type ConfChange, type ConfChangeV2, type Entry } from "../proto/raft-message.ts";
import type { AppliedIndex } from "./applied-index.ts";
import { NodeTallies } from "./node-tallies.ts";
import { nextTurn } from "./pause.ts";
import type { Proposals } from "./proposals.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";
import type { StoreReader } from "./store-reader.ts";

/** Applying gives the event loop back after this long: heartbeats and answers must not wait for a long batch. */
const SLICE_MS = 4;
/** How many entries are applied between two looks at the clock. */
const CLOCK_EVERY = 16;

/** Committed entries that raft wants applied, and what to do once they are. */
export interface ApplyBatch {
  readonly entries: readonly Entry[];
  readonly done: () => void;
}

export interface ApplyQueueOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly applied: AppliedIndex;
  readonly proposals: Proposals;
  readonly reader: StoreReader;
  readonly flusher: StoreFlusher;
  /** Tells raft what became of a configuration change, before anything later is applied. */
  readonly onConfOutcome: (outcome: ConfOutcome, change: ConfChange | ConfChangeV2) => void;
  /** What others have to know of an applied entry. */
  readonly onFacts: (facts: readonly Fact[]) => void;
  readonly onBatchApplied: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly tallies?: NodeTallies | undefined;
}

/** Applies committed entries in order, in slices of the event loop, fetching what an entry needs before it is applied. */
export class ApplyQueue {
  readonly #options: ApplyQueueOptions;
  readonly #tallies: NodeTallies;
  readonly #batches: ApplyBatch[] = [];
  #isRunning = false;
  #isPaused = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: ApplyQueueOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  push(batch: ApplyBatch): void {
    this.#batches.push(batch);
    if (!this.#isRunning && !this.#isPaused) this.#run();
  }

  /** Resolves when everything that was pushed is applied; nothing more is until `resume`. */
  async pauseWhenIdle(): Promise<void> {
    while (this.#isRunning || this.#batches.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isRunning && this.#batches.length > 0) this.#run();
  }

  #run(): void {
    this.#isRunning = true;
    this.#drain().catch((error: unknown) => {
      this.#options.onFailure(error);
    });
  }

  /** Runs without a single await as long as memory holds what is needed and the slice is not used up. */
  async #drain(): Promise<void> {
    const { clock, flusher, applied, onBatchApplied } = this.#options;
    let sliceStartMs = clock.monotonicMs();
    let sinceLook = 0;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      for (const entry of batch.entries) {
        if (entry.index > applied.value) {
          const missing = this.#applyOrNameMissing(entry);
          if (missing !== undefined) await missing;
          applied.advanceTo(entry.index);
        }
        if (++sinceLook < CLOCK_EVERY) continue;
        sinceLook = 0;
        if (flusher.isOverfull) await flusher.flush();
        if (clock.monotonicMs() - sliceStartMs < SLICE_MS) continue;
        await nextTurn(clock);
        sliceStartMs = clock.monotonicMs();
      }
      this.#batches.shift();
      flusher.onApplied();
      batch.done();
      onBatchApplied();
    }
    this.#isRunning = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Applies an entry at once, or returns a promise if records have to be fetched before. */
  #applyOrNameMissing(entry: Entry): Promise<void> | undefined {
    if (entry.type !== EntryType.Normal) {
      this.#applyConfChange(entry);
      return undefined;
    }
    // A database that came from etcd may be a little ahead of where the log says it stands.
    if (entry.index <= this.#options.replica.machine.consistentIndex) return undefined;
    const request = this.#requestOf(entry);
    if (request) {
      const missing = this.#options.replica.machine.missingValues(request);
      if (missing.length > 0) return this.#fetchThenApply(entry, request, missing);
    }
    this.#applyRequest(entry, request);
    return undefined;
  }

  async #fetchThenApply(
    entry: Entry,
    request: InternalRaftRequest,
    missing: ReturnType<Replica["machine"]["missingValues"]>,
  ): Promise<void> {
    const records = await this.#options.reader.fetch(missing);
    missing.forEach((revision, position) => {
      this.#options.replica.machine.provide(revision, must(records[position]));
    });
    this.#applyRequest(entry, request);
  }

  /** An empty entry marks a new leader's term. */
  #requestOf(entry: Entry): InternalRaftRequest | undefined {
    if (entry.data === undefined || entry.data.length === 0) return undefined;
    return decodeEntryRequest(entry.data);
  }

  #applyRequest(entry: Entry, request: InternalRaftRequest | undefined): void {
    const { replica, clock, proposals, onFacts } = this.#options;
    const id = request?.header?.ID ?? request?.ID ?? 0n;
    const isWaiting = id !== 0n && proposals.isWaiting(id);
    const nowMs = clock.monotonicMs();
    const outcome = replica.machine.apply(entry, request, { nowMs, isWaiting });
    if (request) this.#tallies.apply.onApplied(request, outcome.fault, clock.monotonicMs() - nowMs);
    if (outcome.events.length > 0) replica.machine.watchHub.notify(outcome.events, outcome.revision);
    if (isWaiting) proposals.settle(id, outcome);
    if (outcome.facts.length > 0) {
      this.#tallies.onFacts(outcome.facts);
      onFacts(outcome.facts);
    }
  }

  #applyConfChange(entry: Entry): void {
    const data = entry.data ?? new Uint8Array();
    const change = entry.type === EntryType.ConfChange ? decodeConfChange(data) : decodeConfChangeV2(data);
    this.#options.onConfOutcome(this.#options.replica.machine.applyConfChange(entry, change), change);
  }
}
