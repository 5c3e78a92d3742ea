import type { ResponseHeader } from "../proto/gen/rpc_pb.js";
import type { Node } from "../node/node.ts";

/** A header as most answers have it: who answers, in which term, at which revision of the store. */
export function headerOf(node: Node, revision = node.machine.mvcc.currentRevision): ResponseHeader {
  return {
    $typeName: "etcdserverpb.ResponseHeader",
    clusterId: node.clusterId,
    memberId: node.selfId,
    revision: BigInt(revision),
    raftTerm: BigInt(node.raftStatus.term),
  };
}

/** Completes the header of an answer that the state machine made: it knows only the revision. */
export function completeHeader<T extends { header?: ResponseHeader | undefined }>(node: Node, response: T): T {
  const { header } = response;
  if (!header) {
    response.header = headerOf(node);
    return response;
  }
  header.clusterId = node.clusterId;
  header.memberId = node.selfId;
  header.raftTerm = BigInt(node.raftStatus.term);
  return response;
}
