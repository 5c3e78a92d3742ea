import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import type { WatchCreateRequest } from "../proto/gen/rpc_pb.js";
import { faultStatus } from "../rpc/fault-status.ts";
import type { CallContext } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { firstKeyOf } from "./watch-stream.ts";

/** Names of codes as Go prints them; every other fault is told as a denial. */
const CODE_NAMES = {
  "invalid-auth-token": "Unauthenticated",
  "auth-old-revision": "InvalidArgument",
  "user-empty": "InvalidArgument",
  "permission-denied": "PermissionDenied",
} as const;

/**
 * Why a client may not watch what it asks for; undefined: it may. The stream goes on: the reason is told as that of a watch
 * that was cancelled at once, in the words that Go clients look for. Permissions are looked at when a watch is made.
 */
export function watchRefusal(
  node: Node,
  access: Access,
  call: CallContext,
  request: WatchCreateRequest,
): string | undefined | Promise<string | undefined> {
  return access.isEnabled ? refusalOf(node, access, call, request) : undefined;
}

async function refusalOf(
  node: Node,
  access: Access,
  call: CallContext,
  request: WatchCreateRequest,
): Promise<string | undefined> {
  try {
    const caller = await access.caller(call);
    node.machine.auth.rights.checkRead(caller, { key: firstKeyOf(request), rangeEnd: request.rangeEnd });
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const fault = error.fault in CODE_NAMES ? (error.fault as keyof typeof CODE_NAMES) : "permission-denied";
    return `rpc error: code = ${CODE_NAMES[fault]} desc = ${faultStatus[fault][1]}`;
  }
}
