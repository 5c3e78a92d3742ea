import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { KeyValueSchema } from "../../../server/proto/gen/kv_pb.js";
import { PutRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { LeasedKeys } from "../../../server/proxy/leased-keys.ts";
import { bytes, text } from "../../support/test-machine.ts";

const K = bytes("k");

/** Owned keys with a clock; `own` owns one since a revision. */
function owner(maxOwned?: number) {
  const clock = { nowMs: 0 };
  const keys = new LeasedKeys(() => clock.nowMs, maxOwned);
  const own = (key: string, revision = 5n): void => {
    const acquisition = keys.beginAcquisition(bytes(key));
    acquisition.keep(revision, create(KeyValueSchema, { key: bytes(key), value: bytes("v") }));
    acquisition.finish();
  };
  return { clock, keys, own };
}

test("what is over before the answer has come is not owned", () => {
  const { keys } = owner();
  const asked = keys.beginAcquisition(K);
  keys.end(K, 5n);
  asked.keep(5n, undefined);
  expect(keys.read(K)).toBe(undefined);
  asked.keep(6n, undefined);
  expect(keys.read(K)?.revision).toBe(6n);
});

test("the end of an earlier time does not end a later one", () => {
  const { keys, own } = owner();
  own("k", 9n);
  keys.end(K, 8n);
  expect(keys.read(K)?.revision).toBe(9n);
  keys.end(K, 9n);
  expect(keys.read(K)).toBe(undefined);
});

test("an acquisition of a session that is over gives nothing", () => {
  const { keys } = owner();
  const asked = keys.beginAcquisition(K);
  keys.forgetAll();
  asked.keep(5n, undefined);
  expect(keys.owned(K)).toBe(undefined);
  const again = keys.beginAcquisition(K);
  asked.keep(5n, undefined);
  asked.finish();
  expect([keys.read(K), keys.mayAcquire(K)]).toEqual([undefined, false]);
  again.finish();
  expect(keys.mayAcquire(K)).toBe(true);
});

test("a key is not acquired while it is owned, acquired, given up, held or postponed", () => {
  const { clock, keys, own } = owner();
  const may = () => keys.mayAcquire(K);
  const asked = keys.beginAcquisition(K);
  expect(may()).toBe(false);
  asked.finish();
  own("k");
  expect(may()).toBe(false);
  const [one, two] = [keys.beginRelease(K, 5n), keys.beginRelease(K, 5n)];
  one.finish();
  expect(may()).toBe(false);
  two.finish();
  expect(may()).toBe(true);
  const hold = keys.hold([{ key: bytes("a"), rangeEnd: Uint8Array.of(0) }]);
  expect(may()).toBe(false);
  hold.finish();
  keys.postpone(K);
  clock.nowMs = 1999;
  expect(may()).toBe(false);
  clock.nowMs = 2000;
  expect(may()).toBe(true);
});

test("with no room left the key that was not read for longest goes, if that is long ago", () => {
  const { clock, keys, own } = owner(2);
  own("a");
  expect(keys.idle()).toBe(undefined);
  own("b");
  clock.nowMs = 1000;
  keys.read(bytes("a"));
  clock.nowMs = 59_999;
  expect([keys.mayAcquire(K), keys.idle()]).toEqual([false, undefined]);
  clock.nowMs = 60_000;
  expect(text(keys.idle()?.[0])).toBe("b");
});

test("too many changes of a key under way hold up the next one until they are over", async () => {
  const { keys, own } = owner();
  own("k");
  const owned = keys.owned(K)!;
  const put = create(PutRequestSchema, { key: K, value: bytes("w") });
  const writes = Array.from({ length: 128 }, () => owned.beginWrite());
  let isFree = false;
  const free = owned.crowd!.then(() => (isFree = true));
  for (const [at, write] of writes.entries()) {
    expect([owned.isSettled, isFree]).toEqual([false, false]);
    write.end([{ key: K, revision: 10n + BigInt(at), put }]);
  }
  await free;
  expect([owned.isSettled, owned.crowd]).toEqual([true, undefined]);
  expect(owned.kv).toMatchObject({ version: 128n, modRevision: 137n, value: bytes("w") });
});
