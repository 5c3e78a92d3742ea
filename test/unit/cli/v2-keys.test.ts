import { expect, test } from "vitest";
import { parseV2Answer, parseV2Refusal } from "../../../server/cli/v2-keys.ts";

test("a folder is read with what is in it", () => {
  const body = `{"action":"get","node":{"key":"/d/t","dir":true,"nodes":[
    {"key":"/d/t/f794","value":"a=http://a:2380","modifiedIndex":6,"createdIndex":5}],"modifiedIndex":4,"createdIndex":4}}`;
  expect(parseV2Answer(body, "7")).toEqual({
    index: 7,
    node: {
      key: "/d/t",
      value: "",
      createdIndex: 4,
      modifiedIndex: 4,
      nodes: [{ key: "/d/t/f794", value: "a=http://a:2380", createdIndex: 5, modifiedIndex: 6, nodes: [] }],
    },
  });
});

test("the root of all keys has no key", () => {
  const inside = '{"key":"/f794","value":"a=http://a:2380","modifiedIndex":6,"createdIndex":5}';
  const { node } = parseV2Answer(`{"action":"get","node":{"dir":true,"nodes":[${inside}]}}`, "7")!;
  expect(node).toMatchObject({ key: "", nodes: [{ key: "/f794" }] });
});

test.each(["", "404 page not found", "[]", "null", "{}", '{"node":3}', '{"node":{"key":3}}'])(
  "%j is no answer of the v2 API",
  (body) => {
    expect(parseV2Answer(body, undefined)).toBeUndefined();
  },
);

test("a refusal is shown as etcd shows it", () => {
  const refusal = parseV2Refusal('{"errorCode":105,"message":"Key already exists","cause":"/d/t/a","index":5}');
  expect(refusal).toMatchObject({ code: 105, message: "105: Key already exists (/d/t/a) [5]" });
  expect(parseV2Refusal("404 page not found\n")).toBeUndefined();
});
