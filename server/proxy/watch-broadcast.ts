import type { ResponseHeader, WatchResponse } from "../proto/gen/rpc_pb.js";
import type { WatchReceiver } from "./watch-receiver.ts";

/** A watch of the cluster, as whoever shares it out needs it. */
export interface WatchSource {
  /** Ends the watch of the cluster; nothing is delivered any more. */
  close(): void;
}

/** One watch of the cluster and those who share it. It knows how far it has come, which decides who may join. */
export class WatchBroadcast {
  readonly receivers = new Set<WatchReceiver>();
  readonly #source: WatchSource;
  #nextRevision: bigint;
  #responses = 0;
  #lastHeader: ResponseHeader | undefined;

  constructor(first: WatchReceiver, open: (broadcast: WatchBroadcast) => WatchSource) {
    this.#nextRevision = first.nextRevision;
    this.receivers.add(first);
    this.#source = open(this);
  }

  /** Where the watch goes on; 0 before it has begun with what comes next. */
  get nextRevision(): bigint {
    return this.#nextRevision;
  }

  get hasBegun(): boolean {
    return this.#responses > 0;
  }

  /** Hands a response of the cluster to all. */
  deliver(response: WatchResponse): void {
    this.#advance(response);
    this.#responses++;
    this.#lastHeader = response.header ?? this.#lastHeader;
    for (const receiver of this.receivers) receiver.receive(response);
  }

  /** Takes a new watcher in, if everything that it wants to see is still to come. */
  admit(receiver: WatchReceiver, created: (header: ResponseHeader | undefined) => WatchResponse): boolean {
    const { nextRevision } = receiver;
    // Before the first response 0 means: whatever comes next. That is too late for whoever names a revision.
    const isTooLate = this.#nextRevision > nextRevision || (this.#nextRevision === 0n && nextRevision !== 0n);
    if (isTooLate) return false;
    this.receivers.add(receiver);
    // The cluster has said "created" already; whoever comes later hears it from here.
    if (this.hasBegun) receiver.receive(created(this.#lastHeader));
    return true;
  }

  /** Takes over those of a broadcast that is at least as far: what they have seen already, they pass over. */
  absorb(other: WatchBroadcast): boolean {
    if (!this.hasBegun || other.nextRevision < this.#nextRevision) return false;
    for (const receiver of other.receivers) this.receivers.add(receiver);
    other.receivers.clear();
    return true;
  }

  close(): void {
    this.#source.close();
  }

  /**
   * By the events and not by the header, which may be far ahead of them while a watch catches up. "Created" moves only a
   * watch of what comes next; one that starts at a revision has that still before it. A watch of the future stays where
   * it begins: its header is of the present, and what comes before its beginning is nothing that it will tell.
   */
  #advance({ header, events, created }: WatchResponse): void {
    const last = events.at(-1)?.kv?.modRevision;
    if (last !== undefined) this.#nextRevision = last + 1n;
    else if (header && header.revision >= this.#nextRevision && (!created || this.#nextRevision === 0n)) {
      this.#nextRevision = header.revision + 1n;
    }
  }
}
