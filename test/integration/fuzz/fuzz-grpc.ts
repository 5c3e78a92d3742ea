import { connect, constants, type ClientHttp2Session } from "node:http2";
import { fromBinary, toBinary, type DescMethod } from "@bufbuild/protobuf";
import type { Random } from "../../../server/base/prng.ts";
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from "../../../server/proto/gen/rpc_pb.js";
import { Election } from "../../../server/proto/gen/v3election_pb.js";
import { Lock } from "../../../server/proto/gen/v3lock_pb.js";
import { mutated } from "./mutate.ts";
import { sampleMessage } from "./sample-message.ts";
import { inParallel, Tally } from "./tally.ts";

const METHODS: readonly DescMethod[] = [KV, Watch, Lease, Cluster, Maintenance, Auth, Lock, Election].flatMap(
  ({ methods }) => methods,
);
/** What anybody may do while authentication is on, as at etcd: sent only if it cannot be read. */
const UNGUARDED = new Set(["LeaseGrant", "LeaseKeepAlive", "Alarm", "Lock", "Campaign", "Authenticate"]);
const WIDTH = 64;
/** A stream that goes on has answered all that it has to by then. */
const STREAM_MS = 30;
const TIMEOUT_MS = 20_000;
/** Headers that a client should not send; one call in so many has one of them. */
const ODD_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "grpc-timeout": "-1S" },
  { "grpc-timeout": "99999999H" },
  { "grpc-timeout": "1n" },
  { "grpc-encoding": "gzip" },
  { "grpc-encoding": "nothing-known" },
  { "grpc-accept-encoding": ",,gzip,,gzip" },
  { "odd-bin": "%%%" },
  { token: "x".repeat(8000) },
  { authorization: "Basic x" },
  { hasleader: "true" },
  { "client-api-version": "3.6, 3.6" },
  { "content-type": "application/grpc+json" },
  { "content-type": "text/plain" },
];
const ODD_HEADER = 8;
/** One in so many has a frame around its message that lies. */
const LYING_FRAME = 10;

/** Calls every method with messages that are wrong in some way, over gRPC's frames. */
export async function fuzzGrpc(url: string, count: number, random: Random): Promise<Tally> {
  const tally = new Tally();
  let session: ClientHttp2Session | undefined;
  const usable = (): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connect(url);
    session.on("error", () => undefined);
    return session;
  };
  await inParallel(count, WIDTH, async () => {
    const method = METHODS[random.below(METHODS.length)];
    if (!method) return;
    const body = mutated(toBinary(method.input, sampleMessage(method.input, random)), random);
    if (UNGUARDED.has(method.name) && isMessage(method, body)) {
      tally.leftOut++;
      return;
    }
    tally.sent++;
    const odd = random.below(ODD_HEADER) === 0 ? ODD_HEADERS[random.below(ODD_HEADERS.length)] : undefined;
    await call(usable(), { method, frame: framed(body, random), headers: odd ?? {} }, tally);
  });
  session?.destroy();
  return tally;
}

function isMessage({ input }: DescMethod, body: Uint8Array): boolean {
  try {
    fromBinary(input, body);
    return true;
  } catch {
    return false;
  }
}

function framed(body: Uint8Array, random: Random): Buffer {
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, 5);
  return random.below(LYING_FRAME) === 0 ? Buffer.from(mutated(frame, random)) : frame;
}

interface Call {
  readonly method: DescMethod;
  readonly frame: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

function call(session: ClientHttp2Session, { method, frame, headers: odd }: Call, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${method.parent.typeName}/${method.name}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...odd,
    });
    const isEndless = method.methodKind !== "unary";
    const timer = setTimeout(
      () => {
        if (!isEndless) tally.unanswered++;
        stream.close(constants.NGHTTP2_CANCEL);
      },
      isEndless ? STREAM_MS : TIMEOUT_MS,
    );
    let status = "cut";
    stream.on("response", (headers) => {
      status = `grpc-status ${String(headers["grpc-status"] ?? "later")}`;
    });
    stream.on("trailers", (headers) => {
      status = `grpc-status ${String(headers["grpc-status"])}`;
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      clearTimeout(timer);
      tally.onAnswer(status);
      resolve();
    });
    stream.resume();
    stream.end(frame);
  });
}
