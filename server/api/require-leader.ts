import { DomainError } from "../base/domain-error.ts";
import { NO_NODE } from "../base/ids.ts";
import type { Node } from "../node/node.ts";
import type { BoundMethod, CallContext, StreamCall } from "../rpc/service.ts";

/**
 * Refuses calls that ask for a leader (clientv3's WithRequireLeader) while there is none: whoever waits for nothing better
 * tries another member (etcd's v3rpc interceptor). What becomes of a stream later is its own business.
 */
export function requireLeader(node: Node, methods: readonly BoundMethod[]): readonly BoundMethod[] {
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
        await handle(call);
      },
    };
  });
}

/** Whether the client has asked for a leader. */
export function needsLeader(call: CallContext): boolean {
  return call.metadata("hasleader") === "true";
}

function checkLeader(node: Node, call: CallContext): void {
  if (node.leadership.leader === NO_NODE && needsLeader(call)) throw new DomainError("no-leader");
}
