import { create } from "@bufbuild/protobuf";
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  type Health,
} from "../proto/gen/health_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { Implementation } from "../rpc/service.ts";

/** grpc.health.v1: this server serves, and there is no finer grain than that. */
export function healthService(): Implementation<typeof Health> {
  return {
    check: ({ service }) => serving(service),
    async watch(call) {
      for await (const { service } of call.requests) {
        if (service === "") call.send(serving(service));
        else call.send(create(HealthCheckResponseSchema, { status: ServingStatus.SERVICE_UNKNOWN }));
      }
      await new Promise<void>((resolve) => {
        call.onCancelled(resolve);
      });
    },
  };
}

function serving(service: string) {
  if (service !== "") throw new RpcError(Code.NOT_FOUND, "unknown service");
  return create(HealthCheckResponseSchema, { status: ServingStatus.SERVING });
}
