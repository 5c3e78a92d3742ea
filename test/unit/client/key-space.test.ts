import { expect, onTestFinished, test } from "vitest";
import { Client, Code, RpcError } from "../../../server/client/client.ts";
import { CompactedError } from "../../../server/client/compacted-error.ts";
import { KeySpace } from "../../../server/client/key-space.ts";
import type { RangeRequest, TxnRequest } from "../../../server/proto/gen/rpc_pb.js";
import { fakeEtcd } from "../../support/fake-etcd.ts";

async function spaceOver(methods: Parameters<typeof fakeEtcd>[0], prefix = "app/"): Promise<KeySpace> {
  const { endpoint } = await fakeEtcd(methods);
  const client = new Client({ endpoints: [endpoint] });
  onTestFinished(() => client.close());
  return new KeySpace(client, prefix);
}

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();

test("names go in and come out without the prefix", async () => {
  const asked: RangeRequest[] = [];
  const keys = await spaceOver({
    kv: {
      range: (request) => {
        asked.push(request);
        return {
          header: { revision: 9n },
          kvs: [{ key: bytes("app/users/ann"), value: bytes('{"age":41}'), version: 3n, modRevision: 8n }],
          more: true,
        };
      },
    },
  });
  const { entries, revision, hasMore } = await keys.under("users/").list("a", { limit: 1 });
  expect(asked.map(({ key, rangeEnd, limit }) => [text(key), text(rangeEnd), limit])).toEqual([
    ["app/users/a", "app/users/b", 1n],
  ]);
  expect([revision, hasMore]).toEqual([9, true]);
  expect(entries.map(({ key, version, modRevision }) => [key, version, modRevision])).toEqual([["ann", 3, 8]]);
  expect(entries[0]?.json()).toEqual({ age: 41 });
});

test("without a prefix the space is all keys", async () => {
  const asked: RangeRequest[] = [];
  const answer = (request: RangeRequest) => {
    asked.push(request);
    return {};
  };
  const keys = await spaceOver({ kv: { range: answer } }, "");
  await keys.list();
  expect(asked.map(({ key, rangeEnd }) => [text(key), text(rangeEnd)])).toEqual([["\0", "\0"]]);
});

test("a transaction's conditions and operations are those of the space", async () => {
  const asked: TxnRequest[] = [];
  const keys = await spaceOver({
    kv: {
      txn: (request) => {
        asked.push(request);
        const found = { case: "responseRange" as const, value: { kvs: [{ key: bytes("app/b"), value: bytes("2") }] } };
        const nothing = { case: "responseRange" as const, value: { kvs: [] } };
        return { succeeded: true, header: { revision: 5n }, responses: [{ response: found }, { response: nothing }] };
      },
    },
  });
  const result = await keys.transact({
    when: [
      { key: "a", exists: false },
      { key: "b", value: "1" },
      { key: "c", modRevision: 7 },
    ],
    do: [{ put: "a", value: "x" }, { get: "b" }, { get: "z" }],
    otherwise: [{ delete: "a" }, { deleteUnder: "d/" }],
  });
  expect([result.succeeded, result.revision]).toEqual([true, 5]);
  expect(result.found.map((entry) => entry?.key)).toEqual(["b", undefined]);
  const [request] = asked;
  expect(request?.compare.map(({ key, targetUnion }) => [text(key), targetUnion.case])).toEqual([
    ["app/a", "createRevision"],
    ["app/b", "value"],
    ["app/c", "modRevision"],
  ]);
  expect(request?.failure.map(({ request: each }) => each.case)).toEqual(["requestDeleteRange", "requestDeleteRange"]);
});

test("a read at a revision that was compacted away ends with a CompactedError", async () => {
  const keys = await spaceOver({
    kv: {
      range: () => {
        throw new RpcError(Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted");
      },
    },
  });
  const read = keys.get("a", { revision: 3 });
  await expect(read).rejects.toBeInstanceOf(CompactedError);
  await expect(read).rejects.toMatchObject({ compactRevision: undefined });
});

test("a future revision is the server's refusal", async () => {
  const keys = await spaceOver({
    kv: {
      range: () => {
        throw new RpcError(Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision");
      },
    },
  });
  await expect(keys.get("a", { revision: 300 })).rejects.toBeInstanceOf(RpcError);
});
