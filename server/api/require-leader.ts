import { DomainError } from "../base/domain-error.ts";
import { NO_NODE } from "../base/ids.ts";
import type { BoundMethod, CallContext, StreamCall, StreamHandler } from "../rpc/service.ts";
import { LeaderBoundCall, type LeaderSource } from "./leader-bound-call.ts";

/**
 * Refuses calls that ask for a leader (clientv3's WithRequireLeader) while there is none, and ends their streams when the
 * leader is lost in the middle: whoever waits for nothing better tries another member (etcd's v3rpc interceptor).
 */
export function requireLeader(node: LeaderSource, methods: readonly BoundMethod[]): readonly BoundMethod[] {
  return methods.map((method) => {
    if (method.kind === "unary") {
      const { handle } = method;
      return {
        ...method,
        handle: (request, call) => {
          checkLeader(node, call);
          return handle(request, call);
        },
      };
    }
    const { handle } = method;
    return {
      ...method,
      handle: async (call: StreamCall<unknown, unknown>) => {
        checkLeader(node, call);
        if (needsLeader(call)) await whileLed(node, call, handle);
        else await handle(call);
      },
    };
  });
}

async function whileLed(
  node: LeaderSource,
  call: StreamCall<unknown, unknown>,
  handle: StreamHandler<unknown, unknown>,
): Promise<void> {
  const bound = new LeaderBoundCall(node, call);
  try {
    await Promise.race([bound.lost, handle(bound)]);
  } finally {
    bound.release();
  }
}

/** Whether the client has asked for a leader. */
function needsLeader(call: CallContext): boolean {
  return call.metadata("hasleader") === "true";
}

function checkLeader(node: LeaderSource, call: CallContext): void {
  if (node.leadership.leader === NO_NODE && needsLeader(call)) throw new DomainError("no-leader");
}
