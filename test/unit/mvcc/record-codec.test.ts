import { create, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeyValueSchema } from "../../../server/proto/gen/kv_pb.js";
import {
  decodeRecord,
  encodeRecord,
  encodeTombstone,
  recordValue,
  withoutValue,
} from "../../../server/mvcc/record-codec.ts";

const counter = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat());
const array = fc.uint8Array({ maxLength: 200 });
const lease = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

test("a record has the bytes that the generated code writes, and reads back", () => {
  fc.assert(
    fc.property(
      array,
      array,
      counter,
      counter,
      counter,
      lease,
      (key, value, createRevision, modRevision, version, id) => {
        const record = encodeRecord(key, value, { createRevision, modRevision, version, lease: id });
        const message = create(KeyValueSchema, {
          key,
          value,
          createRevision: BigInt(createRevision),
          modRevision: BigInt(modRevision),
          version: BigInt(version),
          lease: id,
        });
        expect(Buffer.from(record)).toEqual(Buffer.from(toBinary(KeyValueSchema, message)));
        expect(decodeRecord(record)).toEqual(message);
      },
    ),
  );
});

test("the example of etcd's format is met to the byte", () => {
  const about = { createRevision: 2, modRevision: 2, version: 1, lease: 0n };
  expect(Buffer.from(encodeRecord(Uint8Array.of(0x61), Uint8Array.of(0x31), about)).toString("hex")).toBe(
    "0a01611002180220012a0131",
  );
  expect(Buffer.from(encodeTombstone(Uint8Array.of(0x61))).toString("hex")).toBe("0a0161");
});

test("an empty record, which bumping revisions leaves behind, is an empty message", () => {
  expect(decodeRecord(new Uint8Array())).toEqual(create(KeyValueSchema));
});

test("a record without its value is the record of the same key with an empty value", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.bigInt({ min: 0n, max: 9n }),
      (key, value, id) => {
        const about = { createRevision: 5, modRevision: 300, version: 2, lease: id };
        const record = encodeRecord(key, value, about);
        expect(recordValue(record)).toEqual(value);
        expect(withoutValue(record)).toEqual(encodeRecord(key, new Uint8Array(), about));
      },
    ),
  );
});
