import { create } from "@bufbuild/protobuf";
import { byteString } from "../../../server/base/byte-string.ts";
import { FROM_NOW_ON } from "../../../server/client/watch-position.ts";
import type { Event } from "../../../server/proto/gen/kv_pb.js";
import { WatchResponseSchema, type WatchResponse } from "../../../server/proto/gen/rpc_pb.js";
import { spanHas, type KeySpan } from "../../../server/proxy/key-span.ts";
import type { WatchSink } from "../../../server/proxy/watch-ranges.ts";

/** What has happened at a revision. */
export interface Happened {
  readonly revision: bigint;
  readonly events: readonly Event[];
}

/** What a cluster's watches are told of. */
export interface WatchedHistory {
  readonly revision: bigint;
  readonly compactedTo: bigint;
  readonly history: readonly Happened[];
}

/** What becomes of a response on its way: `false`: it is lost, and the connection with it. */
export type Carry = () => Promise<boolean>;

/**
 * A watch of a cluster that says what etcd's watches say, each response with the store's revision in its header: that it
 * was made, events by revisions, how far it has come when there is nothing left to tell, and that its history is gone.
 * When the connection is lost it is made anew where the sink says.
 */
export class ClusterWatch {
  readonly #cluster: WatchedHistory;
  readonly #span: KeySpan;
  readonly #sink: WatchSink;
  readonly #carry: Carry;
  #isClosed = false;
  #isBusy = false;
  #isMade = false;
  #isCreatedTold = false;
  #start = FROM_NOW_ON;
  #told = 0;
  #progress = 0n;

  constructor(cluster: WatchedHistory, span: KeySpan, sink: WatchSink, carry: Carry) {
    this.#cluster = cluster;
    this.#span = span;
    this.#sink = sink;
    this.#carry = carry;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Tells what there is to tell. */
  async run(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#next(); next && !this.#isClosed; next = this.#next()) {
      const isLost = !(await this.#carry());
      if (this.#isClosed) return;
      if (isLost) this.#isMade = false;
      else this.#deliver(next);
    }
    this.#isBusy = false;
  }

  #deliver(response: WatchResponse): void {
    this.#isCreatedTold ||= response.created;
    this.#isClosed = response.canceled;
    this.#sink.deliver(response);
  }

  #next(): WatchResponse | undefined {
    const header = { revision: this.#cluster.revision };
    if (!this.#isMade) {
      this.#make();
      const { compactedTo } = this.#cluster;
      const isGone = this.#start < compactedTo;
      if (isGone) return create(WatchResponseSchema, { header, canceled: true, compactRevision: compactedTo });
      // A watch that goes on was created long ago, as far as its clients know.
      if (!this.#isCreatedTold) return create(WatchResponseSchema, { header, created: true });
    }
    const events = this.#nextEvents();
    if (events) return create(WatchResponseSchema, { header, events: [...events] });
    if (this.#progress >= header.revision) return undefined;
    this.#progress = header.revision;
    return create(WatchResponseSchema, { header });
  }

  #make(): void {
    const { nextRevision } = this.#sink;
    this.#isMade = true;
    this.#start = nextRevision === FROM_NOW_ON ? this.#cluster.revision + 1n : nextRevision;
    this.#told = 0;
    this.#progress = 0n;
  }

  #nextEvents(): readonly Event[] | undefined {
    const { history } = this.#cluster;
    for (let at = history[this.#told++]; at; at = history[this.#told++]) {
      if (at.revision < this.#start) continue;
      const events = at.events.filter(({ kv }) => spanHas(this.#span, byteString(kv!.key)));
      if (events.length > 0) return events;
    }
    this.#told = history.length;
    return undefined;
  }
}
