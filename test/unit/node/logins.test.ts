import { expect, test } from "vitest";
import { AppliedIndex } from "../../../server/node/applied-index.ts";
import { Logins } from "../../../server/node/logins.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const TTL_MS = 300_000;
const TIMEOUT_MS = 7000;

function setUp() {
  const clock = new ManualClock();
  const applied = new AppliedIndex(5);
  return { clock, applied, logins: new Logins({ clock, applied, ttlMs: TTL_MS, timeoutMs: TIMEOUT_MS }) };
}

test("a token is told at once on a member that has applied its login, until it was unused for too long", () => {
  const { clock, logins } = setUp();
  logins.add("u", "abc.5");
  clock.advance(TTL_MS);
  expect(logins.userOf("abc.5")).toBe("u");
  clock.advance(TTL_MS + 1);
  expect(logins.userOf("abc.5")).toBe(undefined);
});

test("a token that another member gave out waits until this one has come as far", async () => {
  const { applied, logins } = setUp();
  const user = logins.userOf("abc.8");
  logins.add("u", "abc.8");
  applied.advanceTo(8);
  expect(await user).toBe("u");
});

test("a token that names an entry which does not come is nobody's", async () => {
  const { clock, applied, logins } = setUp();
  const user = logins.userOf("abc.999");
  clock.advance(TIMEOUT_MS);
  expect(await user).toBe(undefined);
  applied.advanceTo(999);
});

test("tokens wait in a limited number", async () => {
  const { clock, logins } = setUp();
  const waiting = Array.from({ length: 1000 }, (_, at) => logins.userOf(`abc.${String(at + 6)}`));
  expect(await logins.userOf("abc.6")).toBe(undefined);
  clock.advance(TIMEOUT_MS);
  for (const user of waiting) expect(await user).toBe(undefined);
  const next = logins.userOf("abc.6");
  expect(await Promise.race([next, Promise.resolve("waits")])).toBe("waits");
});

test("what is no token is nobody's, and a member that stops says so to who waits", async () => {
  const { applied, logins } = setUp();
  expect(logins.userOf("abc")).toBe(undefined);
  const user = logins.userOf("abc.9");
  applied.fail("stopped");
  await expect(user).rejects.toMatchObject({ fault: "stopped" });
});

test("tokens end with a user's password, and all of them with auth", () => {
  const { logins } = setUp();
  logins.add("u", "a.1");
  logins.add("v", "b.2");
  logins.end("u");
  expect([logins.userOf("a.1"), logins.userOf("b.2")]).toEqual([undefined, "v"]);
  logins.clear();
  expect(logins.userOf("b.2")).toBe(undefined);
});
