import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import {
  DowngradeRequest_DowngradeAction as Action,
  DowngradeResponseSchema,
  type DowngradeRequest,
  type DowngradeResponse,
} from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import { headerOf } from "./header.ts";

/** Major, minor and patch with what may follow it, or the first two alone. */
const VERSION = /^(\d+)\.(\d+)(\.\d+(-[\w.-]+)?(\+[\w.-]+)?)?$/;

/**
 * The job that lets a cluster go back by one minor version: while it is enabled the cluster speaks the older version, and
 * members of that version may take the place of ours (etcd server/version: Manager).
 */
export async function downgrade(node: Node, { action, version }: DowngradeRequest): Promise<DowngradeResponse> {
  switch (action) {
    case Action.VALIDATE:
      return validate(node, version);
    case Action.ENABLE:
      return enable(node, version);
    case Action.CANCEL:
      return cancel(node);
    default:
      throw new RpcError(Code.UNKNOWN, "etcdserver: unknown method");
  }
}

/** The answer tells the version that the cluster had when it was asked. */
async function validate(node: Node, wanted: string): Promise<DowngradeResponse> {
  const target = parseVersion(wanted);
  const { clusterVersion } = node.machine.membership;
  if (clusterVersion === undefined) throw new DomainError("cluster-version-unavailable");
  await check(node, target);
  return answer(node, clusterVersion);
}

async function enable(node: Node, wanted: string): Promise<DowngradeResponse> {
  const target = parseVersion(wanted);
  await check(node, target);
  const { fault } = await node.propose({ downgradeInfoSet: { enabled: true, ver: `${target}.0` } });
  if (fault !== undefined) throw new DomainError(fault);
  return answer(node, node.machine.membership.clusterVersion);
}

/** Where there is nothing to cancel etcd writes that into its log only. */
async function cancel(node: Node): Promise<DowngradeResponse> {
  await node.linearizable();
  if (node.machine.membership.downgrade.isEnabled) {
    const { fault } = await node.propose({ downgradeInfoSet: { enabled: false } });
    if (fault !== undefined) throw new DomainError(fault);
  } else node.logger.warn("failed to cancel downgrade", { error: "there is no downgrade job" });
  return answer(node, node.machine.membership.clusterVersion);
}

async function check(node: Node, target: string): Promise<void> {
  await node.linearizable();
  const { clusterVersion, downgrade: job } = node.machine.membership;
  if (clusterVersion === undefined) throw new DomainError("cluster-version-unavailable");
  const [major = 0, minor = 0] = clusterVersion.split(".").map(Number);
  if (target !== `${String(major)}.${String(minor - 1)}`) throw new DomainError("invalid-downgrade-target-version");
  if (job.isEnabled) throw new DomainError("downgrade-in-process");
}

/** Major and minor count. */
function parseVersion(text: string): string {
  const [, major, minor] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined) throw new DomainError("wrong-downgrade-version-format");
  return `${String(Number(major))}.${String(Number(minor))}`;
}

function answer(node: Node, clusterVersion = ""): DowngradeResponse {
  const version = clusterVersion.split(".").slice(0, 2).join(".");
  return create(DowngradeResponseSchema, { header: headerOf(node), version });
}
