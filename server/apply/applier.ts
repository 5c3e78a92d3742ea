import type { Fault } from "../base/domain-error.ts";
import type { Index } from "../base/ids.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type { Deferred } from "../mvcc/deferred.ts";
import type { Operation } from "./operation.ts";
import type { Fact, ResponseMessage } from "./outcome.ts";

/** What applying one operation led to. A refused operation throws a DomainError instead, and has changed nothing. */
export interface Applied {
  readonly response: Deferred<ResponseMessage> | undefined;
  readonly events: readonly Event[];
  readonly facts: readonly Fact[];
  /** Set where the operation took effect and is answered with an error all the same. */
  readonly fault: Fault | undefined;
}

/** What an operation is applied with, besides the state. */
export interface ApplyContext {
  /** Of the entry. */
  readonly index: Index;
  /** Monotonic, for lease expiry. */
  readonly nowMs: number;
  /** Somebody on this member waits for the answer; else reads need not be done. */
  readonly isWaiting: boolean;
  /** On whose behalf: what the entry's header says. */
  readonly username: string;
  readonly authRevision: bigint;
}

/** One link of the chain: guards refuse or pass on, the last one does it. */
export type Apply = (operation: Operation, context: ApplyContext) => Applied;

/** Puts a concern in front of an applier (etcd apply/uber_applier.go: corrupt → capped → auth → quota → backend). */
export type Guard = (next: Apply) => Apply;

/** Nothing to answer and nothing happened. */
export const NOTHING: Applied = { response: undefined, events: [], facts: [], fault: undefined };
