import { expect, onTestFinished, test } from "vitest";
import { WorkerPasswordHasher } from "../../../server/host/password-hasher.ts";
import { goldenFile } from "../../support/golden.ts";
import { text } from "../../support/test-machine.ts";

const wanted = (): boolean => true;

function hasherOf(cost: number): WorkerPasswordHasher {
  const hasher = new WorkerPasswordHasher(cost);
  onTestFinished(() => hasher.stop());
  return hasher;
}

test("a password matches its hash, which has the cost that was asked for and etcd's form", async () => {
  const hasher = hasherOf(5);
  const hash = await hasher.hash("pässword");
  expect(hash).toMatch(/^\$2a\$05\$.{53}$/);
  expect(await hasher.matches("pässword", hash, wanted)).toBe(true);
  expect(await hasher.matches("password", hash, wanted)).toBe(false);
  expect(await hasher.hash("pässword")).not.toBe(hash);
});

interface Golden {
  readonly buckets: { readonly authUsers: { readonly entries: readonly { keyText: string; valueHex: string }[] } };
}

test("hashes that etcd made are understood", async () => {
  const golden = JSON.parse(text(goldenFile("snapshots/auth.json"))) as Golden;
  const hasher = hasherOf(4);
  for (const [user, password] of [
    ["root", "rootpw"],
    ["u1", "pw"],
  ] as const) {
    const { valueHex } = golden.buckets.authUsers.entries.find(({ keyText }) => keyText === user)!;
    const hash = /\$2a\$10\$.{53}/.exec(Buffer.from(valueHex, "hex").toString("latin1"))![0];
    expect(await hasher.matches(password, hash, wanted)).toBe(true);
    expect(await hasher.matches(`${password}x`, hash, wanted)).toBe(false);
  }
});

test.each(["", "x", "$2a$10$", `$9z$99$${"?".repeat(53)}`, "?".repeat(60)])("nothing matches %j", async (hash) => {
  expect(await hasherOf(4).matches("password", hash, wanted)).toBe(false);
});

test("the event loop goes on meanwhile", async () => {
  const hasher = hasherOf(12);
  await hasher.matches("", "", wanted);
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  await hasher.hash("password");
  clearInterval(turning);
  // Bcrypt at this cost takes hundreds of milliseconds; here there would have been no turn at all.
  expect(turns).toBeGreaterThan(5);
});

test("who does not want the answer any more is left out, who comes when too many wait is sent away", async () => {
  const hasher = hasherOf(10);
  const hash = await hasher.hash("password");
  const all = Array.from({ length: 129 }, (_, at) => hasher.matches("password", hash, () => at === 0));
  await expect(hasher.matches("password", hash, wanted)).rejects.toMatchObject({ fault: "too-many-requests" });
  expect(await all[0]).toBe(true);
  for (const one of all.slice(1)) await expect(one).rejects.toMatchObject({ fault: "canceled" });
  expect(await hasher.matches("password", hash, wanted)).toBe(true);
});

test("whoever waits when it is stopped is told so", async () => {
  const hasher = hasherOf(10);
  const hash = hasher.hash("password");
  const told = expect(hash).rejects.toMatchObject({ fault: "stopped" });
  await hasher.stop();
  await told;
});
