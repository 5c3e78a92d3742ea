import { expect, test } from "vitest";
import { BUCKETS, bucketKey, bucketRange, META, PRIVATE, splitBucketKey } from "../../../server/backend/buckets.ts";
import { confStateJson, parseConfState } from "../../../server/backend/conf-state-json.ts";
import { WriteBuffer } from "../../../server/backend/write-buffer.ts";
import { compareBytes } from "../../../server/base/bytes.ts";
import { rowKey } from "../../../server/mvcc/revision.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const POSITION = { index: 7, term: 3, confState: undefined };

function putRevision(buffer: WriteBuffer, main: number, sub = 0): void {
  buffer.putRevision(main, sub, rowKey({ main, sub, isTombstone: false }), text(`${main}/${sub}`));
}

test("a scan of the store meets the buckets in the order of their names, our own rows before them", () => {
  const keys = BUCKETS.map((bucket) => bucketKey(bucket, text("k")));
  expect(keys.toSorted(compareBytes)).toEqual(keys);
  expect([...BUCKETS].toSorted()).toEqual(BUCKETS);
  expect(compareBytes(bucketKey(PRIVATE, text("k")), keys[0]!)).toBeLessThan(0);
  for (const bucket of [PRIVATE, ...BUCKETS] as const) {
    const key = bucketKey(bucket, text("k"));
    const { from, to } = bucketRange(bucket);
    expect(splitBucketKey(key)).toEqual({ bucket, key: text("k") });
    expect([compareBytes(from, key) < 0, compareBytes(key, to!) < 0]).toEqual([true, true]);
  }
});

test("what is sealed is still read until it is flushed, and what comes later wins", () => {
  const buffer = new WriteBuffer();
  buffer.put("members", text("a"), text("1"));
  buffer.put("members", text("b"), text("1"));
  putRevision(buffer, 2);
  buffer.seal(POSITION);
  buffer.put("members", text("a"), text("2"));
  buffer.delete("members", text("b"));
  putRevision(buffer, 3);
  expect(buffer.get("members", text("a"))).toEqual(text("2"));
  expect(buffer.get("members", text("b"))).toBe("deleted");
  expect(buffer.getRevision(2, 0)).toEqual(text("2/0"));
  expect(buffer.firstRevision).toBe(2);
  buffer.flushed();
  expect(buffer.getRevision(2, 0)).toBeUndefined();
  expect(buffer.firstRevision).toBe(3);
  expect(buffer.get("members", text("b"))).toBe("deleted");
  expect(buffer.get("members", text("c"))).toBeUndefined();
});

test("a batch holds the rows, the deletions and the position they lead to", () => {
  const buffer = new WriteBuffer();
  putRevision(buffer, 2);
  putRevision(buffer, 3);
  buffer.delete("lease", text("x"));
  buffer.deleteRevision(2, 0, rowKey({ main: 2, sub: 0, isTombstone: false }));
  buffer.deleteRevision(1, 0, rowKey({ main: 1, sub: 0, isTombstone: false }));
  const operations = buffer.seal(POSITION);
  const written = operations.map(({ key, value }) => [splitBucketKey(key).bucket, value === undefined]);
  expect(written).toEqual([
    ["key", false],
    ["lease", true],
    ["key", true],
    ["meta", false],
    ["meta", false],
  ]);
  expect(operations.find(({ key }) => compareBytes(key, bucketKey("meta", META.consistentIndex)) === 0)?.value).toEqual(
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7),
  );
  expect(() => buffer.seal(POSITION)).toThrow("one batch is written at a time");
});

test("rows from a revision on come in order, from both generations, without the deleted ones", () => {
  const buffer = new WriteBuffer();
  for (const main of [2, 3, 4]) putRevision(buffer, main);
  buffer.seal(POSITION);
  putRevision(buffer, 5, 0);
  putRevision(buffer, 5, 1);
  putRevision(buffer, 6);
  buffer.deleteRevision(6, 0, rowKey({ main: 6, sub: 0, isTombstone: false }));
  const values = (main: number, limit?: number): string[] =>
    buffer.revisionRowsFrom(main, limit).map(([, value]) => new TextDecoder().decode(value));
  expect(values(3)).toEqual(["3/0", "4/0", "5/0", "5/1"]);
  expect(values(3, 3)).toEqual(["3/0", "4/0", "5/0"]);
  expect(values(7)).toEqual([]);
});

test("the configuration is written as etcd writes it, ids beyond 2^53 included", () => {
  const state = {
    voters: [11447984690041019007n],
    learners: [],
    votersOutgoing: [1n, 2n],
    learnersNext: [],
    autoLeave: true,
  };
  const row = confStateJson(state);
  expect(new TextDecoder().decode(row)).toBe(
    '{"voters":[11447984690041019007],"voters_outgoing":[1,2],"auto_leave":true}',
  );
  expect(parseConfState(row)).toEqual(state);
});
