import { once } from "node:events";
import { connect, createServer, type ClientHttp2Session, type ClientHttp2Stream, type Http2Server } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeInPieces } from "../../../server/grpc/piecewise-writes.ts";

const WINDOW_BYTES = 32 * 1024 * 1024;
const LARGE_BYTES = 16 * 1024 * 1024;

describe("writing a large message in pieces", () => {
  let server: Http2Server;
  let session: ClientHttp2Session;
  const streams = new Map<string, ServerHttp2Stream>();

  beforeEach(async () => {
    streams.clear();
    server = createServer();
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.on("error", () => undefined);
      writeInPieces(stream);
      stream.respond({ ":status": 200 });
      streams.set(headers[":path"] ?? "", stream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    session = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, {
      settings: { initialWindowSize: WINDOW_BYTES },
    });
    await once(session, "connect");
    session.setLocalWindowSize(WINDOW_BYTES);
  });

  afterEach(() => {
    session.destroy();
    server.close();
  });

  async function open(
    path: string,
  ): Promise<{ readonly client: ClientHttp2Stream; readonly server: ServerHttp2Stream }> {
    const client = session.request({ ":path": path });
    client.on("error", () => undefined);
    await once(client, "response");
    const stream = streams.get(path);
    if (!stream) throw new Error("the server has the stream");
    return { client, server: stream };
  }

  it("delivers it whole and in order, then says so", async () => {
    const { client, server: stream } = await open("/large");
    const message = new Uint8Array(LARGE_BYTES);
    for (let at = 0; at < message.length; at += 4096) message[at] = (at / 4096) % 251;
    const chunks: Buffer[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise<void>((resolve, reject) => {
      stream.write(message, (error) => (error ? reject(error) : resolve()));
    });
    stream.end();
    await once(client, "end");
    expect(Buffer.concat(chunks).equals(message)).toBe(true);
  });

  it("lets another stream of the connection through meanwhile", async () => {
    const large = await open("/large");
    const small = await open("/small");
    let received = 0;
    large.client.on("data", (chunk: Buffer) => (received += chunk.length));
    const event = once(small.client, "data");
    large.server.write(new Uint8Array(LARGE_BYTES), () => undefined);
    setImmediate(() => setImmediate(() => small.server.write("event")));
    await event;
    expect(received).toBeLessThan(LARGE_BYTES / 4);
  });

  it("fails if the stream is ended within it", async () => {
    const { server: stream, client } = await open("/ended");
    client.resume();
    const failure = new Promise((resolve) => {
      stream.write(new Uint8Array(LARGE_BYTES), resolve);
    });
    stream.end();
    expect(await failure).toBeInstanceOf(Error);
  });

  it("fails if the client goes away within it", async () => {
    const { server: stream, client } = await open("/gone");
    const failure = new Promise((resolve) => {
      stream.write(new Uint8Array(LARGE_BYTES), resolve);
    });
    client.once("data", () => client.destroy());
    expect(await failure).toBeInstanceOf(Error);
  });
});
