import { afterEach, beforeEach, expect, test } from "vitest";
import { PERMIT_KEY_FIELD, permitKey } from "../../../../operator/kube/permit-key.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";

let harness: KubeHarness;
beforeEach(async () => {
  harness = await KubeHarness.start();
});
afterEach(() => harness.stop());

const place = target("v1/secrets", "operator", "kvorum-permit-key");
let made = 0;
const generate = () => `key ${String(++made)}`;
const fetchKey = () => harness.pass(permitKey(harness.client(), "operator", generate));

test("the key is made once, and is the same ever after", async () => {
  const key = await fetchKey();
  expect(key).toMatch(/^key \d+$/);
  expect(await fetchKey()).toBe(key);
  const secret = harness.kube.store.get(place);
  expect(secret).toMatchObject({ type: "Opaque", immutable: true });
  expect(secret["data"]).toEqual({ [PERMIT_KEY_FIELD]: Buffer.from(key).toString("base64") });
  expect(harness.kube.writes.length).toBe(1);
});

test("operators that start at once have the same key", async () => {
  const keys = await Promise.all([fetchKey(), fetchKey(), fetchKey()]);
  expect(new Set(keys).size).toBe(1);
});

test("a key that was made though nobody heard of it is the key", async () => {
  harness.kube.fail(({ verb }) => (verb === "create" ? { kind: "lost-answer" } : undefined), 1);
  const key = await fetchKey();
  expect(await fetchKey()).toBe(key);
});

test("a Secret without the key is never written over: the message says what to do", async () => {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "kvorum-permit-key" }, data: { other: "eA==" } };
  harness.kube.store.create(place, secret, { manager: "somebody", isStatus: false });
  await expect(fetchKey()).rejects.toThrow(
    /Secret operator\/kvorum-permit-key has no "ed25519.pem": put back the Secret/,
  );
  expect(harness.kube.writes).toEqual([]);
});

test("who may not read Secrets is told so", async () => {
  harness.kube.fail(() => ({ kind: "status", code: 403, reason: "Forbidden" }));
  await expect(fetchKey()).rejects.toMatchObject({ fault: { kind: "Forbidden" } });
});
