import * as fc from "fast-check";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { concatBytes } from "../../../server/base/bytes.ts";
import { type Message, MessageType } from "../../../server/proto/raft-message.ts";
import { WireError } from "../../../server/proto/wire-error.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import {
  EncodedEntries,
  encodeMessageFrame,
  MAX_FRAME_BYTES,
  MESSAGE_LINK_HEARTBEAT,
  MessageDecoder,
  MSGAPP_LINK_HEARTBEAT,
  MsgAppDecoder,
  MsgAppEncoder,
} from "../../../server/transport/message-codec.ts";
import { goldenHex, goldenPath } from "../../support/golden.ts";
import { anyMessage } from "../../support/raft-arbitraries.ts";

const n1 = 0x9ee4bcfe6709567fn;
const n2 = 0xc1dda8f7168399ban;
const recorded = readdirSync(goldenPath("peer")).filter(
  (name) => name.startsWith("message-") && name !== "message-linkheartbeat.hex",
);
const empty = makeMessage({ type: MessageType.App, to: n2, from: n1 });

function frameOf(encoder: MsgAppEncoder, message: Message): Uint8Array {
  return concatBytes(encoder.encode(message, new EncodedEntries()));
}

test.each(recorded)("etcd's frame in %s is read and written back byte for byte", (name) => {
  const bytes = goldenHex(`peer/${name}`);
  const messages = new MessageDecoder().push(bytes);
  expect(messages).toHaveLength(1);
  expect(encodeMessageFrame(messages[0]!)).toEqual(bytes);
});

test("link heartbeats are etcd's and are passed over", () => {
  expect(MESSAGE_LINK_HEARTBEAT).toEqual(goldenHex("peer/message-linkheartbeat.hex"));
  expect(MSGAPP_LINK_HEARTBEAT).toEqual(goldenHex("peer/msgappv2-linkheartbeat.hex"));
  expect(new MessageDecoder().push(MESSAGE_LINK_HEARTBEAT)).toEqual([]);
  expect(new MsgAppDecoder({ local: n2, remote: n1 }).push(MSGAPP_LINK_HEARTBEAT)).toEqual([]);
});

test("etcd's recorded append stream is read and written back byte for byte", () => {
  const first = goldenHex("peer/msgappv2-type2-msgapp-first.hex");
  const commit = goldenHex("peer/msgappv2-appentries-0-commit-only.hex");
  const messages = new MsgAppDecoder({ local: n2, remote: n1 }).push(concatBytes([first, commit]));
  expect(messages).toMatchObject([
    {
      type: MessageType.App,
      to: n2,
      from: n1,
      term: 2,
      logTerm: 1,
      index: 3,
      commit: 3,
    },
    {
      type: MessageType.App,
      to: n2,
      from: n1,
      term: 2,
      logTerm: 2,
      index: 4,
      commit: 5,
      entries: [],
    },
  ]);
  const encoder = new MsgAppEncoder();
  expect(messages.map((message) => frameOf(encoder, message))).toEqual([first, commit]);
});

test.each([
  ["peer/msgappv2-appentries-1-put-foo-bar.hex", 8],
  ["peer/msgappv2-appentries-1-txn.hex", 10],
])("an append that both ends could foretell is %s", (name, index) => {
  const before = { ...empty, term: 2, logTerm: 1, index };
  const frame = goldenHex(name);
  const encoder = new MsgAppEncoder();
  const stream = [frameOf(encoder, before), frame];
  const [, append] = new MsgAppDecoder({ local: n2, remote: n1 }).push(concatBytes(stream));
  expect(append).toMatchObject({
    term: 2,
    logTerm: 2,
    index,
    commit: index,
    entries: [{ term: 2, index: index + 1 }],
  });
  expect(frameOf(encoder, append!)).toEqual(frame);
});

/** A leader's way through its log: mostly consecutive appends of one term, with jumps. */
const appends = fc
  .array(
    fc.record({
      jump: fc.nat(5),
      sizes: fc.array(fc.nat(200), { maxLength: 4 }),
      newTerm: fc.nat(6),
    }),
  )
  .map((steps) => {
    let [term, index] = [0, 0];
    return steps.map(({ jump, sizes, newTerm }): Message => {
      const logTerm = term;
      if (newTerm === 0) term++;
      if (jump === 0) index += 3;
      const entries = sizes.map((size, i) => ({
        type: 0 as const,
        term,
        index: index + i + 1,
        data: new Uint8Array(size).fill(i),
      }));
      const message = {
        ...empty,
        term,
        logTerm,
        index,
        entries,
        commit: index,
      };
      index += entries.length;
      return message;
    });
  });

test("any stream of appends cut into any chunks arrives whole", () => {
  fc.assert(
    fc.property(appends, fc.infiniteStream(fc.integer({ min: 1, max: 300 })), (messages, cuts) => {
      const encoder = new MsgAppEncoder();
      const decoder = new MsgAppDecoder({ local: n2, remote: n1 });
      const frames = messages.flatMap((message) => [frameOf(encoder, message), MSGAPP_LINK_HEARTBEAT]);
      expect(inChunks(concatBytes(frames), cuts).flatMap((chunk) => decoder.push(chunk))).toEqual(messages);
    }),
  );
});

test("any stream of messages cut into any chunks arrives whole", () => {
  const few = fc.array(anyMessage, { maxLength: 4 });
  fc.assert(
    fc.property(few, fc.infiniteStream(fc.integer({ min: 1, max: 300 })), (messages, cuts) => {
      const decoder = new MessageDecoder();
      const frames = messages.flatMap((message) => [encodeMessageFrame(message), MESSAGE_LINK_HEARTBEAT]);
      const sent = messages.filter(({ type, to, from }) => type !== MessageType.Heartbeat || to !== 0n || from !== 0n);
      expect(inChunks(concatBytes(frames), cuts).flatMap((chunk) => decoder.push(chunk))).toEqual(sent);
    }),
  );
});

test("an unknown frame kind and an overlong frame are refused", () => {
  expect(() => new MsgAppDecoder({ local: n2, remote: n1 }).push(Uint8Array.of(3))).toThrow(WireError);
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(4, MAX_FRAME_BYTES);
  expect(() => new MessageDecoder().push(prefix)).toThrow("exceeds");
});

function inChunks(bytes: Uint8Array, cuts: Iterator<number>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let position = 0; position < bytes.length;) {
    const length = Number(cuts.next().value);
    chunks.push(bytes.subarray(position, position + length));
    position += length;
  }
  return chunks;
}
