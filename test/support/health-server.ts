import { createServer, type RequestListener } from "node:http";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ChannelCredentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { GrpcJsServer } from "../../server/grpc/grpc-js-server.ts";
import { SharedListener } from "../../server/grpc/shared-listener.ts";
import type { ServerTls } from "../../server/host/tls-files.ts";
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema } from "../../server/proto/gen/health_pb.js";
import { bindService, type CallContext } from "../../server/rpc/service.ts";

/** Longer than a test lasts: no connection is pinged. */
const NO_PINGS_MS = 100_000;

export interface HealthServerOptions {
  readonly tls?: ServerTls | undefined;
  /** Whether connections without TLS are taken, too. */
  readonly alsoPlain?: boolean;
  /** What came with a check. */
  readonly onCheck?: (call: CallContext) => void;
  /** Answers what is no call, over HTTP/1 and HTTP/2. */
  readonly onPlainRequest?: RequestListener;
}

/** Serves the health checks of gRPC on a port of its own until the test has finished; returns the port. */
export async function serveHealth(options: HealthServerOptions): Promise<number> {
  const { tls, alsoPlain = false, onCheck, onPlainRequest } = options;
  const methods = bindService(Health, {
    check: (_request, call) => {
      onCheck?.(call);
      return create(HealthCheckResponseSchema);
    },
    watch: async () => undefined,
  });
  const server = new GrpcJsServer(methods, {
    maxReceiveBytes: 1000,
    maxConcurrentStreams: 10,
    keepaliveTimeMs: NO_PINGS_MS,
    keepaliveTimeoutMs: NO_PINGS_MS,
    ...(onPlainRequest && { onPlainRequest }),
    onBug: (error) => {
      throw error;
    },
  });
  const plain = createServer(onPlainRequest);
  const protocols = {
    http1: (socket: Parameters<GrpcJsServer["serve"]>[0]) => plain.emit("connection", socket),
    http2: (socket: Parameters<GrpcJsServer["serve"]>[0]) => server.serve(socket),
    onRejected: () => undefined,
  };
  const listener = new SharedListener(protocols, tls, { alsoPlain });
  await listener.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    listener.stopAccepting();
    await server.stop(0);
    listener.destroyConnections();
  });
  return listener.port();
}

/** One health check over a connection of its own; rejects if it fails. */
export async function checkHealth(port: number, channel: ChannelCredentials): Promise<void> {
  const client = new Client(`localhost:${String(port)}`, channel);
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (request) => Buffer.from(toBinary(HealthCheckRequestSchema, request)),
        (bytes) => fromBinary(HealthCheckResponseSchema, bytes),
        create(HealthCheckRequestSchema),
        (error) => (error ? reject(error) : resolve()),
      );
    });
  } finally {
    client.close();
  }
}
