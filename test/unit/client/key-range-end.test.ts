import * as fc from "fast-check";
import { expect, test } from "vitest";
import { prefixEnd } from "../../../server/client/key-range-end.ts";

test.each([
  ["a", "b"],
  ["a\xff", "b"],
  ["\xff\xff", "\0"],
  ["", "\0"],
])("the range of %j ends before %j", (prefix, end) => {
  const bytes = Buffer.from(prefix, "latin1");
  expect(Buffer.from(prefixEnd(bytes)).toString("latin1")).toBe(end);
  expect(bytes.toString("latin1")).toBe(prefix);
});

test("a key lies in the range exactly if it begins with the prefix", () => {
  const bytes = fc.uint8Array({ maxLength: 4 });
  fc.assert(
    fc.property(bytes, bytes, (prefix, key) => {
      const end = prefixEnd(prefix);
      const isToTheEnd = end.length === 1 && end[0] === 0;
      const isInside = Buffer.compare(key, prefix) >= 0 && (isToTheEnd || Buffer.compare(key, end) < 0);
      expect(isInside).toBe(Buffer.from(key.subarray(0, prefix.length)).equals(Buffer.from(prefix)));
    }),
  );
});
