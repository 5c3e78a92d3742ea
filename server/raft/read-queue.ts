import { must } from "../base/assert.ts";
import type { Index, NodeId } from "../base/ids.ts";
import type { Message } from "../proto/raft-message.ts";

/** The commit index at which a read that was asked for with this context may be served. */
export interface ReadState {
  readonly index: Index;
  readonly context: Uint8Array;
}

/** A read that waits for a quorum to confirm the leader. */
export interface PendingRead {
  readonly request: Message;
  /** The commit index when the request came: what the read has to see. */
  readonly index: Index;
  readonly acks: Map<NodeId, boolean>;
}

/** Reads beyond this many are dropped; who asked asks again. */
export const MAX_PENDING_READS = 4096;

/** The reads that wait for confirmation, in the order in which they came; one is known by its context. */
export class ReadQueue {
  /** A Map keeps its order of insertion, so it is the queue too. */
  readonly #reads = new Map<string, PendingRead>();
  #last: Uint8Array | undefined;

  /** The newest waiting read's context, which heartbeats carry to have it confirmed. */
  get lastContext(): Uint8Array | undefined {
    return this.#last;
  }

  /** Adds a read unless its context waits already. */
  add(request: Message, index: Index): void {
    const context = readContextOf(request);
    const key = keyOf(context);
    if (this.#reads.has(key) || this.#reads.size >= MAX_PENDING_READS) return;
    this.#reads.set(key, { request, index, acks: new Map() });
    this.#last = context;
  }

  /** Notes a confirmation and returns all that there are; undefined if no such read waits. */
  acknowledge(id: NodeId, context: Uint8Array): ReadonlyMap<NodeId, boolean> | undefined {
    const read = this.#reads.get(keyOf(context));
    read?.acks.set(id, true);
    return read?.acks;
  }

  /** Takes out the read with this context and all before it: whoever confirmed the later has confirmed them. */
  takeUpTo(context: Uint8Array): readonly PendingRead[] {
    const last = keyOf(context);
    if (!this.#reads.has(last)) return [];
    const taken: PendingRead[] = [];
    for (const [key, read] of this.#reads) {
      taken.push(read);
      this.#reads.delete(key);
      if (key === last) break;
    }
    if (this.#reads.size === 0) this.#last = undefined;
    return taken;
  }
}

/** The context with which a read was asked for: it travels as the data of the message's only entry. */
export function readContextOf(request: Message): Uint8Array {
  return must(request.entries[0]?.data, "a read request carries a context");
}

function keyOf(context: Uint8Array): string {
  return String.fromCharCode(...context);
}
