import { nextRevisionAfter } from "../client/watch-position.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import { Event_EventType as EventType } from "../proto/gen/kv_pb.js";
import type { ResponseHeader } from "../proto/gen/rpc_pb.js";
import type { WatchResponse } from "../proto/gen/rpc_pb.js";

/** What one watcher of a client wants of the responses that several share. */
export interface WatchWishes {
  readonly startRevision: bigint;
  readonly wantsProgress: boolean;
  readonly wantsPrevious: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

/** What a watcher is told; its stream adds the id. */
export type WatchNews = Pick<
  WatchResponse,
  "header" | "created" | "canceled" | "compactRevision" | "cancelReason" | "events"
>;

/** One watcher of a client: it takes from shared responses what is new to it and what it wants. */
export class WatchReceiver {
  readonly #wishes: WatchWishes;
  readonly #tell: (news: WatchNews) => void;
  #nextRevision: bigint;
  #lastHeader: ResponseHeader | undefined;

  constructor(wishes: WatchWishes, tell: (news: WatchNews) => void) {
    this.#wishes = wishes;
    this.#nextRevision = wishes.startRevision;
    this.#tell = tell;
  }

  /** The first revision that it has not seen; FROM_NOW_ON before it knows where it begins. */
  get nextRevision(): bigint {
    return this.#nextRevision;
  }

  /** The header of what it was told last. */
  get lastHeader(): ResponseHeader | undefined {
    return this.#lastHeader;
  }

  receive(response: WatchResponse): void {
    const fresh = response.events.filter(({ kv }) => (kv?.modRevision ?? 0n) >= this.#nextRevision);
    this.#nextRevision = nextRevisionAfter(response, this.#nextRevision);
    if (isProgress(response) && !this.#wishes.wantsProgress) return;
    const events = fresh.filter((event) => this.#isWanted(event)).map((event) => this.#shown(event));
    if (response.events.length > 0 && events.length === 0 && !response.created && !response.canceled) return;
    this.#lastHeader = response.header;
    const { header, created, canceled, compactRevision, cancelReason } = response;
    this.#tell({ header, created, canceled, compactRevision, cancelReason, events });
  }

  #isWanted({ type }: Event): boolean {
    return type === EventType.PUT ? !this.#wishes.noPut : !this.#wishes.noDelete;
  }

  #shown(event: Event): Event {
    if (this.#wishes.wantsPrevious || !event.prevKv) return event;
    const { prevKv: _prevKv, ...rest } = event;
    return rest;
  }
}

/** Whether a response says no more than how far the watch has come. */
export function isProgress({ events, created, canceled, compactRevision }: WatchResponse): boolean {
  return events.length === 0 && !created && !canceled && compactRevision === 0n;
}
