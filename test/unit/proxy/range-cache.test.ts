import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RangeRequestSchema, RangeResponseSchema, type RangeRequest } from "../../../server/proto/gen/rpc_pb.js";
import { RangeCache } from "../../../server/proxy/range-cache.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const keys = (key: string, end = "") => ({ key: bytes(key), rangeEnd: bytes(end) });
const ask = (key: string, end = "", more: MessageInitShape<typeof RangeRequestSchema> = {}): RangeRequest =>
  create(RangeRequestSchema, { ...keys(key, end), serializable: true, ...more });
const answer = (count: bigint) => create(RangeResponseSchema, { count });

function filled(...requests: readonly RangeRequest[]): RangeCache {
  const cache = new RangeCache();
  for (const request of requests) cache.begin(request, "").keep(answer(1n));
  return cache;
}

test("what was read linearizably answers a serializable read of the same", () => {
  const cache = new RangeCache();
  cache.begin(ask("a", "", { serializable: false }), "").keep(answer(7n));
  expect(cache.get(ask("a"), "")?.count).toBe(7n);
});

test("an answer is for the caller who got it and for the same question alone", () => {
  const cache = new RangeCache();
  cache.begin(ask("a"), "alice").keep(answer(1n));
  expect(cache.get(ask("a"), "alice")?.count).toBe(1n);
  expect(cache.get(ask("a"), "bob")).toBeUndefined();
  expect(cache.get(ask("a", "", { keysOnly: true }), "alice")).toBeUndefined();
});

test.each([
  ["the key itself", ask("b"), keys("b"), true],
  ["another key", ask("b"), keys("a"), false],
  ["a key that begins with it", ask("b"), keys("b\0"), false],
  ["a range over it", ask("b"), keys("a", "c"), true],
  ["a range that ends before it", ask("b"), keys("a", "b"), false],
  ["a key in its range", ask("a", "c"), keys("b"), true],
  ["the end of its range", ask("a", "c"), keys("c"), false],
  ["a key behind, in a range to the end", ask("a", "\0"), keys("zz"), true],
  ["everything", ask("m"), keys("\0", "\0"), true],
  ["a range before a range to the end", ask("m", "\0"), keys("a", "m"), false],
])("a change of %s", (_what, asked, changed, isForgotten) => {
  const cache = filled(asked);
  cache.invalidate(changed);
  expect(cache.get(asked, "") === undefined).toBe(isForgotten);
});

test("what was read at a revision stays whatever changes, until it is compacted", () => {
  const old = ask("a", "", { revision: 5n });
  const cache = filled(old);
  cache.invalidate(keys("a"));
  expect(cache.get(old, "")?.count).toBe(1n);
  cache.compact(5n);
  expect(cache.get(old, "")?.count).toBe(1n);
  cache.compact(6n);
  expect(() => cache.get(old, "")).toThrow(expect.objectContaining({ fault: "compacted" }));
  expect(cache.size).toBe(0);
});

test("an answer that a change overtook is not kept", () => {
  const cache = new RangeCache();
  const overtaken = cache.begin(ask("a", "c"), "");
  const untouched = cache.begin(ask("x"), "");
  cache.invalidate(keys("b"));
  overtaken.keep(answer(1n));
  untouched.keep(answer(2n));
  expect(cache.get(ask("a", "c"), "")).toBeUndefined();
  expect(cache.get(ask("x"), "")?.count).toBe(2n);
});

test("the answer that was not asked for longest makes room", () => {
  const cache = new RangeCache(2);
  for (const key of ["a", "b"]) cache.begin(ask(key), "").keep(answer(1n));
  cache.get(ask("a"), "");
  cache.begin(ask("c"), "").keep(answer(1n));
  expect(["a", "b", "c"].filter((key) => cache.get(ask(key), ""))).toEqual(["a", "c"]);
});

test("whatever is asked, kept and changed: nothing older than the last change of its keys is answered", () => {
  const key = fc.constantFrom("a", "b", "c", "d");
  const step = fc.record({ write: fc.boolean(), key, end: fc.constantFrom("", "c", "e", "\0") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const cache = new RangeCache(5);
      const versions = new Map<string, bigint>();
      let version = 0n;
      for (const { write, key: first, end } of steps) {
        const touched = ["a", "b", "c", "d"].filter((one) =>
          end === "" ? one === first : one >= first && (end === "\0" || one < end),
        );
        if (write) {
          version++;
          for (const one of touched) versions.set(one, version);
          cache.invalidate(keys(first, end));
          continue;
        }
        const newest = touched.map((one) => versions.get(one) ?? 0n).reduce((a, b) => (a > b ? a : b), 0n);
        const known = cache.get(ask(first, end), "");
        if (known) expect(known.count).toBe(newest);
        else cache.begin(ask(first, end), "").keep(answer(newest));
      }
    }),
  );
});
