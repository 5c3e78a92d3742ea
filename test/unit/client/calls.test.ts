import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { codecOf } from "../../../server/client/calls.ts";
import { KV, ResponseOpSchema, TxnResponseSchema } from "../../../server/proto/gen/rpc_pb.js";

/** Operations that etcd takes in one txn, which bounds how deep they may nest. */
const LEVELS = 128;

test("the answer to a txn within txns is read as deep as servers let them be", () => {
  let answer = create(TxnResponseSchema, { succeeded: true });
  for (let level = 0; level < LEVELS; level++) {
    const inner = create(ResponseOpSchema, { response: { case: "responseTxn", value: answer } });
    answer = create(TxnResponseSchema, { succeeded: true, responses: [inner] });
  }
  expect(codecOf(KV.method.txn).decode(Buffer.from(toBinary(TxnResponseSchema, answer)))).toEqual(answer);
});
