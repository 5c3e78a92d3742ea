import { create } from "@bufbuild/protobuf";
import type { Deferred } from "../mvcc/deferred.ts";
import { decodeRecord } from "../mvcc/record-codec.ts";
import { EventSchema, type Event, type KeyValue } from "../proto/gen/kv_pb.js";
import type { WatchResponse } from "../proto/gen/rpc_pb.js";
import type { Node } from "../node/node.ts";

/**
 * Adds what each key was before its event, as of the revision before: absent where the key was created or where
 * history is gone. Synchronous if memory holds it all.
 */
export function withPreviousValues(node: Node, response: WatchResponse): WatchResponse | Promise<WatchResponse> {
  const { mvcc } = node.machine;
  const previous = response.events.map(({ kv }) => {
    if (!kv || (kv.version === 1n && kv.createRevision === kv.modRevision)) return undefined;
    return mvcc.revisionAt(kv.key, Number(kv.modRevision) - 1);
  });
  const needs = previous.filter((revision) => revision !== undefined);
  const deferred: Deferred<WatchResponse> = {
    revision: mvcc.currentRevision,
    needs,
    build: (lookup) => {
      // Events are shared with other watchers: the copy gets the value.
      response.events = response.events.map((event, position) => {
        const revision = previous[position];
        return revision ? withPrevious(event, decodeRecord(lookup(revision))) : event;
      });
      return response;
    },
  };
  return node.resolve(deferred);
}

function withPrevious(event: Event, prevKv: KeyValue): Event {
  const copy = create(EventSchema, { type: event.type });
  if (event.kv) copy.kv = event.kv;
  copy.prevKv = prevKv;
  return copy;
}
