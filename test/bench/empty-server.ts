import { create } from "@bufbuild/protobuf";
import { GrpcJsServer } from "../../server/grpc/grpc-js-server.ts";
import { SharedListener } from "../../server/grpc/shared-listener.ts";
import {
  KV,
  PutResponseSchema,
  RangeResponseSchema,
  TxnResponseSchema,
  CompactionResponseSchema,
  DeleteRangeResponseSchema,
} from "../../server/proto/gen/rpc_pb.js";
import { bindService } from "../../server/rpc/service.ts";

/**
 * A server whose calls do nothing: the transport's ceiling, which no member over it can exceed. Runs as a process of its
 * own (`node empty-server.ts`), listens on the port that it is given, and prints one line when it serves.
 */
const fatal = (error: unknown): never => {
  console.error(error);
  process.exit(1);
};
const grpc = new GrpcJsServer(
  bindService(KV, {
    range: () => create(RangeResponseSchema),
    put: () => create(PutResponseSchema),
    deleteRange: () => create(DeleteRangeResponseSchema),
    txn: () => create(TxnResponseSchema),
    compact: () => create(CompactionResponseSchema),
  }),
  {
    maxReceiveBytes: 2 * 1024 * 1024,
    maxConcurrentStreams: 0xffffffff,
    keepaliveTimeMs: 7_200_000,
    keepaliveTimeoutMs: 20_000,
    onBug: fatal,
  },
);
const listener = new SharedListener(
  { http1: (socket) => socket.destroy(), http2: (socket) => grpc.serve(socket), onRejected: () => undefined },
  undefined,
);
await listener.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
console.log("serving");
