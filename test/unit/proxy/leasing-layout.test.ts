import { expect, test } from "vitest";
import { LeasingLayout } from "../../../server/proxy/leasing-layout.ts";
import { bytes, text } from "../../support/test-machine.ts";

const layout = new LeasingLayout(bytes("l/"));

test("a leasing key is the prefix with the key behind it", () => {
  expect(text(layout.leasingKey(bytes("a")))).toBe("l/a");
  expect(text(layout.keyOf(bytes("l/a")))).toBe("a");
  expect(layout.keyOf(bytes("m/a"))).toBe(undefined);
  expect([text(layout.all.key), text(layout.all.rangeEnd)]).toEqual(["l/", "l0"]);
});

test.each([
  ["a key", "a", "", ["l/a"]],
  ["a leasing key", "l/a", "", ["l/l/a"]],
  ["a range", "a", "c", ["l/a-l/c"]],
  ["a range over all leasing keys", "a", "z", ["l/a-l/z", "l/-l0"]],
  ["a range that begins among them", "l/b", "z", ["l/l/b-l/z", "l/b-l0"]],
  ["a range that ends among them", "a", "l/b", ["l/a-l/l/b", "l/-l/b"]],
  ["a range behind them", "m", "z", ["l/m-l/z"]],
  ["everything", "\0", "\0", ["l/\0-l0", "l/-l0"]],
  ["everything from a key behind them", "m", "\0", ["l/m-l0"]],
])("a change of %s concerns the leasing keys of its keys, and those within it", (_what, key, rangeEnd, over) => {
  const found = layout.over({ key: bytes(key), rangeEnd: bytes(rangeEnd) });
  expect(found.map(({ key: from, rangeEnd: to }) => text(from) + (to.length > 0 ? `-${text(to)}` : ""))).toEqual(over);
});
