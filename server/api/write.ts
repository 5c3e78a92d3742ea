import { create } from "@bufbuild/protobuf";
import type { ResponseMessage } from "../apply/outcome.ts";
import type { Caller } from "../auth/caller.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import type { Command } from "../node/proposals.ts";
import { InternalRaftRequestSchema } from "../proto/gen/raft_internal_pb.js";
import type { CallContext } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { completeHeader } from "./header.ts";

/**
 * Brings a command through the log on behalf of whoever calls. Whether the caller may is decided when the command is
 * applied; only who does not say who it is gets no further than here, so that the log is not everybody's to fill.
 */
export function write<T extends ResponseMessage>(
  node: Node,
  access: Access,
  call: CallContext,
  command: Command,
): Promise<T> {
  if (!access.isEnabled) return writeAs<T>(node, undefined, command);
  return access.requireCaller(call).then((caller) => writeAs<T>(node, caller, command));
}

/** Proposes a command and waits for its answer; quota is looked at before, as etcd does. */
export async function writeAs<T extends ResponseMessage>(
  node: Node,
  caller: Caller | undefined,
  command: Command,
): Promise<T> {
  if (!node.quotaAllows(create(InternalRaftRequestSchema, command))) {
    node.raiseNoSpace();
    throw new DomainError("no-space");
  }
  const { fault, response } = await node.propose(command, caller);
  if (fault !== undefined) throw new DomainError(fault);
  if (!response) throw new Error("invariant violated: a client's request has an answer");
  return completeHeader(node, (await node.resolve(response)) as T);
}
