import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import { Watch, WatchRequestSchema } from "../proto/gen/rpc_pb.js";
import { originWith, type Origin, type Upstream } from "./upstream.ts";

/** A key that is watched only to hear of the leader's loss, at a revision that never comes (etcd's grpcproxy/leader). */
const KEY = new TextEncoder().encode("__lostleader");
const NEVER = 2n ** 63n - 3n;
/** Pause before the cluster is asked again whether it has a leader. */
const RETRY_PAUSE_MS = 100;
/** The wait for the cluster's first word on it, which a stream is not held up for longer. */
const FIRST_WORD_MS = 1000;

/** What a stream that goes on only with a leader holds. */
export interface LeaderGuard {
  /** Rejects with no-leader once there is none. */
  readonly lost: Promise<never>;
  stop(): void;
}

/** Whether the cluster has a leader, for streams that ask for one. It is watched from the first such stream on. */
export class LeaderWatch {
  readonly #upstream: Upstream;
  readonly #guards = new Set<(error: Error) => void>();
  #hasLeader: boolean | undefined;
  #isWatching = false;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Undefined: the caller does not ask for a leader. */
  guard(call: Origin): LeaderGuard | undefined {
    if (call.metadata("hasleader") !== "true") return undefined;
    if (!this.#isWatching) void this.#watch();
    const { promise, reject } = Promise.withResolvers<never>();
    // The stream may be over before the leader is.
    promise.catch(() => undefined);
    if (this.#hasLeader === false) reject(new DomainError("no-leader"));
    else this.#guards.add(reject);
    return {
      lost: promise,
      stop: () => {
        this.#guards.delete(reject);
      },
    };
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    for (;;) {
      try {
        await this.#once();
      } catch {
        // Whatever it was: who is asked for a leader and gives no stream has none.
      }
      this.#lose();
      await pause(RETRY_PAUSE_MS, undefined, { ref: false });
    }
  }

  async #once(): Promise<void> {
    const stream = this.#upstream.duplex(Watch.method.watch, originWith({ hasleader: "true" }));
    const value = { key: KEY, startRevision: NEVER };
    stream.send(create(WatchRequestSchema, { requestUnion: { case: "createRequest", value } }));
    const timer = setTimeout(() => {
      if (this.#hasLeader !== true) this.#lose();
    }, FIRST_WORD_MS);
    try {
      for await (const { created, canceled } of stream) {
        // Who may not watch the key has heard from a member that has a leader.
        if (created || canceled) this.#hasLeader = true;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #lose(): void {
    this.#hasLeader = false;
    for (const reject of this.#guards) reject(new DomainError("no-leader"));
    this.#guards.clear();
  }
}
