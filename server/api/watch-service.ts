import type { Node } from "../node/node.ts";
import type { Watch, WatchCreateRequest, WatchRequest, WatchResponse } from "../proto/gen/rpc_pb.js";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Access } from "./access.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { watchRefusal } from "./watch-refusal.ts";
import type { WatchLimits } from "./watch-limits.ts";
import { WatchStream } from "./watch-stream.ts";

/** The Watch service: any number of watchers on one stream. */
export function watchService(node: Node, access: Access, limits: WatchLimits): Implementation<typeof Watch> {
  return {
    async watch(call) {
      refuseOnLearner(node);
      const stream = new WatchStream(node, call, limits);
      try {
        await Promise.race([
          serve(stream, call, (request) => watchRefusal(node, access, call, request)),
          stream.closed,
        ]);
      } finally {
        stream.close();
      }
      if (call.isCancelled) throw new DomainError("watch-canceled");
    },
  };
}

/** Why a watch is not permitted, in the words of etcd; undefined: it is. At once while auth is off. */
type RefusalOf = (request: WatchCreateRequest) => string | undefined | Promise<string | undefined>;

async function serve(
  stream: WatchStream,
  call: StreamCall<WatchRequest, WatchResponse>,
  refusalOf: RefusalOf,
): Promise<void> {
  for await (const { requestUnion } of call.requests) {
    switch (requestUnion.case) {
      case "createRequest":
        stream.create(requestUnion.value, await refusalOf(requestUnion.value));
        break;
      case "cancelRequest":
        stream.cancel(requestUnion.value.watchId);
        break;
      case "progressRequest":
        stream.requestProgress();
        break;
      case undefined:
        // etcd passes over a request that it does not know.
        break;
    }
  }
  // The client has half-closed; its watchers go on until it leaves.
  await stream.closed;
}
