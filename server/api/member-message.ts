import { create } from "@bufbuild/protobuf";
import type { Member } from "../cluster/member.ts";
import { MemberSchema, ResponseHeaderSchema, type Member as MemberMessage } from "../proto/gen/rpc_pb.js";
import type { Node } from "../node/node.ts";

/** A member as the Cluster service shows it. */
export function memberMessage(member: Member): MemberMessage {
  return create(MemberSchema, {
    ID: member.id,
    name: member.name,
    peerURLs: [...member.peerUrls],
    clientURLs: [...member.clientUrls],
    isLearner: member.isLearner,
  });
}

/** All members, as applied here. */
export function memberMessages(node: Node): MemberMessage[] {
  return node.members.list().map(memberMessage);
}

/** Headers about membership carry no revision. */
export function memberHeader(node: Node) {
  return create(ResponseHeaderSchema, {
    clusterId: node.clusterId,
    memberId: node.selfId,
    raftTerm: BigInt(node.raftStatus.term),
  });
}
