import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import {
  MemberAddResponseSchema,
  MemberListResponseSchema,
  MemberPromoteResponseSchema,
  MemberRemoveResponseSchema,
  MemberUpdateResponseSchema,
  type Cluster,
} from "../proto/gen/rpc_pb.js";
import type { Implementation } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { memberHeader, memberMessage, memberMessages } from "./member-message.ts";
import { checkPeerUrls } from "./peer-urls.ts";

/** The Cluster service: who is in, and changes to that. */
export function clusterService(node: Node, access: Access): Implementation<typeof Cluster> {
  const answer = () => ({ header: memberHeader(node), members: memberMessages(node) });
  return {
    async memberAdd(request, call) {
      refuseOnLearner(node);
      checkPeerUrls(request.peerURLs);
      await access.requireAdmin(call);
      const member = await node.members.add(request.peerURLs, request.isLearner);
      return create(MemberAddResponseSchema, { ...answer(), member: memberMessage(member) });
    },
    async memberRemove(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      await node.members.remove(request.ID);
      return create(MemberRemoveResponseSchema, answer());
    },
    async memberUpdate(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      // etcd looks for the member first; it would take any URLs then, and fail later.
      if (node.machine.membership.member(request.ID)) checkPeerUrls(request.peerURLs);
      await node.members.update(request.ID, request.peerURLs);
      return create(MemberUpdateResponseSchema, answer());
    },
    async memberList(request, call) {
      refuseOnLearner(node);
      await access.requireCaller(call);
      if (request.linearizable) await node.linearizable();
      return create(MemberListResponseSchema, answer());
    },
    async memberPromote(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      await node.members.promote(request.ID);
      // The leader has applied it; this member shows it as soon as it has, too.
      await node.linearizable().catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
      });
      return create(MemberPromoteResponseSchema, answer());
    },
  };
}
