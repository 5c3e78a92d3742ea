import { expect, test } from "vitest";
import { simpleToken, SimpleTokens, tokenIndex, tokenPrefix } from "../../../server/auth/simple-tokens.ts";

const TTL_MS = 300_000;

test("a token is valid for its time after each use", () => {
  const tokens = new SimpleTokens(TTL_MS);
  tokens.assign("t", "u", 0);
  expect(tokens.use("t", TTL_MS)).toBe("u");
  expect(tokens.use("t", 2 * TTL_MS)).toBe("u");
  expect(tokens.use("t", 3 * TTL_MS + 1)).toBe(undefined);
  expect(tokens.use("t", 3 * TTL_MS)).toBe(undefined);
});

test("tokens that nobody uses any more are forgotten when others come", () => {
  const tokens = new SimpleTokens(TTL_MS);
  tokens.assign("old", "u", 0);
  tokens.assign("used", "u", 1);
  tokens.use("used", TTL_MS);
  tokens.assign("new", "v", TTL_MS + 1);
  expect(tokens.count).toBe(2);
  expect(tokens.use("used", TTL_MS + 1)).toBe("u");
});

test("the tokens of a user, or all of them, end at once", () => {
  const tokens = new SimpleTokens(TTL_MS);
  for (const [token, user] of [
    ["a", "u"],
    ["b", "v"],
    ["c", "u"],
  ] as const)
    tokens.assign(token, user, 0);
  tokens.dropUser("u");
  expect(["a", "b", "c"].map((token) => tokens.use(token, 0))).toEqual([undefined, "v", undefined]);
  tokens.clear();
  expect(tokens.use("b", 0)).toBe(undefined);
});

test("of too many tokens the one that was unused for longest ends", () => {
  const tokens = new SimpleTokens(TTL_MS);
  for (let i = 0; i <= 100_000; i++) tokens.assign(String(i), "u", 0);
  expect(tokens.count).toBe(100_000);
  expect(tokens.use("0", 0)).toBe(undefined);
  expect(tokens.use("1", 0)).toBe("u");
});

test("a token is sixteen letters and the index of its log entry", () => {
  let drawn = 0;
  const prefix = tokenPrefix((bound) => drawn++ % bound);
  expect(simpleToken(prefix, 12)).toBe("abcdefghijklmnop.12");
  expect(tokenPrefix((bound) => bound - 1)).toBe("Z".repeat(16));
});

test.each([
  ["abcdefghijklmnop.12", 12],
  [".7", 7],
  ["abc", undefined],
  ["abc.", undefined],
  ["abc.x1", undefined],
  ["a.b.3", undefined],
  ["abc.-1", undefined],
  ["", undefined],
])("the index of token %j is %s", (token, index) => {
  expect(tokenIndex(token)).toBe(index);
});
