import { toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeRangeResponse, RangeAnswer } from "../../../server/api/range-answer.ts";
import { decodeRecord, encodeRecord } from "../../../server/mvcc/record-codec.ts";
import type { RangeFrame } from "../../../server/mvcc/range-plan.ts";
import { RangeResponseSchema, type RangeResponse } from "../../../server/proto/gen/rpc_pb.js";

const counter = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 }));
const record = fc
  .record({
    key: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    value: fc.uint8Array({ maxLength: 300 }),
    createRevision: counter,
    modRevision: counter,
    version: counter,
    lease: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  })
  .map(({ key, value, ...about }) => encodeRecord(key, value, about));
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const frame = fc
  .record({ clusterId: id, memberId: id, revision: counter, raftTerm: counter, count: counter, more: fc.boolean() })
  .chain(({ clusterId, memberId, revision, raftTerm, count, more }) =>
    fc.boolean().map((isKeysOnly): RangeFrame => ({
      header: {
        $typeName: "etcdserverpb.ResponseHeader",
        clusterId,
        memberId,
        revision: BigInt(revision),
        raftTerm: BigInt(raftTerm),
      },
      count,
      more,
      isKeysOnly,
      arrange: undefined,
    })),
  );

describe("the answer to a range", () => {
  test("has the bytes that the generated codec gives", () => {
    fc.assert(
      fc.property(frame, fc.array(record, { maxLength: 30 }), (about, records) => {
        const kvs = records.map((bytes) => {
          const kv = decodeRecord(bytes);
          return about.isKeysOnly ? { ...kv, value: new Uint8Array() } : kv;
        });
        const message: RangeResponse = {
          $typeName: "etcdserverpb.RangeResponse",
          header: about.header,
          kvs,
          more: about.more,
          count: BigInt(about.count),
        };
        const answer = new RangeAnswer(about, records);
        expect(Buffer.from(encodeRangeResponse(answer)).equals(toBinary(RangeResponseSchema, message))).toBe(true);
        expect(answer.kvs).toEqual(kvs);
      }),
    );
  });

  test("is encoded with a pause after every two thousand records", () => {
    const records = Array.from({ length: 9000 }, (_, n) =>
      encodeRecord(new TextEncoder().encode(`k${n}`), new Uint8Array(20), {
        createRevision: n,
        modRevision: n,
        version: 1,
        lease: 0n,
      }),
    );
    const header = fc.sample(frame, 1)[0]?.header;
    if (!header) throw new Error("a sample has a header");
    const answer = new RangeAnswer(
      { header, count: records.length, more: false, isKeysOnly: false, arrange: undefined },
      records,
    );
    expect([...answer.encodeInSlices()]).toHaveLength(4);
    expect(answer.wire.length).toBeGreaterThan(9000 * 20);
  });

  test("a message that was made otherwise is encoded, too", () => {
    const message: RangeResponse = { $typeName: "etcdserverpb.RangeResponse", kvs: [], more: true, count: 7n };
    expect([...encodeRangeResponse(message)]).toEqual([0x18, 1, 0x20, 7]);
  });
});
