import type { Node } from "../node/node.ts";
import type { Watch, WatchCreateRequest, WatchRequest, WatchResponse } from "../proto/gen/rpc_pb.js";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Access } from "./access.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { needsLeader } from "./require-leader.ts";
import { watchRefusal } from "./watch-refusal.ts";
import type { WatchLimits } from "./watch-limits.ts";
import { WatchStream } from "./watch-stream.ts";

/** How long a stream that asked for a leader goes on without one, in election timeouts (etcd's v3rpc interceptor). */
const LEADERLESS_ELECTIONS = 3;

/** The Watch service: any number of watchers on one stream. */
export function watchService(node: Node, access: Access, limits: WatchLimits): Implementation<typeof Watch> {
  return {
    async watch(call) {
      refuseOnLearner(node);
      const stream = new WatchStream(node, call, limits);
      const guard = needsLeader(call) ? whenLeaderless(node) : undefined;
      try {
        await Promise.race([
          serve(stream, call, (request) => watchRefusal(node, access, call, request)),
          stream.closed,
          ...(guard ? [guard.lost] : []),
        ]);
      } finally {
        guard?.stop();
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

/** Rejects with no-leader once there has been none for too long. */
function whenLeaderless(node: Node): { readonly lost: Promise<never>; readonly stop: () => void } {
  const { tickMs, electionTicks } = node.config;
  const limitMs = LEADERLESS_ELECTIONS * tickMs * electionTicks;
  const lost = Promise.withResolvers<never>();
  const timer = node.clock.every(tickMs * electionTicks, () => {
    const sinceMs = node.leadership.leaderlessSinceMs;
    const isLost = sinceMs !== undefined && node.clock.monotonicMs() - sinceMs >= limitMs;
    if (isLost) lost.reject(new DomainError("no-leader"));
  });
  return {
    lost: lost.promise,
    stop: () => {
      timer.cancel();
    },
  };
}
