import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import { Watch, WatchRequestSchema, WatchResponseSchema, type WatchResponse } from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { KeyInterval, KeyNamespace } from "./key-namespace.ts";
import { originWith, type Origin, type Upstream } from "./upstream.ts";
import type { WatchSource } from "./watch-broadcast.ts";
import type { OpenWatch, WatchSink } from "./watch-ranges.ts";

/** Pause before a watch that was lost with its member begins anew elsewhere. */
const RESUME_PAUSE_MS = 100;

/**
 * Watches of the cluster that outlive the member that serves them: each goes on where it was. Those that need a leader
 * leave a member that has none, where they would hear nothing.
 */
export function upstreamWatches(
  upstream: Upstream,
  namespace: KeyNamespace | undefined,
  needs: "a leader" | "no leader" = "no leader",
): OpenWatch {
  return (keys, token, sink) => {
    const origin = originWith({ token, hasleader: needs === "a leader" ? "true" : undefined });
    const watch = new UpstreamWatch(upstream, namespace, origin, sink);
    void watch.run(namespace?.interval(keys) ?? keys);
    return watch;
  };
}

class UpstreamWatch implements WatchSource {
  readonly #upstream: Upstream;
  readonly #namespace: KeyNamespace | undefined;
  readonly #origin: Origin;
  readonly #sink: WatchSink;
  #isClosed = false;
  #isCreated = false;
  #cancel: () => void = () => undefined;

  constructor(upstream: Upstream, namespace: KeyNamespace | undefined, origin: Origin, sink: WatchSink) {
    this.#upstream = upstream;
    this.#namespace = namespace;
    this.#origin = origin;
    this.#sink = sink;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async run(keys: KeyInterval): Promise<void> {
    // Whoever opens the watch has to know it before it says something.
    await Promise.resolve();
    while (!this.#isClosed) {
      try {
        await this.#once(keys);
      } catch (error) {
        if (this.#isClosed) return;
        if (!isPassing(error)) {
          this.#fail(error);
          return;
        }
      }
      await pause(RESUME_PAUSE_MS);
    }
  }

  /** Until the stream ends or the cluster cancels the watch. */
  async #once({ key, rangeEnd }: KeyInterval): Promise<void> {
    if (this.#isClosed) return;
    const stream = this.#upstream.duplex(Watch.method.watch, this.#origin);
    this.#cancel = () => {
      stream.cancel();
    };
    const startRevision = this.#sink.nextRevision;
    const wishes = { key, rangeEnd, startRevision, progressNotify: true, prevKv: true };
    stream.send(create(WatchRequestSchema, { requestUnion: { case: "createRequest", value: wishes } }));
    for await (const response of stream) {
      if (this.#isClosed) return;
      this.#deliver(response);
    }
  }

  #deliver(response: WatchResponse): void {
    // A watch that goes on was created long ago, as far as its clients know.
    if (response.created && !response.canceled && this.#isCreated) return;
    this.#isCreated ||= response.created;
    this.#namespace?.stripEvents(response.events);
    this.#sink.deliver(response);
  }

  #fail(error: unknown): void {
    const cancelReason = messageOf(error);
    this.#sink.deliver(create(WatchResponseSchema, { created: !this.#isCreated, canceled: true, cancelReason }));
  }
}

/** Whether another try may help: the member went away, or has no leader. */
function isPassing(error: unknown): boolean {
  return error instanceof RpcError && (error.code === Code.UNAVAILABLE || error.code === Code.INTERNAL);
}
