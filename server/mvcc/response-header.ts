import type { Revision } from "../base/ids.ts";
import type { ResponseHeader } from "../proto/gen/rpc_pb.js";

/** A header with the revision only; whoever answers fills in cluster, member and term. */
export function revisionHeader(revision: Revision): ResponseHeader {
  return {
    $typeName: "etcdserverpb.ResponseHeader",
    clusterId: 0n,
    memberId: 0n,
    revision: BigInt(revision),
    raftTerm: 0n,
  };
}
