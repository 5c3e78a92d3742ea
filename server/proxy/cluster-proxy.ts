import { create } from "@bufbuild/protobuf";
import { Cluster, MemberListResponseSchema } from "../proto/gen/rpc_pb.js";
import type { Implementation } from "../rpc/service.ts";
import type { RegisteredProxy } from "./proxy-registry.ts";
import type { Upstream } from "./upstream.ts";

/** Whom clients take for the members of the cluster. */
export interface ClusterProxyParts {
  readonly upstream: Upstream;
  /** This proxy; undefined: clients are shown the real members. */
  readonly self: RegisteredProxy | undefined;
  /** The proxies of its group; none where there is no group. */
  readonly proxies: () => readonly RegisteredProxy[];
}

/** The Cluster service: changes go to the cluster, the list names the proxies, so that clients stay with them. */
export function clusterProxy({ upstream, self, proxies }: ClusterProxyParts): Implementation<typeof Cluster> {
  const { memberAdd, memberRemove, memberUpdate, memberList, memberPromote } = Cluster.method;
  return {
    memberAdd: (request, call) => upstream.unary(memberAdd, request, call),
    memberRemove: (request, call) => upstream.unary(memberRemove, request, call),
    memberUpdate: (request, call) => upstream.unary(memberUpdate, request, call),
    memberPromote: (request, call) => upstream.unary(memberPromote, request, call),
    memberList(request, call) {
      if (!self) return upstream.unary(memberList, request, call);
      const registered = proxies();
      const shown = registered.length > 0 ? registered : [self];
      const members = shown.map(({ name, address }) => ({ name, clientURLs: [address] }));
      return create(MemberListResponseSchema, { members });
    },
  };
}
