import { Code, RpcError } from "../rpc/status.ts";
import { Backoff } from "./backoff.ts";
import type { CallOptions } from "./calls.ts";
import { KeptLease, type LeaseClient } from "./kept-lease.ts";
import { isPassing } from "./passing-failure.ts";
import type { Timing } from "./timing.ts";

export interface TurnOptions {
  /** How long after this process's end the turn is over. */
  readonly ttlSeconds?: number;
  /** Ends the waiting with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A turn that has come: what the server answered, and the lease that it lasts as long as. */
export interface Turn<T> {
  readonly lease: KeptLease;
  readonly answer: T;
}

const DEFAULT_TTL_SECONDS = 15;

/**
 * Makes a call that waits in the server until it is the caller's turn, with a lease of its own. When the connection breaks
 * while it waits, the call is made again with a new lease: the member that has lost us deletes what it holds for the old one,
 * and we cannot know when.
 */
export async function waitForTurn<T>(
  client: LeaseClient,
  { ttlSeconds = DEFAULT_TTL_SECONDS, signal }: TurnOptions,
  call: (leaseId: bigint, options: CallOptions) => Promise<T>,
  timing: Timing,
): Promise<Turn<T>> {
  const backoff = new Backoff();
  for (;;) {
    signal?.throwIfAborted();
    let lease: KeptLease | undefined;
    try {
      lease = await KeptLease.grant(client, { ttlSeconds }, timing);
      const until = signal === undefined ? lease.lost : AbortSignal.any([signal, lease.lost]);
      return { lease, answer: await call(lease.id, { timeoutMs: Infinity, signal: until }) };
    } catch (error) {
      const isLeaseLost = lease?.lost.aborted === true;
      // If that fails, the lease ends by itself: nobody keeps it alive any more.
      await lease?.revoke().catch(() => {});
      signal?.throwIfAborted();
      if (!isLeaseLost && !isPassing(error) && !isLate(error)) throw error;
    }
    await timing.sleep(backoff.next(), signal);
  }
}

/** What a leader took with it when it ended is never answered: the lease may have been granted, and then ends by itself. */
function isLate(error: unknown): boolean {
  return error instanceof RpcError && error.code === Code.DEADLINE_EXCEEDED;
}
