import { expect, test } from "vitest";
import { isEncrypted } from "../../../server/proxy/upstream-channel.ts";

test.each([
  ["127.0.0.1:2379", false, false],
  ["127.0.0.1:2379", true, true],
  ["localhost:2379", true, true],
  ["http://127.0.0.1:2379", true, false],
  ["https://127.0.0.1:2379", false, true],
  ["unix:///run/etcd.sock", true, false],
  ["unixs:///run/etcd.sock", false, true],
])("%s, with certificates: %s, is encrypted: %s", (endpoint, hasTls, wanted) => {
  expect(isEncrypted(endpoint, hasTls ? {} : undefined)).toBe(wanted);
});
