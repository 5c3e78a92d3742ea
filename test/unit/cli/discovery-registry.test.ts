import { expect, test } from "vitest";
import {
  initialClusterText,
  inOrder,
  isFull,
  parseSize,
  registryKeys,
} from "../../../server/cli/discovery-registry.ts";

const member = (key: string, createRevision: number, peers = `${key}=http://${key}:1`) => ({
  key,
  peers,
  createRevision: BigInt(createRevision),
});

test("the keys are etcd's", () => {
  expect(registryKeys("8A59", 0xbeefn)).toEqual({
    size: "/_etcd/registry/8A59/_config/size",
    members: "/_etcd/registry/8A59/members",
    self: "/_etcd/registry/8A59/members/beef",
  });
});

test.each([
  ["3", 3],
  ["+3", 3],
  ["0", undefined],
  ["-1", undefined],
  ["three", undefined],
  ["", undefined],
  ["3.5", undefined],
])("a size of %j is %s", (text, size) => {
  expect(parseSize(text)).toBe(size);
});

test("who came first counts, and what is no member does not", () => {
  const members = inOrder([member("b", 7), member("x", 1, "garbage"), member("c", 9), member("a", 3)]);
  expect(members.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  expect(initialClusterText(members, 2)).toBe("a=http://a:1,b=http://b:1");
});

test.each([
  ["a", 1, false],
  ["b", 1, true],
  ["b", 2, false],
  ["new", 2, true],
  ["new", 3, false],
])("for %s there is no place among %i: %s", (self, size, full) => {
  expect(isFull([member("a", 1), member("b", 2)], self, size)).toBe(full);
});
