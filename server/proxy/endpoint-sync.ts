import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import { Cluster, MemberListRequestSchema } from "../proto/gen/rpc_pb.js";
import type { Logger } from "../ports/logger.ts";
import type { Upstream } from "./upstream.ts";

/** Keeps the endpoints what the members of the cluster advertise: --endpoints-auto-sync-interval. Runs as long as the process. */
export async function syncEndpoints(upstream: Upstream, intervalMs: number, logger: Logger): Promise<never> {
  for (;;) {
    await pause(intervalMs, undefined, { ref: false });
    try {
      const request = create(MemberListRequestSchema, { linearizable: true });
      const { members } = await upstream.unary(Cluster.method.memberList, request);
      // A learner serves next to nothing, and who has no name has not started yet.
      const voters = members.filter(({ isLearner, name }) => !isLearner && name !== "");
      const endpoints = voters.flatMap(({ clientURLs }) => clientURLs).toSorted();
      if (endpoints.length === 0 || endpoints.join() === upstream.endpoints.join()) continue;
      upstream.replaceEndpoints(endpoints);
      logger.info("set etcd endpoints by autoSync", { endpoints });
    } catch (error) {
      const reason = messageOf(error);
      logger.info("Auto sync endpoints failed.", { error: reason });
    }
  }
}
