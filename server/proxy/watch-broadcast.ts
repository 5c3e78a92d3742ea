import { FROM_NOW_ON, nextRevisionAfter } from "../client/watch-position.ts";
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

  /** Where the watch goes on; FROM_NOW_ON before it has begun with what comes next. */
  get nextRevision(): bigint {
    return this.#nextRevision;
  }

  get hasBegun(): boolean {
    return this.#responses > 0;
  }

  /** Hands a response of the cluster to all. */
  deliver(response: WatchResponse): void {
    this.#nextRevision = nextRevisionAfter(response, this.#nextRevision);
    this.#responses++;
    this.#lastHeader = response.header ?? this.#lastHeader;
    for (const receiver of this.receivers) receiver.receive(response);
  }

  /** Takes a new watcher in, if everything that it wants to see is still to come. */
  admit(receiver: WatchReceiver, created: (header: ResponseHeader | undefined) => WatchResponse): boolean {
    const { nextRevision } = receiver;
    // Whatever comes next is too late for whoever names a revision.
    const isFromNowOn = this.#nextRevision === FROM_NOW_ON;
    const isTooLate = this.#nextRevision > nextRevision || (isFromNowOn && nextRevision !== FROM_NOW_ON);
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
}
