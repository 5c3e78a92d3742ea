import { create } from "@bufbuild/protobuf";
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  type Health,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from "../proto/gen/health_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import type { Serving } from "./serving.ts";

/** grpc.health.v1 of this server as a whole: there is no finer grain than that. */
export function healthService(serving: Serving): Implementation<typeof Health> {
  return {
    check({ service }) {
      if (service !== "") throw new RpcError(Code.NOT_FOUND, "unknown service");
      return statusNow(serving);
    },
    async watch(call) {
      for await (const { service } of call.requests) {
        if (service === "") return follow(serving, call);
        // It might be there one day: whoever asks for it is not sent away.
        call.send(create(HealthCheckResponseSchema, { status: ServingStatus.SERVICE_UNKNOWN }));
        return cancelled(call);
      }
    },
  };
}

/** Says how it is, and again whenever that changes, until the client goes. */
async function follow(serving: Serving, call: StreamCall<HealthCheckRequest, HealthCheckResponse>): Promise<void> {
  const tell = (): void => {
    call.send(statusNow(serving));
  };
  const stop = serving.onChange(tell);
  tell();
  await cancelled(call);
  stop();
}

function cancelled(call: StreamCall<HealthCheckRequest, HealthCheckResponse>): Promise<void> {
  return new Promise((resolve) => {
    call.onCancelled(resolve);
  });
}

function statusNow({ isServing }: Serving): HealthCheckResponse {
  return create(HealthCheckResponseSchema, { status: isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });
}
