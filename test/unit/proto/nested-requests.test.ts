import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { TxnRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { decodeEntryRequest, decodeTxn } from "../../../server/proto/nested-requests.ts";

type Txn = MessageInitShape<typeof TxnRequestSchema>;

/** So many txns within one, the innermost with a compare. */
function nested(levels: number): Txn {
  const inner: Txn = { compare: [{ key: Uint8Array.of(97) }] };
  let txn = inner;
  for (let i = 0; i < levels; i++) txn = { success: [{ request: { case: "requestTxn", value: txn } }] };
  return txn;
}

test("as many levels as etcd's limit of operations allows can be read", () => {
  const txn = create(TxnRequestSchema, nested(128));
  expect(decodeTxn(toBinary(TxnRequestSchema, txn))).toEqual(txn);
});

test("whatever a client's txn may be can be read from the log, where a message is around it", () => {
  let accepted = 0;
  for (let levels = 0; levels < 200; levels++) {
    const txn = create(TxnRequestSchema, nested(levels));
    try {
      decodeTxn(toBinary(TxnRequestSchema, txn));
    } catch {
      break;
    }
    accepted++;
    const data = toBinary(InternalRaftRequestSchema, create(InternalRaftRequestSchema, { txn, header: { ID: 1n } }));
    expect(() => decodeEntryRequest(data), `${String(levels)} levels`).not.toThrow();
  }
  expect(accepted).toBeGreaterThan(128);
  expect(accepted).toBeLessThan(200);
});

test("a message that is deeper than any of these is refused, not followed", () => {
  const bytes = toBinary(TxnRequestSchema, create(TxnRequestSchema, nested(600)));
  expect(() => decodeTxn(bytes)).toThrow("recursion");
});

test.each([
  ["PUT", "/0/version", "3.5.0"],
  ["PUT", "/0/members/8e9e05c52164694d/attributes", '{"name":"m0","clientURLs":["http://localhost:2379"]}'],
  ["DELETE", "/1/key", ""],
  ["QGET", "/1/key", ""],
  ["POST", "/1/key", "value"],
  ["SYNC", "", ""],
])("a request of the 2.x API that etcd 3.5 writes without a message around it is found: %s %s", (Method, Path, Val) => {
  // As etcd 3.5 encodes it: fields of no value are there all the same.
  const texts = [Method, Path, Val].map((text, i) => [(i + 2) * 8 + 2, Buffer.from(text)] as const);
  const bytes = [Buffer.of(0x08, 0x07), ...texts.flatMap(([tag, text]) => [Buffer.of(tag, text.length), text])];
  const data = Buffer.concat([...bytes, Buffer.of(0x28, 0, 0x32, 0, 0x38, 0, 0x48, 0, 0x50, 0, 0x58, 0)]);
  expect(decodeEntryRequest(data)).toMatchObject({ ID: 0n, v2: { ID: 7n, Method, Path, Val } });
});

test("what is neither is no request", () => {
  expect(() => decodeEntryRequest(Buffer.from("garbage"))).toThrow();
});
