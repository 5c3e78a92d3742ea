import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Event } from "../proto/gen/kv_pb.js";
import type { WatchCreateRequest_FilterType, WatchRequestSchema, WatchResponse } from "../proto/gen/rpc_pb.js";
import type { CallOptions, DuplexStream } from "./calls.ts";
import { CompactedError } from "./compacted-error.ts";
import { isTokenRefusal } from "./passing-failure.ts";
import { resumed } from "./resumed.ts";
import { realTiming, type Timing } from "./timing.ts";
import { nextRevisionAfter } from "./watch-position.ts";
import { WatchRefusedError } from "./watch-refused-error.ts";

/** What is watched, and from where on. */
export interface WatchOptions {
  readonly key: Uint8Array;
  /** Exclusive; none for the one key. */
  readonly rangeEnd?: Uint8Array;
  /** The first revision wanted; none: what comes after the watch was made. */
  readonly startRevision?: number;
  /** Events carry the value before them. */
  readonly prevKv?: boolean;
  /** Batches without events come now and then and tell how far the watch has come. */
  readonly progressNotify?: boolean;
  readonly filters?: readonly WatchCreateRequest_FilterType[];
  /** Ends the loop without an error. */
  readonly signal?: AbortSignal;
}

/** All changes of one revision, or of several; without events: nothing happened up to the revision. */
export interface WatchBatch {
  /** All changes up to here have been seen. */
  readonly revision: number;
  readonly events: readonly Event[];
}

/** What a watch needs of a client. */
export interface WatchClient {
  readonly watch: {
    watch(options?: CallOptions): DuplexStream<MessageInitShape<typeof WatchRequestSchema>, WatchResponse>;
  };
  connect(): Promise<void>;
  forgetLogin(): void;
}

/** A member without a leader ends the watch, instead of leaving it without events for as long as it is cut off. */
const REQUIRE_LEADER = { hasleader: "true" };

/**
 * All changes in order, each exactly once, however often the connection breaks: the watch is made again, at the next
 * endpoint if need be, from the revision after the last one that was seen. It ends by leaving the loop or by the signal;
 * with CompactedError when history that is still to come is gone, with WatchRefusedError, or with a refusal of the login.
 */
export async function* watchChanges(
  client: WatchClient,
  options: WatchOptions,
  timing: Timing = realTiming,
): AsyncGenerator<WatchBatch, void> {
  const position: Position = { next: BigInt(options.startRevision ?? 0) };
  yield* resumed({ client, timing, signal: options.signal }, () => watchOnce(client, options, position));
}

/** How far a watch has come: where the next one has to begin. */
interface Position {
  next: bigint;
}

/** One watch on one connection; undefined says that it was made. Ends when the server ends it. */
async function* watchOnce(
  client: WatchClient,
  options: WatchOptions,
  position: Position,
): AsyncGenerator<WatchBatch | undefined, void> {
  const { signal } = options;
  const stream = client.watch.watch({ metadata: REQUIRE_LEADER });
  const cancel = (): void => stream.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    if (signal?.aborted === true) return;
    await stream.send({ requestUnion: { case: "createRequest", value: createRequest(options, position) } });
    /** A revision with very many events comes in pieces; it counts as seen when all of them are there. */
    let pieces: Event[] = [];
    for await (const answer of stream) {
      const revision = Number(answer.header?.revision ?? 0n);
      position.next = nextRevisionAfter(answer, position.next);
      if (answer.compactRevision !== 0n) throw new CompactedError(Number(answer.compactRevision));
      if (answer.created && !answer.canceled) {
        yield undefined;
      } else if (answer.canceled) {
        if (!isTokenRefusal(answer.cancelReason)) throw new WatchRefusedError(answer.cancelReason);
        return client.forgetLogin();
      } else if (answer.events.length === 0) {
        if (options.progressNotify === true) yield { revision, events: [] };
      } else {
        pieces = [...pieces, ...answer.events];
        if (answer.fragment) continue;
        const events = pieces;
        pieces = [];
        yield { revision: Number(events.at(-1)?.kv?.modRevision ?? 0n), events };
      }
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    stream.cancel();
  }
}

function createRequest(options: WatchOptions, { next }: Position) {
  const { key, rangeEnd, prevKv = false, filters = [] } = options;
  return {
    key,
    ...(rangeEnd !== undefined && { rangeEnd }),
    startRevision: next,
    prevKv,
    // Always asked for: a watch that sees nothing for long could otherwise only be resumed from far back.
    progressNotify: true,
    filters: [...filters],
    fragment: true,
  };
}
