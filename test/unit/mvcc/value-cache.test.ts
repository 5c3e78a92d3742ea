import { expect, test } from "vitest";
import { ValueCache } from "../../../server/mvcc/value-cache.ts";

test("the cache stays within its bytes, forgets what is not used and keeps what is", () => {
  const cache = new ValueCache(100_000);
  cache.set(1, 0, new Uint8Array(100));
  for (let main = 2; main < 3000; main++) {
    cache.set(main, main % 3, new Uint8Array(100));
    expect(cache.get(1, 0)).toBeDefined();
    expect(cache.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(cache.get(2, 2)).toBeUndefined();
  expect(cache.get(2999, 2999 % 3)).toHaveLength(100);
});

test("a record that is too large for the cache is not held", () => {
  const cache = new ValueCache(1000);
  cache.set(1, 0, new Uint8Array(600));
  expect(cache.get(1, 0)).toBeUndefined();
});
