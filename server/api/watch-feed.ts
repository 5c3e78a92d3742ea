import { DomainError } from "../base/domain-error.ts";
import type { Revision } from "../base/ids.ts";
import type { Node } from "../node/node.ts";
import type { WatchHandle, WatchSink } from "../node/watchers.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type { CallContext } from "../rpc/service.ts";

/** Events that may wait for their reader; beyond that they are read from history later. */
const MAX_QUEUED_EVENTS = 1000;

/** A key, or all keys from the first to before the second. */
export interface WatchedKeys {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** What a call waits for, one watch after the other: whoever makes the call may go away at any time. */
export class CallWatches {
  readonly #node: Node;
  #isCancelled = false;
  #feed: WatchFeed | undefined;

  constructor(node: Node, call: CallContext) {
    this.#node = node;
    call.onCancelled(() => {
      this.#isCancelled = true;
      this.#feed?.fail(new DomainError("canceled"));
    });
  }

  /** The events from a revision on, until `use` is done with them. */
  async during<T>(keys: WatchedKeys, from: Revision, use: (feed: WatchFeed) => Promise<T>): Promise<T> {
    if (this.#isCancelled) throw new DomainError("canceled");
    const feed = new WatchFeed(this.#node, keys, from);
    this.#feed = feed;
    try {
      return await use(feed);
    } finally {
      this.#feed = undefined;
      feed.close();
    }
  }
}

/** The events of a watch for a reader that takes one at a time. */
export class WatchFeed {
  readonly #handle: WatchHandle;
  readonly #queue: Event[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(node: Node, { key, rangeEnd }: WatchedKeys, from: Revision) {
    const queue = this.#queue;
    const sink: WatchSink = {
      deliver: (events) => {
        for (const event of events) queue.push(event);
        this.#notify();
        return queue.length < MAX_QUEUED_EVENTS;
      },
      onCompacted: () => {
        this.fail(new DomainError("compacted"));
      },
      get isReady() {
        return queue.length < MAX_QUEUED_EVENTS / 2;
      },
    };
    const target = { key: key.slice(), rangeEnd: rangeEnd.slice(), noPut: false, noDelete: false };
    this.#handle = node.watch(target, from, sink);
  }

  /** The next event. Rejects when the call was cancelled, or with the fault compacted. */
  async next(): Promise<Event> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const event = this.#queue.shift();
      if (event) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#notify();
  }

  close(): void {
    this.#handle.remove();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
