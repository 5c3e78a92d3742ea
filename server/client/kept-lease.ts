import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  LeaseGrantRequestSchema,
  LeaseGrantResponse,
  LeaseKeepAliveRequestSchema,
  LeaseKeepAliveResponse,
  LeaseRevokeRequestSchema,
} from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import { Backoff } from "./backoff.ts";
import type { CallOptions, DuplexStream } from "./calls.ts";
import { isPassing } from "./passing-failure.ts";
import { renewalPeriodMs } from "./renewal-period.ts";
import { realTiming, type Timing } from "./timing.ts";

/** What a lease needs of a client. */
export interface LeaseClient {
  readonly lease: {
    leaseGrant(request: MessageInitShape<typeof LeaseGrantRequestSchema>): Promise<LeaseGrantResponse>;
    leaseRevoke(request: MessageInitShape<typeof LeaseRevokeRequestSchema>): Promise<unknown>;
    leaseKeepAlive(
      options?: CallOptions,
    ): DuplexStream<MessageInitShape<typeof LeaseKeepAliveRequestSchema>, LeaseKeepAliveResponse>;
  };
  connect(): Promise<void>;
  moveOn(): void;
}

export interface LeaseOptions {
  readonly ttlSeconds: number;
  /** Chosen by the server if none is given. */
  readonly id?: bigint;
}

/**
 * A lease that lives as long as this process keeps it alive, across broken connections and members that end. `lost` tells
 * when it does not live any more: it is aborted at the latest when the server may have let it expire, so whoever holds a
 * lock by it stops in time.
 */
export class KeptLease {
  readonly id: bigint;
  /** What the server granted: at least what was asked for. */
  readonly ttlSeconds: number;
  readonly #client: LeaseClient;
  readonly #timing: Timing;
  readonly #end = new AbortController();
  /** The lease lives at least until here. */
  #aliveUntilMs: number;

  private constructor(client: LeaseClient, timing: Timing, grant: LeaseGrantResponse, askedMs: number) {
    this.#client = client;
    this.#timing = timing;
    this.id = grant.ID;
    this.ttlSeconds = Number(grant.TTL);
    this.#aliveUntilMs = askedMs + this.ttlSeconds * 1000;
    void this.#keepAlive();
    void this.#watchDeadline();
  }

  /** Takes a lease and keeps it from then on. */
  static async grant(
    client: LeaseClient,
    { ttlSeconds, id = 0n }: LeaseOptions,
    timing: Timing = realTiming,
  ): Promise<KeptLease> {
    const askedMs = timing.nowMs();
    const grant = await client.lease.leaseGrant({ TTL: BigInt(ttlSeconds), ID: id });
    if (grant.error !== "") throw new RpcError(Code.UNKNOWN, grant.error);
    return new KeptLease(client, timing, grant, askedMs);
  }

  /** Aborted, with the reason, when the lease has ended or must be taken to have ended. */
  get lost(): AbortSignal {
    return this.#end.signal;
  }

  /** Ends the lease and deletes the keys that are attached to it. */
  async revoke(): Promise<void> {
    this.#finish("the lease was revoked");
    try {
      await this.#client.lease.leaseRevoke({ ID: this.id });
    } catch (error) {
      // It has expired in the meantime: the same end.
      if (!(error instanceof RpcError) || error.code !== Code.NOT_FOUND) throw error;
    }
  }

  /** Keeps it alive no more; it ends by itself after its time to live. */
  stop(): void {
    this.#finish("the lease is not kept alive any more");
  }

  #finish(reason: string): void {
    if (!this.lost.aborted) this.#end.abort(new Error(reason));
  }

  async #watchDeadline(): Promise<void> {
    while (!this.lost.aborted) {
      const leftMs = this.#aliveUntilMs - this.#timing.nowMs();
      if (leftMs <= 0) return this.#finish("the lease has expired: no server has answered in time");
      await this.#timing.sleep(leftMs, this.lost);
    }
  }

  async #keepAlive(): Promise<void> {
    const backoff = new Backoff(50, this.#periodMs);
    await this.#timing.sleep(this.#periodMs, this.lost);
    while (!this.lost.aborted) {
      try {
        await this.#client.connect();
        await this.#keepAliveOnce(() => backoff.reset());
      } catch (error) {
        if (!isPassing(error)) return this.#finish(`the lease cannot be kept alive: ${String(error)}`);
      }
      await this.#timing.sleep(backoff.next(), this.lost);
    }
  }

  get #periodMs(): number {
    return renewalPeriodMs(this.ttlSeconds);
  }

  /** Asks and waits, in turns, on one connection; ends when that does not answer in time. */
  async #keepAliveOnce(onAnswer: () => void): Promise<void> {
    const stream = this.#client.lease.leaseKeepAlive();
    const cancel = (): void => stream.cancel();
    this.lost.addEventListener("abort", cancel);
    try {
      const answers = stream[Symbol.asyncIterator]();
      while (!this.lost.aborted) {
        const askedMs = this.#timing.nowMs();
        await stream.send({ ID: this.id });
        const answer = await this.#answerInTime(answers, stream);
        if (answer === undefined) return;
        if (answer.TTL <= 0n) return this.#finish("the lease has expired or was revoked");
        this.#aliveUntilMs = askedMs + Number(answer.TTL) * 1000;
        onAnswer();
        await this.#timing.sleep(this.#periodMs, this.lost);
      }
    } finally {
      this.lost.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }

  /** Undefined if the connection has ended, or is of no use: then the next endpoint's turn has come. */
  async #answerInTime(
    answers: AsyncIterator<LeaseKeepAliveResponse>,
    stream: { cancel(): void },
  ): Promise<LeaseKeepAliveResponse | undefined> {
    const answered = new AbortController();
    void this.#timing.sleep(this.#periodMs, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      this.#client.moveOn();
      stream.cancel();
    });
    try {
      const { done, value } = await answers.next();
      return done === true ? undefined : value;
    } finally {
      answered.abort();
    }
  }
}
