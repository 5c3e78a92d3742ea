import { connect as connectHttp2, createServer, type ServerHttp2Stream } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { guardStreams, unknownMethodText } from "../../../server/grpc/guarded-streams.ts";
import { callHeaders, END_HEADERS, FRAME, frame, PREFACE } from "../../support/http2-frames.ts";

const METHOD = "/a.Service/Method";

const open = (id: number, path: string): Uint8Array => frame(FRAME.headers, END_HEADERS, id, callHeaders(path));
const reset = (id: number): Uint8Array => frame(FRAME.reset, 0, id, Buffer.from("00000008", "hex"));

/** A server that answers every stream at once, as grpc-js does. */
async function startServer(): Promise<{ readonly port: number; readonly answered: string[] }> {
  const answered: string[] = [];
  const server = createServer();
  server.on("stream", ((stream: ServerHttp2Stream, headers: Record<string, string>) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 }, { endStream: true });
    answered.push(headers[":path"] ?? "");
  }) as unknown as Parameters<typeof server.on<"stream">>[1]);
  guardStreams(server, { paths: new Set([METHOD]) });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, answered };
}

test("a stream that is reset in the packet that opens it is nobody's", async () => {
  const { port, answered } = await startServer();
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  const settings = frame(FRAME.settings, 0, 0, new Uint8Array());
  socket.write(Buffer.concat([PREFACE, settings, open(1, METHOD), reset(1), open(3, "/b.None/X"), reset(3)]));
  socket.write(Buffer.from(open(5, METHOD)));
  await expect.poll(() => answered).toContain(METHOD);
});

test("a method that there is not is refused in grpc-go's words", async () => {
  const { port, answered } = await startServer();
  const session = connectHttp2(`http://127.0.0.1:${String(port)}`);
  onTestFinished(() => {
    session.destroy();
  });
  const stream = session.request({
    ":method": "POST",
    ":path": "/a.Service/Nope%",
    "content-type": "application/grpc",
  });
  stream.end();
  const headers = await new Promise<Record<string, unknown>>((resolve) => {
    stream.on("response", (answer) => resolve(answer as Record<string, unknown>));
  });
  expect([headers["grpc-status"], headers["grpc-message"]]).toEqual([
    "12",
    "unknown method Nope%25 for service a.Service",
  ]);
  expect(answered).toEqual([]);
});

test.each([
  ["/a.Service/Nope", "unknown method Nope for service a.Service"],
  ["/b.Other/Method", "unknown service b.Other"],
  ["/a.Service/Method/", "unknown service a.Service/Method"],
  ["/Method", 'malformed method name: "/Method"'],
  ["/", 'malformed method name: "/"'],
])("what %s is", (path, text) => {
  expect(unknownMethodText(path, new Set(["a.Service"]))).toBe(text);
});
