import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { GrpcJsServer } from "../../../server/grpc/grpc-js-server.ts";
import { SharedListener } from "../../../server/grpc/shared-listener.ts";
import { ServerTls } from "../../../server/host/tls-files.ts";
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema } from "../../../server/proto/gen/health_pb.js";
import { bindService } from "../../../server/rpc/service.ts";
import { TestAuthority, type CertificateFiles } from "../../support/certificates.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Serves over TLS, or not; notes the common names of callers. */
async function serve(tls: ServerTls | undefined) {
  const names: (string | undefined)[] = [];
  const methods = bindService(Health, {
    check: (_request, call) => {
      names.push(call.peerCommonName());
      return create(HealthCheckResponseSchema);
    },
    watch: async () => undefined,
  });
  const server = new GrpcJsServer(methods, {
    maxReceiveBytes: 1000,
    maxConcurrentStreams: 10,
    keepaliveTimeMs: 10_000,
    keepaliveTimeoutMs: 10_000,
    onBug: (error) => {
      throw error;
    },
  });
  const protocols = {
    http1: () => undefined,
    http2: (socket: Parameters<GrpcJsServer["serve"]>[0]) => server.serve(socket),
    onRejected: () => undefined,
  };
  const listener = new SharedListener(protocols, tls);
  await listener.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    listener.stopAccepting();
    await server.stop(0);
    listener.destroyConnections();
  });
  return { port: listener.port(), names };
}

async function check(port: number, channel: ReturnType<typeof credentials.createInsecure>): Promise<void> {
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

function channelOf(caFile: string, client?: CertificateFiles) {
  const ca = readFileSync(caFile);
  return client
    ? credentials.createSsl(ca, readFileSync(client.keyFile), readFileSync(client.certFile))
    : credentials.createSsl(ca);
}

test("a caller's certificate says its common name, over TLS with client certificates alone", async () => {
  const authority = await TestAuthority.make(tempFolder(), "good");
  const server = await authority.issue("server", ["127.0.0.1", "localhost"]);
  const alice = await authority.issue("client", ["127.0.0.1"], "alice");

  const mutual = await serve(
    new ServerTls({ ...server, trustedCaFile: authority.caFile, clientCertAuth: true }, silentLogger),
  );
  await check(mutual.port, channelOf(authority.caFile, alice));
  expect(mutual.names).toEqual(["alice"]);

  const oneSided = await serve(new ServerTls(server, silentLogger));
  await check(oneSided.port, channelOf(authority.caFile));
  expect(oneSided.names).toEqual([undefined]);

  const plain = await serve(undefined);
  await check(plain.port, credentials.createInsecure());
  expect(plain.names).toEqual([undefined]);
});
