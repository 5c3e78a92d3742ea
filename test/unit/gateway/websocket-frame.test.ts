import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader, frameOf, Opcode, type WebSocketMessage } from "../../../server/gateway/websocket-frame.ts";

const MASK = Buffer.from([1, 2, 3, 4]);

/** A frame as clients send them. */
function masked(opcode: Opcode, payload: Buffer, isFinal = true): Buffer {
  const frame = frameOf(opcode, payload);
  const head = frame.subarray(0, frame.length - payload.length);
  head[1] = (head[1] ?? 0) | 0x80;
  if (!isFinal) head[0] = opcode;
  return Buffer.concat([head, MASK, payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0))]);
}

function read(bytes: Buffer, cuts: readonly number[] = [], maxBytes = 100_000): WebSocketMessage[] {
  const reader = new FrameReader(maxBytes);
  const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).flatMap((place, at) => [...reader.push(bytes.subarray(places[at], place))]);
}

const text = (value: string): WebSocketMessage => ({ kind: "text", text: value });

describe("frames of a WebSocket", () => {
  test.each([0, 1, 125, 126, 65_535, 65_536])("%d bytes come out as they went in", (length) => {
    const value = "x".repeat(length);
    expect(read(masked(Opcode.Text, Buffer.from(value)))).toEqual([text(value)]);
  });

  test("it does not matter where the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.array(fc.nat(200), { maxLength: 6 }), (values, cuts) => {
        const bytes = Buffer.concat(values.map((value) => masked(Opcode.Text, Buffer.from(value))));
        expect(read(bytes, cuts)).toEqual(values.map(text));
      }),
    );
  });

  test("a message may come in parts, and a ping between them", () => {
    const parts = [
      masked(Opcode.Text, Buffer.from("a"), false),
      masked(Opcode.Ping, Buffer.from("p")),
      masked(Opcode.Continuation, Buffer.from("b"), false),
      masked(Opcode.Continuation, Buffer.from("c")),
    ];
    expect(read(Buffer.concat(parts))).toEqual([{ kind: "ping", payload: Buffer.from("p") }, text("abc")]);
  });

  test.each<[string, Buffer]>([
    ["without a mask", frameOf(Opcode.Text, Buffer.from("a"))],
    ["that goes on where nothing began", masked(Opcode.Continuation, Buffer.from("a"))],
    [
      "that begins within another",
      Buffer.concat([masked(Opcode.Text, Buffer.from("a"), false), masked(Opcode.Text, Buffer.from("b"))]),
    ],
    ["of control in parts", masked(Opcode.Ping, Buffer.from("a"), false)],
    ["of control that is long", masked(Opcode.Ping, Buffer.alloc(126))],
    ["of no known kind", masked(5 as Opcode, Buffer.from("a"))],
    ["with a reserved bit", Buffer.concat([Buffer.from([0xc1]), masked(Opcode.Text, Buffer.from("a")).subarray(1)])],
    ["beyond the limit", masked(Opcode.Text, Buffer.alloc(100_001))],
  ])("a frame %s is against the rules", (_, bytes) => {
    expect(read(bytes)).toEqual([{ kind: "broken" }]);
  });

  test("parts that together exceed the limit do too", () => {
    const half = Buffer.alloc(60_000);
    const parts = [masked(Opcode.Text, half, false), masked(Opcode.Continuation, half)];
    expect(read(Buffer.concat(parts))).toEqual([{ kind: "broken" }]);
  });

  test("a goodbye is told", () => {
    expect(read(masked(Opcode.Close, Buffer.alloc(0)))).toEqual([{ kind: "close" }]);
  });
});
