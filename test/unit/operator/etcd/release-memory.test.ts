import { expect, test } from "vitest";
import { ReleaseMemory } from "../../../../operator/etcd/release-memory.ts";

test("the release of a pod is known once it was said, and that of its successor is not", () => {
  const releases = new ReleaseMemory();
  expect(releases.of("p0")).toBeUndefined();
  releases.remember("p0", "0.2.0");
  expect(releases.of("p0")).toBe("0.2.0");
  expect(releases.of("p1")).toBeUndefined();
});

test("there is an end to what is remembered", () => {
  const releases = new ReleaseMemory();
  for (let at = 0; at < 5000; at++) releases.remember(`p${String(at)}`, "0.2.0");
  expect(releases.of("p0")).toBeUndefined();
  expect(releases.of("p4999")).toBe("0.2.0");
});
