import { connect, type ClientHttp2Session } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { GrpcJsServer } from "../../../server/grpc/grpc-js-server.ts";
import { PingJudge } from "../../../server/grpc/ping-guard.ts";
import { SharedListener } from "../../../server/grpc/shared-listener.ts";
import { Health, HealthCheckResponseSchema } from "../../../server/proto/gen/health_pb.js";
import { bindService } from "../../../server/rpc/service.ts";

const ACK = 17;

/** Judges pings that come so many ms after each other, with the bytes that were written in between. */
function judge(minMs: number, hasCalls: boolean, pings: readonly (readonly [afterMs: number, bytes: number])[]) {
  const judged = new PingJudge(minMs);
  let atMs = 0;
  let bytesWritten = 0;
  return pings.map(([afterMs, bytes]) => {
    atMs += afterMs;
    bytesWritten += bytes;
    return judged.isTooMuch({ atMs, hasCalls, bytesWritten });
  });
}

const early: readonly [number, number] = [10, ACK];

test("two pings that come too early are forgiven, the third ends the connection", () => {
  expect(judge(1000, true, [[0, 0], early, early, early])).toEqual([false, false, false, true]);
});

test("pings that keep their distance are fine for ever", () => {
  expect(
    judge(
      1000,
      true,
      Array.from({ length: 20 }, () => [1000, ACK] as const),
    ),
  ).not.toContain(true);
});

test("what the server sends meanwhile takes the strikes back", () => {
  const busy: readonly [number, number] = [10, ACK + 31];
  expect(judge(1000, true, [[0, 0], early, early, busy, early, early, early])).toEqual([
    ...Array.from({ length: 6 }, () => false),
    true,
  ]);
});

test("without a call two hours have to pass", () => {
  const hourly: readonly [number, number] = [3_600_000, ACK];
  expect(judge(1000, false, [[0, 0], hourly, hourly, hourly])).toEqual([false, false, false, true]);
});

async function serverWith(minPingIntervalMs: number): Promise<ClientHttp2Session> {
  const methods = bindService(Health, {
    check: () => create(HealthCheckResponseSchema),
    watch: async () => undefined,
  });
  const server = new GrpcJsServer(methods, {
    maxReceiveBytes: 1000,
    maxConcurrentStreams: 10,
    keepaliveTimeMs: 100_000,
    keepaliveTimeoutMs: 100_000,
    minPingIntervalMs,
    onBug: (error) => {
      throw error;
    },
  });
  const protocols = {
    http1: () => undefined,
    http2: (socket: Parameters<GrpcJsServer["serve"]>[0]) => server.serve(socket),
    onRejected: () => undefined,
  };
  const listener = new SharedListener(protocols, undefined);
  await listener.listen({ host: "127.0.0.1", port: 0 });
  const session = connect(`http://127.0.0.1:${String(listener.port())}`);
  session.on("error", () => undefined);
  await new Promise((resolve) => session.once("connect", resolve));
  onTestFinished(async () => {
    session.destroy();
    listener.stopAccepting();
    await server.stop(0);
    listener.destroyConnections();
  });
  return session;
}

function ping(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed || !session.ping(() => resolve())) resolve();
  });
}

test("a client that pings too often is told to calm down, in grpc-go's words", async () => {
  const session = await serverWith(1000);
  const goaway = new Promise<readonly [code: number, text: string]>((resolve) => {
    session.on("goaway", (code, _last, data) => resolve([code, Buffer.from(data ?? []).toString()]));
  });
  const closed = new Promise((resolve) => session.on("close", resolve));
  for (let sent = 0; sent < 6; sent++) await ping(session);
  expect(await goaway).toEqual([11, "too_many_pings"]);
  await closed;
});
