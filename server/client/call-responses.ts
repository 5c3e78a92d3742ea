import type { ClientDuplexStream, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { Code, RpcError } from "../rpc/status.ts";

/** What a stream sends. Its failure is an RpcError; leaving the loop ends the call. */
export async function* callResponses<Response>(
  call: ClientReadableStream<Response> | ClientDuplexStream<unknown, Response>,
  onUnavailable: () => void = () => undefined,
): AsyncGenerator<Response> {
  try {
    for await (const response of call) yield response as Response;
  } catch (error) {
    if (!isServiceError(error)) throw error;
    const failure = rpcError(error);
    // A refusal, or an end that the caller asked for, says nothing against the endpoint.
    if (failure.code === Code.UNAVAILABLE) onUnavailable();
    throw failure;
  } finally {
    // Destroying the stream, as leaving the loop does, makes it report its own cancellation.
    call.on("error", () => undefined);
    call.cancel();
  }
}

/** A failure of grpc-js in our terms. */
export function rpcError(error: ServiceError): RpcError {
  return new RpcError(error.code, error.details, { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
