import * as fc from "fast-check";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import {
  decodeConfState,
  decodeSnapshot,
  decodeSnapshotMetadata,
  encodeConfState,
  encodeSnapshot,
  encodeSnapshotMetadata,
} from "../../../server/proto/raft-codec-snapshot.ts";
import {
  decodeEntry,
  decodeHardState,
  decodeMessage,
  encodeEntry,
  encodeHardState,
  encodeMessage,
} from "../../../server/proto/raft-codec.ts";
import { MessageType } from "../../../server/proto/raft-message.ts";
import { WireError } from "../../../server/proto/wire-error.ts";
import { goldenHex, goldenPath } from "../../support/golden.ts";
import { anyConfState, anyEntry, anyHardState, anyMessage, anySnapshot } from "../../support/raft-arbitraries.ts";

const n1 = 0x9ee4bcfe6709567fn;
const n2 = 0xc1dda8f7168399ban;
const pipelined = readdirSync(goldenPath("peer")).filter((name) => name.startsWith("pipeline-"));
const framed = readdirSync(goldenPath("peer")).filter((name) => /^(message|snapshot-envelope)-/.test(name));

test.each(pipelined)("etcd's message in %s is read and written back byte for byte", (name) => {
  const bytes = goldenHex(`peer/${name}`);
  expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes);
});

test.each(framed)("etcd's framed message in %s is read and written back byte for byte", (name) => {
  const bytes = goldenHex(`peer/${name}`).slice(8);
  expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes);
});

test("the fields of a recorded heartbeat are where they belong", () => {
  const heartbeat = decodeMessage(goldenHex("peer/message-heartbeat-readindex-ctx.hex").slice(8));
  expect(heartbeat).toMatchObject({
    type: MessageType.Heartbeat,
    to: n2,
    from: n1,
    term: 2,
    commit: 8,
  });
  expect(heartbeat.context).toEqual(new Uint8Array(Buffer.from("567fa1fc2fef1f03", "hex")));
});

test("the fields of a recorded append are where they belong", () => {
  const append = decodeMessage(goldenHex("peer/pipeline-msgapp-1-entry.hex"));
  expect(append).toMatchObject({
    type: MessageType.App,
    term: 5,
    logTerm: 5,
    index: 85,
    commit: 85,
    from: n2,
  });
  expect(append.entries).toHaveLength(1);
  expect(append.entries[0]).toMatchObject({ type: 0, term: 5, index: 86 });
  expect(append.entries[0]?.data).toHaveLength(31);
});

test("the fields of a recorded snapshot are where they belong", () => {
  const { snapshot } = decodeMessage(goldenHex("peer/snapshot-envelope-full.hex").slice(8));
  expect(snapshot?.metadata).toMatchObject({
    index: 79,
    term: 2,
    confState: { learners: [], autoLeave: false },
  });
  expect(snapshot?.metadata.confState.voters).toHaveLength(4);
  expect(snapshot?.data).toHaveLength(9860);
});

test("every value survives its bytes", () => {
  check(anyEntry, encodeEntry, decodeEntry);
  check(anyMessage, encodeMessage, decodeMessage);
  check(anyHardState, encodeHardState, decodeHardState);
  check(anySnapshot, encodeSnapshot, decodeSnapshot);
  check(anyConfState, encodeConfState, decodeConfState);
  check(
    anySnapshot.map((snapshot) => snapshot.metadata),
    encodeSnapshotMetadata,
    decodeSnapshotMetadata,
  );
});

test("a message cut short is refused, or reads as a shorter one, but never fails otherwise", () => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), (message, cut) => {
      const bytes = encodeMessage(message);
      try {
        decodeMessage(bytes.subarray(0, cut % bytes.length));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});

test("unknown fields are passed over, known ones with another wire type are refused", () => {
  expect(decodeEntry(Uint8Array.of(0x08, 1, 0x7a, 2, 9, 9, 0x18, 7))).toEqual({
    type: 1,
    term: 0,
    index: 7,
    data: undefined,
  });
  expect(() => decodeEntry(Uint8Array.of(0x0a, 1, 1))).toThrow("field 1 cannot have wire type 2");
});

test("packed ids are read too", () => {
  expect(decodeConfState(Uint8Array.of(0x0a, 3, 1, 0x80, 1)).voters).toEqual([1n, 128n]);
});

test.each([
  ["entry", () => decodeEntry(Uint8Array.of(0x08, 3))],
  ["message", () => decodeMessage(Uint8Array.of(0x08, 24))],
])("an unknown type of %s is refused", (_, decode) => {
  expect(decode).toThrow(WireError);
});

function check<T>(values: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual(value);
    }),
  );
}
