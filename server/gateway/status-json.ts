import { Code, type Status } from "../rpc/status.ts";

/** The HTTP status for how an RPC ended, as grpc-gateway has it. */
const HTTP_STATUS = {
  [Code.OK]: 200,
  [Code.CANCELED]: 499,
  [Code.UNKNOWN]: 500,
  [Code.INVALID_ARGUMENT]: 400,
  [Code.DEADLINE_EXCEEDED]: 504,
  [Code.NOT_FOUND]: 404,
  [Code.ALREADY_EXISTS]: 409,
  [Code.PERMISSION_DENIED]: 403,
  [Code.RESOURCE_EXHAUSTED]: 429,
  [Code.FAILED_PRECONDITION]: 400,
  [Code.ABORTED]: 409,
  [Code.OUT_OF_RANGE]: 400,
  [Code.UNIMPLEMENTED]: 501,
  [Code.INTERNAL]: 500,
  [Code.UNAVAILABLE]: 503,
  [Code.DATA_LOSS]: 500,
  [Code.UNAUTHENTICATED]: 401,
} as const satisfies Record<Code, number>;

export function httpStatusOf({ code }: Status): number {
  return HTTP_STATUS[code];
}

/** google.rpc.Status in JSON; there are never details. */
export function statusJson({ code, message }: Status): string {
  return JSON.stringify({ code, message });
}
