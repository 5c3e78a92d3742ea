import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LockRequestSchema, LockResponse } from "../proto/gen/v3lock_pb.js";
import type { CallOptions } from "./calls.ts";
import type { LeaseClient } from "./kept-lease.ts";
import { waitForTurn, type TurnOptions } from "./leased-turn.ts";
import { realTiming, type Timing } from "./timing.ts";

/** What a lock needs of a client. */
export interface LockClient extends LeaseClient {
  readonly lock: {
    lock(request: MessageInitShape<typeof LockRequestSchema>, options?: CallOptions): Promise<LockResponse>;
  };
}

/** A lock that is held until `release`, or until `lost` is aborted. */
export interface HeldLock extends AsyncDisposable {
  /** Exists as long as the lock is held: a transaction that compares it writes only under the lock. */
  readonly key: Uint8Array;
  readonly leaseId: bigint;
  /** Stop what the lock protects when this is aborted: somebody else may hold it soon. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Waits for a lock by name, first come, first served, among all clients of the cluster in all languages. */
export async function acquireLock(
  client: LockClient,
  name: string,
  options: TurnOptions = {},
  timing: Timing = realTiming,
): Promise<HeldLock> {
  const bytes = new TextEncoder().encode(name);
  const ask = (lease: bigint, call: CallOptions): Promise<LockResponse> =>
    client.lock.lock({ name: bytes, lease }, call);
  const { lease, answer } = await waitForTurn(client, options, ask, timing);
  // With its lease goes the lock's key.
  const release = (): Promise<void> => lease.revoke();
  return { key: answer.key, leaseId: lease.id, lost: lease.lost, release, [Symbol.asyncDispose]: release };
}
