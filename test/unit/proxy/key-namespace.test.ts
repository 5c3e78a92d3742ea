import { create } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  DeleteRangeResponseSchema,
  PutRequestSchema,
  RangeRequestSchema,
  RangeResponseSchema,
  TxnRequestSchema,
  TxnResponseSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { KeyNamespace } from "../../../server/proxy/key-namespace.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const latin1 = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
const NONE = new Uint8Array();

test.each([
  ["a key", "ns/", "a", "", "ns/a", ""],
  ["a range", "ns/", "a", "b", "ns/a", "ns/b"],
  ["to the end: to the end of the namespace", "ns/", "a", "\0", "ns/a", "ns0"],
  ["the whole namespace", "ns/", "", "\0", "ns/", "ns0"],
  ["a prefix that ends with the highest byte", "n\xff", "a", "\0", "n\xffa", "o"],
  ["a prefix of nothing but the highest byte: to the end", "\xff\xff", "a", "\0", "\xff\xffa", "\0"],
])("an interval in a namespace: %s", (_what, prefix, key, end, wantedKey, wantedEnd) => {
  const namespace = new KeyNamespace(bytes(prefix));
  const interval = namespace.interval({ key: bytes(key), rangeEnd: bytes(end) });
  expect([latin1(interval.key), latin1(interval.rangeEnd)]).toEqual([wantedKey, wantedEnd]);
});

test("a key is in an interval exactly if it is there under the namespace, and comes back as it was", () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 4 }).map((array) => Uint8Array.from(array));
  const prefix = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((array) => Uint8Array.from(array));
  fc.assert(
    fc.property(prefix, key, key, key, (before, from, end, asked) => {
      const namespace = new KeyNamespace(before);
      const inside = namespace.interval({ key: from, rangeEnd: end });
      const stored = namespace.interval({ key: asked, rangeEnd: NONE }).key;
      expect(holds(inside, stored)).toBe(holds({ key: from, rangeEnd: end }, asked));
      expect(namespace.inner(stored)).toEqual(asked);
    }),
  );
});

function holds({ key, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }, asked: Uint8Array): boolean {
  const isToTheEnd = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return Buffer.compare(key, asked) <= 0 && (isToTheEnd || Buffer.compare(asked, rangeEnd) < 0);
}

test("a key of somebody else is not inside", () => {
  const namespace = new KeyNamespace(bytes("ns/"));
  expect([namespace.inner(bytes("ns")), namespace.inner(bytes("other"))]).toEqual([undefined, undefined]);
});

test("an empty key is refused, for with the prefix it would be one", () => {
  const namespace = new KeyNamespace(bytes("ns/"));
  const empty = { case: "requestPut", value: { value: bytes("v") } } as const;
  for (const refused of [
    () => namespace.put(create(PutRequestSchema, { value: bytes("v") })),
    () => namespace.range(create(RangeRequestSchema, {})),
    () => namespace.txn(create(TxnRequestSchema, { success: [{ request: empty }] })),
  ]) {
    expect(refused).toThrow(expect.objectContaining({ fault: "empty-key" }));
  }
});

test("a transaction is moved in with its comparisons and with the transactions in it", () => {
  const put = (key: string) => ({ request: { case: "requestPut", value: { key: bytes(key) } } }) as const;
  const request = create(TxnRequestSchema, {
    compare: [{ key: bytes("c"), rangeEnd: bytes("d") }],
    success: [put("a"), { request: { case: "requestTxn", value: { failure: [put("b")] } } }],
    failure: [{ request: { case: "requestDeleteRange", value: { key: bytes("x"), rangeEnd: bytes("\0") } } }],
  });
  const inside = new KeyNamespace(bytes("ns/")).txn(request);
  expect(JSON.stringify(inside, asText)).toBe(
    JSON.stringify(
      create(TxnRequestSchema, {
        compare: [{ key: bytes("ns/c"), rangeEnd: bytes("ns/d") }],
        success: [put("ns/a"), { request: { case: "requestTxn", value: { failure: [put("ns/b")] } } }],
        failure: [{ request: { case: "requestDeleteRange", value: { key: bytes("ns/x"), rangeEnd: bytes("ns0") } } }],
      }),
      asText,
    ),
  );
  expect(latin1(request.compare[0]!.key)).toBe("c");
});

function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return latin1(value);
  return typeof value === "bigint" ? String(value) : value;
}

test("answers lose the prefix wherever they name a key", () => {
  const namespace = new KeyNamespace(bytes("ns/"));
  const range = create(RangeResponseSchema, { kvs: [{ key: bytes("ns/a") }] });
  const deleted = create(DeleteRangeResponseSchema, { prevKvs: [{ key: bytes("ns/b") }] });
  const answer = { case: "responsePut", value: { prevKv: { key: bytes("ns/c") } } } as const;
  const inner = create(TxnResponseSchema, { responses: [{ response: answer }] });
  const txn = namespace.stripTxn(
    create(TxnResponseSchema, {
      responses: [
        { response: { case: "responseRange", value: range } },
        { response: { case: "responseDeleteRange", value: deleted } },
        { response: { case: "responseTxn", value: inner } },
      ],
    }),
  );
  expect(JSON.stringify(txn, asText).match(/"key":"[^"]*"/g)).toEqual(['"key":"a"', '"key":"b"', '"key":"c"']);
});
