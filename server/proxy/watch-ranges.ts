import { create } from "@bufbuild/protobuf";
import { byteString } from "../base/byte-string.ts";
import { must } from "../base/assert.ts";
import { WatchResponseSchema, type ResponseHeader, type WatchResponse } from "../proto/gen/rpc_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import { WatchBroadcast, type WatchSource } from "./watch-broadcast.ts";
import type { WatchReceiver } from "./watch-receiver.ts";

/** A broadcast with so many stays by itself instead of joining another one (etcd's maxCoalesceReceivers). */
const MAX_MOVED_RECEIVERS = 5;

/** What a watch of the cluster reports to. */
export interface WatchSink {
  /** Where to go on if the watch has to begin anew. */
  readonly nextRevision: bigint;
  deliver(response: WatchResponse): void;
}

/** Begins a watch of the cluster; `token` is that of the client who asked first. */
export type OpenWatch = (keys: KeyInterval, token: string | undefined, sink: WatchSink) => WatchSource;

interface Place {
  readonly range: string;
  broadcast: WatchBroadcast;
}

/** All watches of all clients, by what they watch: as few watches of the cluster as give everybody their events. */
export class WatchRanges {
  readonly #open: OpenWatch;
  readonly #broadcasts = new Map<string, Set<WatchBroadcast>>();
  readonly #places = new Map<WatchReceiver, Place>();
  #sharedEvents = 0;

  constructor(open: OpenWatch) {
    this.#open = open;
  }

  /** Watchers that need no watch of the cluster of their own. */
  get coalescedWatchers(): number {
    let own = 0;
    for (const broadcasts of this.#broadcasts.values()) own += broadcasts.size;
    return this.#places.size - own;
  }

  /** Responses that were handed out without having come from the cluster once more. */
  get coalescedEvents(): number {
    return this.#sharedEvents;
  }

  add(keys: KeyInterval, receiver: WatchReceiver, token: string | undefined): void {
    const range = `${String(keys.key.length)}\n${byteString(keys.key)}${byteString(keys.rangeEnd)}`;
    const broadcasts = this.#broadcasts.get(range) ?? new Set<WatchBroadcast>();
    this.#broadcasts.set(range, broadcasts);
    for (const broadcast of broadcasts) {
      if (!broadcast.admit(receiver, createdOf)) continue;
      this.#places.set(receiver, { range, broadcast });
      return;
    }
    const fresh = new WatchBroadcast(receiver, (broadcast) =>
      this.#open(keys, token, {
        get nextRevision() {
          return broadcast.nextRevision;
        },
        deliver: (response) => {
          this.#deliver(range, broadcast, response);
        },
      }),
    );
    broadcasts.add(fresh);
    this.#places.set(receiver, { range, broadcast: fresh });
  }

  /** A watcher leaves; whoever is not here is passed over. */
  remove(receiver: WatchReceiver): void {
    const place = this.#places.get(receiver);
    if (!place) return;
    this.#places.delete(receiver);
    place.broadcast.receivers.delete(receiver);
    if (place.broadcast.receivers.size === 0) this.#end(place.range, place.broadcast);
  }

  #deliver(range: string, broadcast: WatchBroadcast, response: WatchResponse): void {
    this.#sharedEvents += Math.max(0, broadcast.receivers.size - 1);
    if (response.canceled) {
      // The cluster has ended it: nobody is in it any more when they hear of it.
      const receivers = [...broadcast.receivers];
      for (const receiver of receivers) this.#places.delete(receiver);
      this.#end(range, broadcast);
      broadcast.deliver(response);
      return;
    }
    broadcast.deliver(response);
    this.#join(range, broadcast);
  }

  /** Moves the watchers of a broadcast to another one that is not ahead of it, and ends it. */
  #join(range: string, broadcast: WatchBroadcast): void {
    const { size } = broadcast.receivers;
    if (size === 0 || size >= MAX_MOVED_RECEIVERS) return;
    for (const other of must(this.#broadcasts.get(range))) {
      const moved = [...broadcast.receivers];
      if (other === broadcast || !other.absorb(broadcast)) continue;
      for (const receiver of moved) must(this.#places.get(receiver)).broadcast = other;
      this.#end(range, broadcast);
      return;
    }
  }

  #end(range: string, broadcast: WatchBroadcast): void {
    const broadcasts = this.#broadcasts.get(range);
    broadcasts?.delete(broadcast);
    if (broadcasts?.size === 0) this.#broadcasts.delete(range);
    broadcast.close();
  }
}

function createdOf(header: ResponseHeader | undefined): WatchResponse {
  return create(WatchResponseSchema, { ...(header && { header }), created: true });
}
