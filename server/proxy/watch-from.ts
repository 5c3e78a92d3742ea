import { nextRevisionAfter } from "../client/watch-position.ts";
import type { WatchResponse } from "../proto/gen/rpc_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import type { WatchSource } from "./watch-broadcast.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** Where a watch begins, and in whose name. */
export interface WatchStart {
  readonly from: bigint;
  readonly token: string | undefined;
}

/** Opens a watch for one alone; it keeps its place by itself, so that it goes on there if it has to begin anew. */
export function watchFrom(
  openWatch: OpenWatch,
  keys: KeyInterval,
  { from, token }: WatchStart,
  onResponse: (response: WatchResponse) => void,
): WatchSource {
  let nextRevision = from;
  return openWatch(keys, token, {
    get nextRevision() {
      return nextRevision;
    },
    deliver: (response) => {
      nextRevision = nextRevisionAfter(response, nextRevision);
      onResponse(response);
    },
  });
}
