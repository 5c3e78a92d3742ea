import { create } from "@bufbuild/protobuf";
import type { Node } from "../node/node.ts";
import {
  ReplaceResponse_Phase as Phase,
  ReplaceResponseSchema,
  type Membership,
} from "../proto/gen/kvorum_membership_pb.js";
import type { Implementation } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { memberHeader, memberMessage, memberMessages } from "./member-message.ts";
import { checkPeerUrls } from "./peer-urls.ts";

/** Kvorum's own service: what etcd's Cluster cannot do (design decision 5). */
export function membershipService(node: Node, access: Access): Implementation<typeof Membership> {
  return {
    async replace(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      checkPeerUrls(request.peerUrls);
      const { phase, successor } = await node.members.replace(request.memberId, request.peerUrls);
      return create(ReplaceResponseSchema, {
        header: memberHeader(node),
        phase: phase === "replaced" ? Phase.REPLACED : Phase.LEARNER,
        successor: memberMessage(successor),
        members: memberMessages(node),
      });
    },
  };
}
