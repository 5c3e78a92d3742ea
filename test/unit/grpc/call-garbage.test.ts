import { createRequire } from "node:module";
import { connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Metadata, type ServerUnaryCall } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { letGoOfCall, letGoWhenClosed } from "../../../server/grpc/call-garbage.ts";

// Otherwise a collection of the young generation spares whatever a WeakRef refers to.
setFlagsFromString("--handle-weak-ref-weakly-in-minor-gc");
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { readonly type: "minor" }) => void;

const CALLS = 20;

/** How many are left after the young generation has been collected as often as makes old what survives. */
async function survivors(refs: readonly WeakRef<object>[]): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await turn();
    collect({ type: "minor" });
  }
  await turn();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/** Opens streams one after the other; returns what their listeners have referred to. */
async function listenedTo(prepare: (stream: ServerHttp2Stream) => void): Promise<readonly WeakRef<object>[]> {
  const refs: WeakRef<object>[] = [];
  let closed = 0;
  const server = createServer();
  const answer = (stream: ServerHttp2Stream): void => {
    prepare(stream);
    const request = { bytes: 0 };
    refs.push(new WeakRef(request));
    stream.on("data", (chunk: Buffer) => (request.bytes += chunk.length));
    stream.once("close", () => closed++);
    stream.respond({ ":status": 200 }, { endStream: true });
  };
  server.on("stream", answer as unknown as Parameters<typeof server.on<"stream">>[1]);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  for (let i = 0; i < CALLS; i++) {
    const stream = session.request({ ":method": "POST" });
    stream.resume().end("request");
    await new Promise((resolve) => stream.once("close", resolve));
  }
  await expect.poll(() => closed).toBe(CALLS);
  return refs;
}

test("what has listened to a stream is young garbage once the stream is closed", async () => {
  expect(await survivors(await listenedTo(letGoWhenClosed))).toBe(0);
});

test("without that it would stay until the whole heap is collected", async () => {
  expect(await survivors(await listenedTo(() => undefined))).toBe(CALLS);
});

/** As grpc-js makes one for each unary call. */
class Call extends Writable {
  call = { of: "grpc-js" };
  request: unknown = { of: "a client" };
  metadata = new Metadata();
  readonly cancelled = false;
}

function answered(finish: (call: Call) => void): readonly WeakRef<object>[] {
  return Array.from({ length: CALLS }, () => {
    const call = new Call();
    const refs = [call.call, call.request as object, call.metadata].map((object) => new WeakRef(object));
    finish(call);
    return refs;
  }).flat();
}

test("what a call refers to is young garbage once it has been answered", async () => {
  const calls = answered((call) => letGoOfCall(call as unknown as ServerUnaryCall<unknown, unknown>));
  expect(await survivors(calls)).toBe(0);
  expect(await survivors(answered(() => undefined))).toBe(3 * CALLS);
});

test("grpc-js keeps of a call what is taken from it under these names", () => {
  const { ServerWritableStreamImpl } = createRequire(import.meta.url)("@grpc/grpc-js/build/src/server-call.js") as {
    readonly ServerWritableStreamImpl: new (path: string, call: object, metadata: Metadata, request: object) => object;
  };
  const [call, metadata, request] = [{}, new Metadata(), {}];
  expect(new ServerWritableStreamImpl("/a/B", call, metadata, request)).toMatchObject({ call, metadata, request });
});
