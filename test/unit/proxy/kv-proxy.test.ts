import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  CompactionRequestSchema,
  CompactionResponseSchema,
  DeleteRangeResponseSchema,
  PutRequestSchema,
  PutResponseSchema,
  RangeRequestSchema,
  RangeResponseSchema,
  TxnRequestSchema,
  TxnResponseSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { kvProxy } from "../../../server/proxy/kv-proxy.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import type { CallContext } from "../../../server/rpc/service.ts";

const KEY = Uint8Array.of(97);
const CALL: CallContext = {
  metadata: () => undefined,
  peerCommonName: () => undefined,
  isCancelled: false,
  onCancelled: () => undefined,
};
const read = create(RangeRequestSchema, { key: KEY, serializable: true });

/** A cluster in which each read is answered with the number of reads so far; a put waits until it is let go. */
function world() {
  let reads = 0n;
  const released = Promise.withResolvers<void>();
  const kv: UpstreamKv = {
    range: async () => create(RangeResponseSchema, { count: ++reads }),
    put: async () => {
      await released.promise;
      return create(PutResponseSchema);
    },
    deleteRange: async () => create(DeleteRangeResponseSchema),
    txn: async ({ success }) =>
      create(TxnResponseSchema, {
        succeeded: true,
        responses: success.map(() => ({ response: { case: "responseRange" as const, value: { count: 100n } } })),
      }),
    compact: async () => create(CompactionResponseSchema),
  };
  const { service, counts } = kvProxy(kv);
  const asked = async (): Promise<bigint> => (await service.range(read, CALL)).count;
  return { service, counts, asked, release: released.resolve };
}

test("a second read comes from the cache, and hits and misses are counted", async () => {
  const { asked, counts } = world();
  expect([await asked(), await asked()]).toEqual([1n, 1n]);
  expect([counts.hits, counts.misses, counts.keys]).toEqual([1, 1, 1]);
});

test("what was read while a change was on its way is not kept", async () => {
  const { service, asked, release } = world();
  const put = service.put(create(PutRequestSchema, { key: KEY }), CALL);
  expect(await asked()).toBe(1n);
  release();
  await put;
  expect(await asked()).toBe(2n);
});

test("the reads of a transaction that changes nothing are kept", async () => {
  const { service, asked } = world();
  const success = [{ request: { case: "requestRange" as const, value: { key: KEY } } }];
  await service.txn(create(TxnRequestSchema, { success }), CALL);
  expect(await asked()).toBe(100n);
});

test("a transaction makes forget what it may change and what it compares", async () => {
  const { service, asked } = world();
  await asked();
  await service.txn(create(TxnRequestSchema, { compare: [{ key: KEY }] }), CALL);
  expect(await asked()).toBe(2n);
  const nested = { failure: [{ request: { case: "requestDeleteRange" as const, value: { key: KEY } } }] };
  const success = [{ request: { case: "requestTxn" as const, value: nested } }];
  await service.txn(create(TxnRequestSchema, { success }), CALL);
  expect(await asked()).toBe(3n);
});

test("after a compaction older revisions are refused without asking", async () => {
  const { service, counts } = world();
  const old = create(RangeRequestSchema, { key: KEY, serializable: true, revision: 3n });
  await service.range(old, CALL);
  await service.compact(create(CompactionRequestSchema, { revision: 5n }), CALL);
  await expect(service.range(old, CALL)).rejects.toMatchObject({ fault: "compacted" });
  expect([counts.hits, counts.misses]).toEqual([1, 1]);
});
