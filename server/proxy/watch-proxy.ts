import { create } from "@bufbuild/protobuf";
import {
  RangeRequestSchema,
  ResponseHeaderSchema,
  WatchCreateRequest_FilterType as FilterType,
  WatchResponseSchema,
  type Watch,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from "../proto/gen/rpc_pb.js";
import type { Logger } from "../ports/logger.ts";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import { byteString } from "../base/byte-string.ts";
import { isToTheEnd } from "./key-namespace.ts";
import type { LeaderWatch } from "./leader-watch.ts";
import { originWith } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";
import type { WatchRanges } from "./watch-ranges.ts";
import { WatchReceiver } from "./watch-receiver.ts";

/** Responses that may wait for a client that does not read; it is sent away then and comes back where it was. */
const MAX_QUEUED_RESPONSES = 8192;
/** The id in answers that belong to no watcher. */
const NO_WATCH = -1n;

/** What the Watch service of a proxy works with. */
export interface WatchProxyParts {
  readonly ranges: WatchRanges;
  /** Says whether a client may watch what it asks for: a shared watch was asked for by somebody else. */
  readonly kv: UpstreamKv;
  readonly leader: LeaderWatch;
  readonly logger: Logger;
}

/** The Watch service over shared watches of the cluster. */
export function watchProxy(parts: WatchProxyParts): Implementation<typeof Watch> {
  return {
    async watch(call) {
      const stream = new ProxyWatchStream(parts, call);
      const guard = parts.leader.guard(call);
      try {
        await Promise.race([stream.serve(), stream.ended, ...(guard ? [guard.lost] : [])]);
      } finally {
        guard?.stop();
        stream.close();
      }
    },
  };
}

type Call = StreamCall<WatchRequest, WatchResponse>;

/** The watchers of one client stream and the queue of what they have to say. */
class ProxyWatchStream {
  /** Resolves when the client is gone; rejects if it has to go. */
  readonly ended: Promise<void>;
  readonly #parts: WatchProxyParts;
  readonly #call: Call;
  readonly #receivers = new Map<bigint, WatchReceiver>();
  readonly #settle: PromiseWithResolvers<void>;
  #queue: WatchResponse[] = [];
  #isSending = false;
  #isClosed = false;
  #nextId = 0n;

  constructor(parts: WatchProxyParts, call: Call) {
    this.#parts = parts;
    this.#call = call;
    this.#settle = Promise.withResolvers<void>();
    this.ended = this.#settle.promise;
    // Whoever waits for it may have stopped waiting.
    this.ended.catch(() => undefined);
    call.onCancelled(() => {
      this.#settle.resolve();
    });
  }

  /** Takes requests until the client sends no more; its watchers go on until it leaves. */
  async serve(): Promise<void> {
    for await (const { requestUnion } of this.#call.requests) {
      switch (requestUnion.case) {
        case "createRequest":
          await this.#create(requestUnion.value);
          break;
        case "cancelRequest":
          this.#cancel(requestUnion.value.watchId);
          break;
        case "progressRequest":
        case undefined:
          this.#parts.logger.error("not supported request type by gRPC proxy", {
            request: requestUnion.case ?? "unknown",
          });
          break;
      }
    }
    await this.ended;
  }

  close(): void {
    this.#isClosed = true;
    for (const receiver of this.#receivers.values()) this.#parts.ranges.remove(receiver);
    this.#receivers.clear();
    this.#queue = [];
  }

  async #create(request: WatchCreateRequest): Promise<void> {
    const refusal = this.#malformed(request) ?? (await this.#denial(request));
    if (this.#isClosed) return;
    if (refusal !== undefined) {
      const header = create(ResponseHeaderSchema);
      this.#push({ header, watchId: NO_WATCH, created: true, canceled: true, cancelReason: refusal });
      return;
    }
    const id = request.watchId === 0n ? this.#freeId() : request.watchId;
    const wishes = {
      startRevision: request.startRevision,
      wantsProgress: request.progressNotify,
      wantsPrevious: request.prevKv,
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
    };
    const receiver = new WatchReceiver(wishes, (news) => {
      if (news.canceled) this.#receivers.delete(id);
      this.#push({ ...news, watchId: id });
    });
    this.#receivers.set(id, receiver);
    this.#parts.ranges.add(request, receiver, this.#call.metadata("token"));
  }

  #cancel(id: bigint): void {
    const receiver = this.#receivers.get(id);
    if (!receiver) return;
    this.#receivers.delete(id);
    this.#parts.ranges.remove(receiver);
    const header = receiver.lastHeader ?? create(ResponseHeaderSchema);
    this.#push({ header, watchId: id, canceled: true });
  }

  #malformed({ key, rangeEnd, startRevision, watchId }: WatchCreateRequest): string | undefined {
    if (startRevision < 0n) return "etcdserver: mvcc: required revision has been compacted";
    const isEmpty = rangeEnd.length > 0 && !isToTheEnd(rangeEnd) && byteString(rangeEnd) <= byteString(key);
    if (isEmpty) return "mvcc: watcher range is empty";
    if (watchId !== 0n && this.#receivers.has(watchId)) {
      return "mvcc: duplicate watch ID provided on the WatchStream";
    }
    return undefined;
  }

  /** The cluster's own words on a read of the same keys; undefined: it is permitted. */
  async #denial({ key, rangeEnd }: WatchCreateRequest): Promise<string | undefined> {
    // No key means all of them to a watch, and nothing to a read.
    const keys = key.length === 0 ? { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) } : { key, rangeEnd };
    const question = create(RangeRequestSchema, { ...keys, serializable: true, countOnly: true, limit: 1n });
    try {
      // Not for the stream's call itself, which may ask for any number of watches.
      const token = this.#call.metadata("token");
      await this.#parts.kv.range(question, originWith({ token, authorization: this.#call.metadata("authorization") }));
      return undefined;
    } catch (error) {
      if (error instanceof RpcError) return error.message;
      throw error;
    }
  }

  #freeId(): bigint {
    while (this.#receivers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #push(fields: Parameters<typeof create<typeof WatchResponseSchema>>[1] & { events?: WatchResponse["events"] }): void {
    if (this.#isClosed) return;
    const response = create(WatchResponseSchema, fields);
    this.#queue.push(response);
    if (this.#queue.length > MAX_QUEUED_RESPONSES) {
      this.#parts.logger.error("a watch stream is ended: its client does not read its responses", {
        queued: this.#queue.length,
      });
      this.#settle.reject(new RpcError(Code.UNAVAILABLE, "grpc proxy: the client does not read its watch responses"));
      return;
    }
    if (!this.#isSending) void this.#send().catch((error: unknown) => this.#settle.reject(error));
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (!this.#call.send(next)) await this.#call.drained();
    }
    this.#isSending = false;
  }
}
