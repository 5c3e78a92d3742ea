import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  Lease,
  LeaseKeepAliveRequestSchema,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
} from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import { originWith, type Upstream, type UpstreamStream } from "./upstream.ts";

/** How long a renewal may take, other members included; then its client learns that there was no answer. */
const RENEWAL_PATIENCE_MS = 10_000;
/** Pause before renewals that a member did not answer are sent to another one. */
const RETRY_PAUSE_MS = 100;

type Stream = UpstreamStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>;

interface Renewal extends PromiseWithResolvers<LeaseKeepAliveResponse> {
  readonly sinceMs: number;
}

/** Renewals of leases, of all clients with the same token: one stream to the cluster, and one renewal of a lease at a time. */
export class LeaseRenewals {
  readonly #upstream: Upstream;
  readonly #token: string | undefined;
  readonly #waiting = new Map<bigint, Renewal>();
  #users = 0;
  #stream: Stream | undefined;

  constructor(upstream: Upstream, token: string | undefined) {
    this.#upstream = upstream;
    this.#token = token;
  }

  /** Whether nobody needs the stream any more. */
  get isUnused(): boolean {
    return this.#users === 0;
  }

  /** Who renews leases says so; the stream ends when the last one has left. */
  join(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  /** Renews a lease, or waits for the renewal that is on its way. */
  renew(id: bigint): Promise<LeaseKeepAliveResponse> {
    const known = this.#waiting.get(id);
    if (known) return known.promise;
    const renewal = { ...Promise.withResolvers<LeaseKeepAliveResponse>(), sinceMs: performance.now() };
    this.#waiting.set(id, renewal);
    this.#open().send(requestOf(id));
    return renewal.promise;
  }

  #open(): Stream {
    if (this.#stream) return this.#stream;
    const stream = this.#upstream.duplex(Lease.method.leaseKeepAlive, originWith({ token: this.#token }));
    this.#stream = stream;
    void this.#read(stream);
    return stream;
  }

  async #read(stream: Stream): Promise<void> {
    let failure: unknown = new RpcError(Code.UNAVAILABLE, "the cluster has ended the stream of lease renewals");
    try {
      for await (const response of stream) {
        this.#waiting.get(response.ID)?.resolve(response);
        this.#waiting.delete(response.ID);
      }
    } catch (error) {
      failure = error;
    }
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    await this.#repeat(failure);
  }

  /** A renewal may be sent twice: the second one changes nothing. */
  async #repeat(failure: unknown): Promise<void> {
    const isPassing = failure instanceof RpcError && failure.code === Code.UNAVAILABLE;
    const nowMs = performance.now();
    for (const [id, { sinceMs, reject }] of this.#waiting) {
      if (isPassing && nowMs - sinceMs < RENEWAL_PATIENCE_MS) continue;
      this.#waiting.delete(id);
      reject(failure);
    }
    if (this.#waiting.size === 0) return;
    await pause(RETRY_PAUSE_MS);
    if (this.isUnused) return;
    const again = this.#open();
    for (const id of this.#waiting.keys()) again.send(requestOf(id));
  }
}

function requestOf(id: bigint): LeaseKeepAliveRequest {
  return create(LeaseKeepAliveRequestSchema, { ID: id });
}
