import { create, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "../proto/gen/kv_pb.js";
import { WatchResponseSchema, type WatchResponse } from "../proto/gen/rpc_pb.js";

/** What an event takes in a response besides its own bytes, at most. */
const EVENT_OVERHEAD_BYTES = 8;

/** Splits a response into ones below a size; all but the last say that more follows. A single large event stays whole. */
export function splitFragments(response: WatchResponse, maxBytes: number): readonly WatchResponse[] {
  const fragments: WatchResponse[] = [];
  let events: WatchResponse["events"] = [];
  let bytes = 0;
  const finish = (fragment: boolean): void => {
    const part = create(WatchResponseSchema, { ...response, fragment });
    part.events = events;
    fragments.push(part);
    events = [];
    bytes = 0;
  };
  for (const event of response.events) {
    const size = toBinary(EventSchema, event).length + EVENT_OVERHEAD_BYTES;
    if (events.length > 0 && bytes + size >= maxBytes) finish(true);
    events.push(event);
    bytes += size;
  }
  finish(false);
  return fragments;
}
