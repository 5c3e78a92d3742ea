import { expect, test } from "vitest";
import { keyOf, keyText, parseKey } from "../../../../operator/kube/object-key.ts";

test.each([
  [{ namespace: "team-a", name: "db" }, "team-a/db"],
  [{ namespace: "", name: "node-1" }, "node-1"],
])("%j is %s, both ways", (key, text) => {
  expect(keyText(key)).toBe(text);
  expect(parseKey(text)).toEqual(key);
});

test("an object's key is where it is", () => {
  expect(keyOf({ metadata: { name: "db", namespace: "team-a" } })).toBe("team-a/db");
  expect(keyOf({ metadata: { name: "node-1" } })).toBe("node-1");
});
