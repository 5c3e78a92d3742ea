import { connect } from "node:net";
import { concatBytes } from "../../../server/base/bytes.ts";
import type { Random } from "../../../server/base/prng.ts";
import { END_HEADERS, END_STREAM, FRAME, frame, callHeaders, PREFACE } from "../../support/http2-frames.ts";
import { mutated } from "./mutate.ts";
import { inParallel, Tally } from "./tally.ts";

const WIDTH = 48;
/** Whatever there is to say has been said by then. */
const PATIENCE_MS = 15;

/** Opens connections whose first bytes are HTTP/2 with mistakes: in one frame, in all, or in the preface. */
export async function fuzzHttp2(url: string, count: number, random: Random): Promise<Tally> {
  const tally = new Tally();
  const { hostname, port } = new URL(url);
  await inParallel(count, WIDTH, async () => {
    tally.sent++;
    tally.onAnswer(await converse(hostname, Number(port), conversation(random)));
  });
  return tally;
}

function conversation(random: Random): Uint8Array {
  const frames = [
    frame(FRAME.settings, 0, 0, Buffer.from("000300000064", "hex")),
    frame(FRAME.headers, END_HEADERS, 1, callHeaders("/etcdserverpb.KV/Range")),
    frame(FRAME.data, END_STREAM, 1, Buffer.from("00000000030a0161", "hex")),
    frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
    frame(FRAME.window, 0, 0, Buffer.from("0000ffff", "hex")),
    frame(FRAME.priority, 0, 3, Buffer.from("0000000110", "hex")),
    frame(FRAME.headers, 0, 3, callHeaders("/etcdserverpb.Watch/Watch")),
    frame(FRAME.continuation, END_HEADERS, 3, Buffer.alloc(0)),
    frame(FRAME.reset, 0, 3, Buffer.from("00000008", "hex")),
    frame(FRAME.goAway, 0, 0, Buffer.alloc(8)),
  ];
  const wrong = random.below(frames.length + 2);
  if (wrong === frames.length) return mutated(concatBytes([PREFACE, ...frames]), random);
  if (wrong > frames.length) return concatBytes([mutated(PREFACE, random), ...frames]);
  return concatBytes([PREFACE, ...frames.map((bytes, at) => (at === wrong ? mutated(bytes, random) : bytes))]);
}

function converse(host: string, port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let outcome = "silence";
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", () => {
      outcome = "answered";
    });
    socket.on("end", () => {
      outcome = `${outcome}, hung up`;
    });
    socket.on("error", () => {
      outcome = "reset";
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}
