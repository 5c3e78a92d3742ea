import { create, toBinary } from "@bufbuild/protobuf";
import type { Revision } from "../base/ids.ts";
import type { Node } from "../node/node.ts";
import type { WatchHandle, WatchSink } from "../node/watchers.ts";
import type { Timer } from "../ports/clock.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import {
  WatchCreateRequest_FilterType as FilterType,
  WatchResponseSchema,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from "../proto/gen/rpc_pb.js";
import type { StreamCall } from "../rpc/service.ts";
import { splitFragments } from "./watch-fragments.ts";
import { withPreviousValues } from "./watch-previous.ts";
import { headerOf } from "./header.ts";
import type { WatchLimits } from "./watch-limits.ts";

/** Bytes of events that may wait for a client that does not read; then its watchers read history again later. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** Revisions and bytes that go into one response when a watcher has much to catch up with (etcd's watchBatchMaxRevs). */
const MAX_MERGED = 1000;
const MAX_MERGED_BYTES = 1024 * 1024;
/** The id in answers that belong to no watcher. */
const NO_WATCH = -1n;
/** Ten percent at most, so that streams do not all notify at once. */
const PROGRESS_JITTER = 0.1;

/** One response on its way out; `bytes` is an estimate. */
interface Queued {
  readonly response: WatchResponse;
  readonly watch: StreamWatch | undefined;
  readonly bytes: number;
}

/** A watcher of this stream. */
interface StreamWatch {
  readonly id: bigint;
  readonly wantsPrevious: boolean;
  readonly wantsFragments: boolean;
  readonly wantsProgress: boolean;
  handle: WatchHandle | undefined;
  /** Something was sent since the last progress notification was due. */
  isFresh: boolean;
}

/** The watchers of one stream and the single queue of what they have to say, so that nothing overtakes an event. */
export class WatchStream {
  readonly #node: Node;
  readonly #call: StreamCall<WatchRequest, WatchResponse>;
  readonly #limits: WatchLimits;
  readonly #tallies: Node["tallies"]["watches"];
  readonly #watches = new Map<bigint, StreamWatch>();
  readonly #progressTimer: Timer;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #isPumping = false;
  #isClosed = false;
  #nextId = 0n;
  #settleClosed: (error?: Error) => void = () => undefined;
  /** Resolves when the client is gone; rejects with a bug. */
  readonly closed: Promise<void>;

  constructor(node: Node, call: StreamCall<WatchRequest, WatchResponse>, limits: WatchLimits) {
    this.#node = node;
    this.#call = call;
    this.#limits = limits;
    this.#tallies = node.tallies.watches;
    this.#tallies.streams++;
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = (error) => {
        if (error) reject(error);
        else resolve();
      };
    });
    call.onCancelled(() => {
      this.#settleClosed();
    });
    const jitterMs = limits.progressIntervalMs * PROGRESS_JITTER * Math.random();
    this.#progressTimer = node.clock.every(limits.progressIntervalMs + jitterMs, () => {
      this.#notifyProgress();
    });
  }

  /** `denial` says why the client may not watch this. */
  create(request: WatchCreateRequest, denial?: string): void {
    if (this.#isClosed) return;
    const key = firstKeyOf(request);
    const refusal = this.#refusalOf(request, key, denial);
    if (refusal !== undefined) {
      this.#push({ watchId: NO_WATCH, created: true, canceled: true, cancelReason: refusal });
      return;
    }
    const watch: StreamWatch = {
      id: request.watchId === 0n ? this.#freeId() : request.watchId,
      wantsPrevious: request.prevKv,
      wantsFragments: request.fragment,
      wantsProgress: request.progressNotify,
      handle: undefined,
      isFresh: true,
    };
    this.#watches.set(watch.id, watch);
    this.#push({ watchId: watch.id, created: true });
    const target = {
      key: key.slice(),
      rangeEnd: request.rangeEnd.slice(),
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
    };
    watch.handle = this.#node.watch(target, Number(request.startRevision), this.#sinkOf(watch));
  }

  /** An unknown id gets no answer. */
  cancel(id: bigint): void {
    const watch = this.#watches.get(id);
    if (!watch) return;
    this.#drop(watch);
    this.#push({ watchId: id, canceled: true });
  }

  /** Answered only if every watcher has seen everything; kube-apiserver relies on it. */
  requestProgress(): void {
    if (this.#watches.size === 0) return;
    for (const { handle } of this.#watches.values()) if (!handle?.isSynced) return;
    this.#push({ watchId: NO_WATCH });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tallies.streams--;
    this.#tallies.pendingEvents -= eventsIn(this.#queue);
    this.#progressTimer.cancel();
    for (const watch of this.#watches.values()) watch.handle?.remove();
    this.#watches.clear();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #refusalOf(
    { rangeEnd, watchId, startRevision }: WatchCreateRequest,
    key: Uint8Array,
    denial: string | undefined,
  ): string | undefined {
    if (startRevision < 0n) return "etcdserver: mvcc: required revision has been compacted";
    if (denial !== undefined) return denial;
    const isFromKey = rangeEnd.length === 1 && rangeEnd[0] === 0;
    if (rangeEnd.length > 0 && !isFromKey && Buffer.compare(key, rangeEnd) >= 0) return "mvcc: watcher range is empty";
    if (watchId !== 0n && this.#watches.has(watchId)) return "mvcc: duplicate watch ID provided on the WatchStream";
    return undefined;
  }

  #freeId(): bigint {
    while (this.#watches.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #sinkOf(watch: StreamWatch): WatchSink {
    const queuedBytes = (): number => this.#queuedBytes;
    return {
      deliver: (events, _revision, headerRevision) => {
        this.#pushEvents(watch, events, headerRevision);
        return this.#queuedBytes < MAX_QUEUED_BYTES;
      },
      onCompacted: (compactRevision) => {
        this.#watches.delete(watch.id);
        const canceled = { watchId: watch.id, canceled: true, compactRevision: BigInt(compactRevision) };
        this.#push(canceled, 0);
      },
      get isReady() {
        return queuedBytes() < MAX_QUEUED_BYTES / 2;
      },
    };
  }

  #drop(watch: StreamWatch): void {
    watch.handle?.remove();
    this.#watches.delete(watch.id);
    // What it still had to say is not said after it was cancelled.
    const pending = eventsIn(this.#queue);
    this.#queue = this.#queue.filter((queued) => queued.watch !== watch);
    this.#tallies.pendingEvents -= pending - eventsIn(this.#queue);
    this.#queuedBytes = this.#queue.reduce((bytes, queued) => bytes + queued.bytes, 0);
  }

  #notifyProgress(): void {
    for (const watch of this.#watches.values()) {
      if (watch.wantsProgress && !watch.isFresh && watch.handle?.isSynced) this.#push({ watchId: watch.id });
      watch.isFresh = false;
    }
  }

  #pushEvents(watch: StreamWatch, events: readonly Event[], revision: Revision): void {
    watch.isFresh = true;
    const bytes = events.reduce((sum, { kv }) => sum + (kv ? kv.key.length + kv.value.length : 0) + 64, 0);
    const response = create(WatchResponseSchema, { header: headerOf(this.#node, revision), watchId: watch.id });
    response.events = events as Event[];
    if (!this.#isClosed) this.#tallies.pendingEvents += events.length;
    this.#enqueue({ response, watch, bytes });
  }

  #push(fields: Parameters<typeof create<typeof WatchResponseSchema>>[1], revision?: Revision): void {
    const response = create(WatchResponseSchema, { ...fields, header: headerOf(this.#node, revision) });
    this.#enqueue({ response, watch: undefined, bytes: 64 });
  }

  #enqueue(queued: Queued): void {
    if (this.#isClosed) return;
    this.#queue.push(queued);
    this.#queuedBytes += queued.bytes;
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pump().catch((error: unknown) => {
      this.#settleClosed(error as Error);
    });
  }

  /** Sends the queue in order, at the speed of its reader. */
  async #pump(): Promise<void> {
    // What arrives in this turn goes out together.
    await Promise.resolve();
    for (let head = this.#queue.shift(); head !== undefined; head = this.#queue.shift()) {
      const { watch } = head;
      const bytes = head.bytes + this.#mergeFollowing(head);
      let { response } = head;
      const { length } = response.events;
      this.#tallies.pendingEvents -= length;
      if (watch?.wantsPrevious) {
        const completed = withPreviousValues(this.#node, response);
        response = completed instanceof Promise ? await completed : completed;
      }
      if (this.#isClosed) return;
      this.#tallies.sentEvents += length;
      const parts = watch?.wantsFragments ? this.#fragments(response) : [response];
      for (const part of parts) if (!this.#call.send(part)) await this.#call.drained();
      this.#queuedBytes = Math.max(0, this.#queuedBytes - bytes);
    }
    this.#isPumping = false;
  }

  /** What the same watcher has to say next goes out in the same response; the bytes that were added. */
  #mergeFollowing({ watch, response }: Queued): number {
    if (!watch) return 0;
    let merged = 0;
    let bytes = 0;
    let events: Event[] | undefined;
    for (let next = this.#queue[0]; next?.watch === watch; next = this.#queue[0]) {
      if (merged++ === MAX_MERGED || bytes > MAX_MERGED_BYTES) break;
      // The first batch is shared with other watchers.
      events ??= [...response.events];
      for (const event of next.response.events) events.push(event);
      if (next.response.header) response.header = next.response.header;
      bytes += next.bytes;
      this.#queue.shift();
    }
    if (events) response.events = events;
    return bytes;
  }

  #fragments(response: WatchResponse): readonly WatchResponse[] {
    const { fragmentBytes } = this.#limits;
    if (response.events.length < 2 || toBinary(WatchResponseSchema, response).length < fragmentBytes) return [response];
    return splitFragments(response, fragmentBytes);
  }
}

function eventsIn(queue: readonly Queued[]): number {
  return queue.reduce((sum, { response }) => sum + response.events.length, 0);
}

/** An empty key stands for the first one that there can be. */
export function firstKeyOf({ key }: WatchCreateRequest): Uint8Array {
  return key.length === 0 ? Uint8Array.of(0) : key;
}
