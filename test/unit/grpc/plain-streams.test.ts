import { readFileSync } from "node:fs";
import { createServer as createPlainServer, request as httpRequest, type RequestListener } from "node:http";
import { connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { GrpcJsServer } from "../../../server/grpc/grpc-js-server.ts";
import { SharedListener } from "../../../server/grpc/shared-listener.ts";
import { ServerTls } from "../../../server/host/tls-files.ts";
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema } from "../../../server/proto/gen/health_pb.js";
import { bindService } from "../../../server/rpc/service.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const answer: RequestListener = (request, response) => {
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.end(`${String(request.method)} ${String(request.url)} for ${String(request.headers.host)}`);
};

/** Serves gRPC and plain HTTP of both versions; with TLS and without it on one port where there are files. */
async function serve(tls: ServerTls | undefined): Promise<number> {
  const methods = bindService(Health, { check: () => create(HealthCheckResponseSchema), watch: async () => undefined });
  const server = new GrpcJsServer(methods, {
    maxReceiveBytes: 1000,
    maxConcurrentStreams: 10,
    keepaliveTimeMs: 100_000,
    keepaliveTimeoutMs: 100_000,
    onPlainRequest: answer,
    onBug: (error) => {
      throw error;
    },
  });
  const plain = createPlainServer(answer);
  const listener = new SharedListener(
    {
      http1: (socket) => plain.emit("connection", socket),
      http2: (socket) => server.serve(socket),
      onRejected: () => undefined,
    },
    tls,
    { alsoPlain: true },
  );
  await listener.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    listener.stopAccepting();
    await server.stop(0);
    listener.destroyConnections();
  });
  return listener.port();
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

function overHttp2(url: string, ca?: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connect(url, ca ? { ca } : {});
    session.on("error", reject);
    const stream = session.request({ ":path": "/version" });
    let text = "";
    stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    stream.on("end", () => {
      session.close();
      resolve(text);
    });
  });
}

function overHttp1(url: string, ca?: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https")
      ? httpsRequest(url, { ca, agent: false })
      : httpRequest(url, { agent: false });
    request.on("error", reject).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(text));
    });
    request.end();
  });
}

test("requests that are no calls are answered over HTTP/2, beside calls", async () => {
  const port = await serve(undefined);
  const host = `localhost:${String(port)}`;
  await check(port, credentials.createInsecure());
  expect(await overHttp2(`http://${host}`)).toBe(`GET /version for ${host}`);
  expect(await overHttp1(`http://${host}/version`)).toBe(`GET /version for ${host}`);
});

test("one port serves with TLS and without it", async () => {
  const authority = await TestAuthority.make(tempFolder(), "ca");
  const port = await serve(new ServerTls(await authority.issue("server", ["localhost"]), silentLogger));
  const host = `localhost:${String(port)}`;
  const ca = readFileSync(authority.caFile);
  await check(port, credentials.createInsecure());
  await check(port, credentials.createSsl(ca));
  for (const [scheme, trusted] of [["http"], ["https", ca]] as const) {
    expect(await overHttp1(`${scheme}://${host}/version`, trusted)).toBe(`GET /version for ${host}`);
    expect(await overHttp2(`${scheme}://${host}`, trusted)).toBe(`GET /version for ${host}`);
  }
});
